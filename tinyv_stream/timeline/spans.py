"""Recorded run: one JSON line per rewarded rollout, with the times of its end, of its reward and of the steps between.

- Times are seconds of one monotonic clock, that of the process which submitted, counted from the recorder's start.
- `SpanWriter` writes one line per reward, whole lines only; a torn last line is passed over on reading.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec.structs import replace

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Reward, Source, Status


class Span(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rollout's way. What no worker told (a client's own `expired`) stays None."""

    rollout_id: str
    group_id: str = ""
    step: int = 0
    ended_s: float
    """The completion ended."""
    began_s: float | None = None
    """Its verification began, where that was not at once."""
    answered_s: float | None = None
    """Its verdict was there, where the reward then waited for others."""
    rewarded_s: float
    """The trainer had its reward."""
    status: Status = Status.OK
    source: Source = Source.RULE
    rule_queue_s: float | None = None
    rule_s: float | None = None
    tinyv_queue_s: float | None = None
    tinyv_s: float | None = None

    @property
    def wait_s(self) -> float:
        """From the end of the completion to the reward."""
        return self.rewarded_s - self.ended_s


def span_of(reward: Reward, *, rewarded_s: float, ended_s: float | None = None, step: int = 0) -> Span:
    """Return the span of a reward; without `ended_s` the completion ended when it was submitted."""
    spent = reward.timings
    return Span(
        rollout_id=reward.rollout_id,
        group_id=reward.group_id,
        step=step,
        ended_s=rewarded_s - (spent.total_s or 0.0) if ended_s is None else ended_s,
        rewarded_s=rewarded_s,
        status=reward.status,
        source=reward.source,
        rule_queue_s=spent.rule_queue_s,
        rule_s=spent.rule_s,
        tinyv_queue_s=spent.tinyv_queue_s,
        tinyv_s=spent.tinyv_s,
    )


def counted_from(spans: Sequence[Span], start_s: float = 0.0) -> list[Span]:
    """Return the spans with times counted from `start_s`, or from the first completion if that ended before."""
    start_s = min([start_s, *(s.ended_s for s in spans)])

    def moved(s: Span) -> Span:
        given = {name: getattr(s, name) for name in ("ended_s", "began_s", "answered_s", "rewarded_s")}
        return replace(s, **{name: at - start_s for name, at in given.items() if at is not None})

    return [moved(s) for s in spans]


class SpanWriter:
    """Appends spans to a file while a trainer runs: `with SpanWriter(path) as run: ... run.add(reward, step=n)`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = time.monotonic()

    def __enter__(self) -> Self:
        """Open the file, a new one; raise InvalidInputError if it cannot be written or is there already."""
        try:
            self._file = self._path.open("xb", buffering=0)
        except OSError as exc:
            raise InvalidInputError("record", str(self._path), f"give a new file ({exc.strerror})") from exc
        self._start = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._file.close()

    def add(self, reward: Reward, *, step: int = 0) -> None:
        """Note a reward, which the caller holds as of now."""
        self.write(span_of(reward, rewarded_s=time.monotonic() - self._start, step=step))

    def write(self, span: Span) -> None:
        """Write one line."""
        self._file.write(msgspec.json.encode(span) + b"\n")


def read(path: Path) -> list[Span]:
    """Return the spans of a record; raise InvalidInputError if it is none, or holds no span."""
    decoder = msgspec.json.Decoder(Span)
    try:
        lines = path.read_bytes().splitlines(keepends=True)
        spans = [decoder.decode(line) for line in lines if line.endswith(b"\n")]
    except OSError as exc:
        raise InvalidInputError("RUN", str(path), f"it cannot be read ({exc.strerror})") from exc
    except msgspec.MsgspecError as exc:
        raise InvalidInputError("RUN", str(path), f"give a file that a SpanWriter wrote ({exc})") from exc
    if not spans:
        raise InvalidInputError("RUN", str(path), "give a file with at least one whole line")
    return spans
