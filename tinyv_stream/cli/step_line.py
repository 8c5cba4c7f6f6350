"""Follower of the records of a pool's runs, for the one line that says whether training waits. Reads new lines only.

- What was recorded before it began is passed over: the line is about what runs now.
- A line of a record that cannot be read is passed over, as the board does.
"""

from pathlib import Path
from typing import Final

import msgspec
from rich.text import Text

from tinyv_stream.board.steps import Steps, combined
from tinyv_stream.cli.top_view import headline
from tinyv_stream.record import reading, segments
from tinyv_stream.record.lines import decoder

_MOST_BYTES: Final = 4 * 1024 * 1024
"""Of one segment at a look: a thousand rollouts."""


class StepLine:
    """The newest step that is over, of the run that began a step last. Not for an event loop: it reads files."""

    def __init__(self, records: Path) -> None:
        self._records = records
        self._steps = Steps()
        self._runs: dict[tuple[str, int], int] = {}
        self._at = {path: _size(path) for path in segments.listed(records)}

    def read(self) -> Text | None:
        """Take in what was recorded since, and return the line; None while nothing was."""
        for path in segments.listed(self._records):
            self._follow(path)
        if self._steps.newest is None:
            return None
        (run, _) = next(key for key, number in self._runs.items() if number == self._steps.newest)
        found = [one for states in self._steps.of_run(self._steps.newest).values() if (one := combined(states))]
        return headline(run[:32], [msgspec.structs.asdict(one) for one in found])

    def _follow(self, path: Path) -> None:
        begins = self._at.get(path, 0)
        try:
            data = reading.read_from(path, begins, _MOST_BYTES) if _size(path) > begins else b""
        except FileNotFoundError:
            return
        self._at[path] = begins + len(data)
        for raw in data.splitlines():
            try:
                line = decoder.decode(raw)
            except msgspec.DecodeError:
                continue
            self._steps.event(self._runs.setdefault((line.run, line.try_), len(self._runs) + 1), line)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # compressed, or taken away by the run's size limit
        return 0
