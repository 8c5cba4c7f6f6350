"""The client's side of a record: it notes steps, completions and rewards, on the trainer's event loop.

- A note costs the loop a few microseconds: texts are made into JSON by the writer's thread.
- What a rollout says is kept until its reward comes; the strings are the trainer's own, not copies.
"""

import asyncio
import atexit
import time
from pathlib import Path
from typing import Final

from tinyv_stream.broker.messages import clean, pair_of
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.record.lines import UNTAGGED, Began, Ended, Left, RecordLine, Rewarded, Withdrawn, encoder
from tinyv_stream.record.segments import Try
from tinyv_stream.record.writer import RecordWriter
from tinyv_stream.types import Reward, Rollout

_OFFSET_S: Final = time.time() - time.monotonic()

_Note = (
    tuple[type[Began], int, float]
    | tuple[type[Ended], Rollout, float]
    | tuple[type[Withdrawn], Rollout]
    | tuple[type[Rewarded], Rollout, Reward, float, float]
    | tuple[type[Left], float, int]
)
"""What the event loop hands to the writer's thread; times are `time.monotonic()`."""


class Recorder:
    """Records one client into `directory/run_id/`; times given to it are `time.monotonic()`.

    Raises InvalidInputError, from `open`, for a directory that cannot be used.
    """

    def __init__(self, directory: Path, run_id: str, client_id: str, **limits: int) -> None:
        self._directory = directory / run_id
        self._run, self._client = run_id, client_id
        self._try = Try(self._directory)
        self._writer = RecordWriter(self._directory, client_id, self._encoded, **limits)
        self._open: dict[str, tuple[Rollout, float]] = {}
        self._is_left = False

    @property
    def dropped(self) -> int:
        """Lines that never reached the disk."""
        return self._writer.dropped

    async def open(self) -> None:
        """Make the directory and start to write."""
        await asyncio.to_thread(self._start)
        atexit.register(self._end)  # an adapter's client is never closed: what waits is written all the same

    async def close(self) -> None:
        """Say that the client left, and write what waits; for two seconds at most."""
        atexit.unregister(self._end)
        await asyncio.to_thread(self._end)

    def step(self, number: int) -> None:
        """Note that a step begins now."""
        self._writer.add((Began, number, time.monotonic()))

    def ended(self, rollout: Rollout, ended_s: float) -> None:
        """Note that a completion ended at `ended_s`, and its client has it in its ledger."""
        self._open[rollout.rollout_id] = (rollout, ended_s)
        self._writer.add((Ended, rollout, ended_s))

    def withdrawn(self, rollout_id: str) -> None:
        """Note that a rollout was taken back before the broker had it."""
        if found := self._open.pop(rollout_id, None):
            self._writer.add((Withdrawn, found[0]))

    def rewarded(self, reward: Reward) -> None:
        """Note that a reward is with its trainer now."""
        if found := self._open.pop(reward.rollout_id, None):
            self._writer.add((Rewarded, found[0], reward, found[1], time.monotonic()))

    def _encoded(self, note: _Note) -> bytes:
        return encoder.encode(_line(note, (self._run, self._client, self._try.number))) + b"\n"

    def _start(self) -> None:
        try:
            self._try.open()
            self._writer.open()
        except OSError as exc:
            remedy = f"choose a directory that can be written to ({exc.strerror})"
            raise InvalidInputError("record", str(self._directory), remedy) from exc

    def _end(self) -> None:
        if self._is_left:
            return
        self._is_left = True
        self._writer.add((Left, time.monotonic(), self.dropped))
        self._writer.close()
        self._try.close()


def wall(monotonic_s: float) -> float:
    """Return the wall-clock time of a monotonic one, by this process's one offset; rounded to 0.1 ms."""
    return round(_OFFSET_S + monotonic_s, 4)


def _step(rollout: Rollout) -> int:
    return UNTAGGED if rollout.step is None else rollout.step


def _line(note: _Note, who: tuple[str, str, int]) -> RecordLine:
    """Return the line that a note means."""
    run, client, try_ = who
    match note:
        case (_, Rollout() as rollout, Reward() as reward, ended_s, rewarded_s):
            return _rewarded(rollout, reward, (ended_s, rewarded_s), who)
        case (_, Rollout() as rollout, ended_s):
            rollout_id, group = clean(rollout.rollout_id), clean(rollout.group_id)
            at = wall(ended_s)
            return Ended(run=run, client=client, try_=try_, id=rollout_id, step=_step(rollout), group=group, ended=at)
        case (_, Rollout() as rollout):
            return Withdrawn(run=run, client=client, try_=try_, id=clean(rollout.rollout_id), step=_step(rollout))
        case (kind, int() as number, at_s) if kind is Began:
            return Began(run=run, client=client, try_=try_, step=number, at=wall(at_s))
        case (_, at_s, dropped):
            return Left(run=run, client=client, try_=try_, at=wall(at_s), dropped=int(dropped))


def _rewarded(rollout: Rollout, reward: Reward, times: tuple[float, float], who: tuple[str, str, int]) -> Rewarded:
    question, ground_truth = clean(rollout.question or rollout.prompt), clean(rollout.ground_truth)
    answer = None if reward.model_answer is None else clean(reward.model_answer)
    return Rewarded(
        run=who[0],
        client=who[1],
        try_=who[2],
        id=clean(rollout.rollout_id),
        step=_step(rollout),
        group=clean(rollout.group_id),
        group_size=rollout.group_size,
        ended=wall(times[0]),
        rewarded=wall(times[1]),
        data_source=clean(rollout.data_source),
        question=question,
        ground_truth=ground_truth,
        answer=answer,
        completion=clean(rollout.completion),
        value=reward.value,
        status=reward.status,
        source=reward.source.value,
        reason=reward.reason,
        rule=reward.rule,
        tinyv=reward.tinyv,
        timings=reward.timings,
        forwarded=reward.forwarded,
        pair=pair_of(question, ground_truth, answer),
    )
