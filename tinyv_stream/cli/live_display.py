"""Displays of a pool that runs: a table that stays in place, or a plain line now and then."""

import time
from typing import TYPE_CHECKING, Final

from tinyv_stream.broker.operator import WorkerInfo
from tinyv_stream.cli.common import say

if TYPE_CHECKING:
    from rich.text import Text

    from tinyv_stream.cli.status_table import StatusFigures

_LINE_EVERY_S: Final = 5.0
"""Pause between plain lines: life in a log, without filling it."""


class TerminalDisplay:
    """A table that stays in place, with log lines running above it."""

    def __enter__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=Console(), auto_refresh=False)
        self._live.start()

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, title: str, figures: "StatusFigures", workers: list[WorkerInfo], step: "Text | None") -> None:
        """Draw it again."""
        from tinyv_stream.cli.status_table import table

        self._live.update(table(title, figures, workers, step), refresh=True)


class LineDisplay:
    """A plain line now and then."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, title: str, figures: "StatusFigures", workers: list[WorkerInfo], step: "Text | None") -> None:
        """Print it if it is time."""
        from tinyv_stream.cli.status_table import plain

        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + _LINE_EVERY_S
            say(f"{title}: {plain(figures, workers)}" + (f"; {step.plain}" if step else ""))
