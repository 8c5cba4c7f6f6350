"""The work behind `push`: lines into the pool, rewards into the file, and patience with a pool that goes away.

An `expired` counts where the pool lived all the time. Where the client had to say it itself, or the pool was gone
meanwhile (and says it on its return), the rollout is submitted again with a new deadline, and nothing is written, until
a pool is back or the patience is over.
"""

import asyncio
import math
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.cli.progress import Progress
from tinyv_stream.client.client import RewardClient
from tinyv_stream.client.reward_stream import RewardStream
from tinyv_stream.client.session import NOTHING_ANSWERED
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError
from tinyv_stream.files.rewards import RewardFile
from tinyv_stream.files.rollouts import RolloutLine, read_rollouts
from tinyv_stream.types import Reward, Rollout, Status

_SUBMITTERS: Final = 64
"""Submits under way at once: the client sends as many in one script call."""
_LOOK_S: Final = 1.0
_SILENT_S: Final = 3.0
"""Workers beat each second: none that lives is silent for longer."""


class PushJob(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be streamed."""

    file: Path
    out: Path
    pool: str = "main"
    run_id: str | None = None
    deadline_s: float = 600.0
    max_inflight: int = 1024
    give_up_s: float = 3600.0
    """How long a pool may be gone."""
    record: Path | None = None
    """Directory of the durable record."""
    watch_routing: bool = True
    """Say so if TinyV is never asked."""


class PoolLife:
    """Whether a worker of the pool lives; `gave_up` is set once none did for `PushJob.give_up_s`."""

    def __init__(self, url: str, job: PushJob) -> None:
        self._url = url
        self._job = job
        self.gave_up = asyncio.Event()
        self._gone_at = -math.inf
        """When the pool was last found gone, in the loop's seconds."""

    def was_gone_since(self, then: float) -> bool:
        """Whether the pool was gone at any time since `then`, as far as a look each second can tell."""
        return self._gone_at >= then

    async def watch(self) -> None:
        """Look every second, until cancelled or given up."""
        clock = asyncio.get_running_loop().time
        seen = clock()
        while clock() - seen < self._job.give_up_s:
            if await self._lives():
                seen = clock()
            else:
                self._gone_at = clock()
            await asyncio.sleep(min(_LOOK_S, self._job.give_up_s / 4))
        self.gave_up.set()

    async def _lives(self) -> bool:
        try:
            async with asyncio.timeout(_SILENT_S), OperatorApi(self._url, BrokerConfig(pool=self._job.pool)) as side:
                return await side.silence_s() < _SILENT_S
        except (BrokerError, TimeoutError):
            return False


class PushLeft:
    """What is left of a job: submitted by one task, written by another."""

    def __init__(
        self, client: RewardClient, job: PushJob, out: RewardFile, progress: Progress, *, life: PoolLife
    ) -> None:
        self._client = client
        self._life = life
        self._job = job
        self._out = out
        self._progress = progress
        self._open: dict[str, tuple[Rollout, float]] = {}
        """Submitted, and not written; with the loop's time of the last submission."""
        self._again: set[asyncio.Task[object]] = set()
        self._all_read = False

    async def submit_all(self) -> None:
        """Submit each line that has no reward; raises as `submit` does."""
        lines = read_rollouts(self._job.file)

        async def one_by_one() -> None:
            for line in lines:
                if isinstance(line, RolloutLine) and line.rollout.rollout_id not in self._out.done:
                    # Nobody waits for whole groups here, and lines of one group may give different sizes.
                    rollout = msgspec.structs.replace(line.rollout, group_size=1)
                    await self._submit(rollout)

        try:
            await asyncio.gather(*(one_by_one() for _ in range(_SUBMITTERS)))
        except BaseException:  # whatever ended it, what waits for rewards must end too
            self._client.end()
            raise
        self._all_read = True
        self._end_if_over()

    async def write_all(self, rewards: RewardStream) -> None:
        """Write each reward as it comes, until all have one; OSError where the disk takes no more."""
        async for reward in rewards:
            rollout, since = self._open.get(reward.rollout_id, (None, 0.0))
            if rollout is not None and self._had_no_pool(reward, since):
                task = asyncio.create_task(self._submit(rollout), name=f"again {rollout.rollout_id}")
                self._again.add(task)
                task.add_done_callback(self._again.discard)
                continue
            self._open.pop(reward.rollout_id, None)
            if self._out.write(reward):
                self._progress.advance(reward)
            self._end_if_over()

    async def _submit(self, rollout: Rollout) -> None:
        self._open[rollout.rollout_id] = rollout, asyncio.get_running_loop().time()
        await self._client.submit(rollout)

    def _had_no_pool(self, reward: Reward, since: float) -> bool:
        gone = reward.reason == NOTHING_ANSWERED or self._life.was_gone_since(since)
        return reward.status is Status.EXPIRED and gone

    def _end_if_over(self) -> None:
        if self._all_read and not self._open:
            self._client.end()
