"""The work behind `push`: lines into the pool, rewards into the file, and patience with a pool that goes away.

A pool that lives gives its own `expired`. One that the client had to give itself says that no worker was there: the
rollout is submitted again, and nothing is written, until a pool is back or the patience is over.
"""

import asyncio
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.broker.operator import OperatorSide
from tinyv_stream.cli.progress import Progress
from tinyv_stream.client.client import RewardClient
from tinyv_stream.client.reward_stream import RewardStream
from tinyv_stream.client.session import NOTHING_ANSWERED
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError
from tinyv_stream.files.rewards import RewardFile
from tinyv_stream.files.rollouts import Line, read_rollouts
from tinyv_stream.types import Reward, Rollout, Status

_SUBMITTERS: Final = 64
"""Submits under way at once: the client sends as many in one script call."""
_LOOK_S: Final = 2.0


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


class PoolLife:
    """Whether a worker of the pool lives; `gave_up` is set once none did for `PushJob.give_up_s`."""

    def __init__(self, url: str, job: PushJob) -> None:
        self._url = url
        self._job = job
        self.gave_up = asyncio.Event()

    async def watch(self) -> None:
        """Look every two seconds, until cancelled or given up."""
        clock = asyncio.get_running_loop().time
        seen = clock()
        while clock() - seen < self._job.give_up_s:
            if await self._lives():
                seen = clock()
            await asyncio.sleep(min(_LOOK_S, self._job.give_up_s / 4))
        self.gave_up.set()

    async def _lives(self) -> bool:
        try:
            async with asyncio.timeout(_LOOK_S * 2), OperatorSide(self._url, BrokerConfig(pool=self._job.pool)) as side:
                return any(worker.state != "lost" for worker in await side.workers())
        except (BrokerError, TimeoutError):
            return False


class PushLeft:
    """What is left of a job: submitted by one task, written by another."""

    def __init__(self, client: RewardClient, job: PushJob, out: RewardFile, progress: Progress) -> None:
        self._client = client
        self._job = job
        self._out = out
        self._progress = progress
        self._open: dict[str, Rollout] = {}
        """Submitted, and not written."""
        self._again: set[asyncio.Task[object]] = set()
        self._all_read = False

    async def submit_all(self) -> None:
        """Submit each line that has no reward; raises as `submit` does."""
        lines = read_rollouts(self._job.file)

        async def one_by_one() -> None:
            for line in lines:
                if isinstance(line, Line) and line.rollout.rollout_id not in self._out.done:
                    # Nobody waits for whole groups here, and lines of one group may give different sizes.
                    rollout = msgspec.structs.replace(line.rollout, group_size=1)
                    self._open[rollout.rollout_id] = rollout
                    await self._client.submit(rollout)

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
            rollout = self._open.get(reward.rollout_id)
            if rollout is not None and _had_no_pool(reward):
                task = asyncio.create_task(self._client.submit(rollout), name=f"again {rollout.rollout_id}")
                self._again.add(task)
                task.add_done_callback(self._again.discard)
                continue
            self._open.pop(reward.rollout_id, None)
            if self._out.write(reward):
                self._progress.advance(reward)
            self._end_if_over()

    def _end_if_over(self) -> None:
        if self._all_read and not self._open:
            self._client.end()


def _had_no_pool(reward: Reward) -> bool:
    return reward.status is Status.EXPIRED and reward.reason == NOTHING_ANSWERED
