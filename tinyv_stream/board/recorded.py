"""The newest try of a recorded run, as an audit needs it: what was decided how often, and the texts of what is drawn.

It reads the segments themselves, not the index: a board may be the index's writer meanwhile.
"""

import contextlib
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.board.audit import Seen
from tinyv_stream.board.cells import cell_of, is_asked_again
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.record import reading, segments
from tinyv_stream.record.lines import AnyLine, Began, Rewarded, decoder
from tinyv_stream.timeline.spans import Span
from tinyv_stream.types import Source

_BATCH_BYTES: Final = 4 * 1024 * 1024
_Place = tuple[Path, int, int]


class Recorded:
    """One try of a run. `runs` is the directory of the record, where the labels are.

    `is_addon`: TinyV was asked only about what the rules did not accept, as far as the record tells.
    """

    def __init__(
        self, directory: Path, try_: int, seen: list[Seen], places: dict[str, _Place], *, is_addon: bool
    ) -> None:
        self.run, self.runs = directory.name, directory.parent
        self.try_, self.seen, self.is_addon = try_, seen, is_addon
        self._places = places

    def pairs_of(self, names: Collection[str]) -> list[Pair]:
        """Return pairs with their texts; `label` is what the reward says, which nobody has checked.

        Raises InvalidInputError for one whose segment the run's size limit took away meanwhile.
        """
        found: list[Pair] = []
        for name in names:
            path, at, length = self._places[name]
            try:
                line = decoder.decode(reading.line_at(path, at, length))
            except FileNotFoundError as exc:
                raise InvalidInputError("RUN", str(path), "its size limit took it away meanwhile: audit again") from exc
            if isinstance(line, Rewarded):
                found.append(
                    Pair(
                        question=line.question,
                        ground_truth=line.ground_truth,
                        model_answer=line.answer or "",
                        label=cell_of(line) in {"rule", "tinyv"},
                        source=line.data_source,
                        pair_id=name,
                    )
                )
        return found


def lines_of(directory: Path) -> Iterator[tuple[_Place, AnyLine]]:
    """Yield every line of a run's directory with its place; what cannot be read is passed over."""
    for path in (one for one in segments.listed(directory.parent) if one.parent == directory):
        at = 0
        while data := reading.read_from(path, at, _BATCH_BYTES):
            for raw in data.split(b"\n")[:-1]:
                with contextlib.suppress(msgspec.DecodeError):
                    yield (path, at, len(raw)), decoder.decode(raw)
                at += len(raw) + 1


def spans_of(directory: Path) -> list[Span]:
    """Return the newest try of a run as a timeline's spans, counted from its beginning; raise InvalidInputError.

    Rollouts whose trainer told no step are of step 0. Times of two clients stand beside each other as their clocks do.
    """
    newest = _newest(directory)
    every = [line for _, line in lines_of(directory) if line.try_ == newest]
    rewards = [line for line in every if isinstance(line, Rewarded)]
    start = min([one.ended for one in rewards] + [line.at for line in every if isinstance(line, Began)])
    return [
        Span(
            rollout_id=one.id,
            group_id=one.group,
            step=max(0, one.step),
            ended_s=one.ended - start,
            rewarded_s=one.rewarded - start,
            status=one.status,
            source=Source(one.source),
            rule_queue_s=one.timings.rule_queue_s,
            rule_s=one.timings.rule_s,
            tinyv_queue_s=one.timings.tinyv_queue_s,
            tinyv_s=one.timings.tinyv_s,
        )
        for one in rewards
    ]


def read_newest(directory: Path) -> Recorded:
    """Return the newest try of the run in `directory`; raise InvalidInputError where none was recorded."""
    newest = _newest(directory)
    seen: Counter[tuple[str, str, int, str]] = Counter()
    places: dict[str, _Place] = {}
    is_addon = True
    for place, line in lines_of(directory):
        if isinstance(line, Rewarded) and line.try_ == newest and (cell := cell_of(line)):
            seen[line.pair, cell, line.step, line.data_source] += 1
            places.setdefault(line.pair, place)
            is_addon = is_addon and not is_asked_again(line)
    return Recorded(directory, newest, [Seen(*key, n) for key, n in seen.items()], places, is_addon=is_addon)


def _newest(directory: Path) -> int:
    newest = max((line.try_ for _, line in lines_of(directory) if isinstance(line, Rewarded)), default=None)
    if newest is None:
        known = sorted({path.parent.name for path in segments.listed(directory)})
        remedy = f"name one of its runs: {', '.join(known[:8])}" if known else "give the directory of a recorded run"
        raise InvalidInputError("RUN", str(directory), remedy)
    return newest
