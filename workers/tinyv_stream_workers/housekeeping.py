"""Housekeeping of every worker: lapsed leases, overdue rollouts, its heartbeat.

There is no leader and no lock: each step is safe when several workers do it at once.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.figures import WorkerInfo
from tinyv_stream.broker.messages import Work
from tinyv_stream.broker.worker import Ending, PoolWord, WorkerApi
from tinyv_stream.errors import BrokerError
from tinyv_stream.types import Reward, Stage

_log = logging.getLogger(__name__)

_SCAN_S: Final = 0.5
"""How late a deadline may be noticed."""
_BEAT_S: Final = 1.0


class Housekeeping:
    """Three loops for one worker and one shard.

    `take_over` takes lapsed deliveries over, from a cursor on, and returns the next cursor, or None if it may not now.
    `expire` gives the reward of work whose deadline has passed. `on_word` takes what the pool says to this worker.
    """

    def __init__(
        self,
        link: WorkerApi,
        stage: Stage,
        consumer: str,
        *,
        take_over: Callable[[str], Awaitable[str | None]],
        expire: Callable[[Work], Reward],
        about: Callable[[], WorkerInfo],
        on_word: Callable[[PoolWord], Awaitable[None]],
    ) -> None:
        self._link = link
        self._stage: Stage = stage
        self._consumer = consumer
        self._take_over = take_over
        self._expire = expire
        self._about = about
        self._on_word = on_word
        self._cursor = "0-0"

    async def run(self) -> None:
        """Run until cancelled; a broker that is away is waited for."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_every(self._link.config.lease_s / 4, self._sweep), name="sweep")
            tasks.create_task(_every(_SCAN_S, self._end_overdue), name="deadlines")
            tasks.create_task(_every(_BEAT_S, self.beat), name="heartbeat")

    async def _sweep(self) -> None:
        """Go once through the pending list, from where the last sweep stopped for want of room."""
        # While the server was away nobody could renew: its owners come first, or an outage would count as a delivery.
        if await self._link.steady_s() < self._link.config.lease_s:
            return
        while (cursor := await self._take_over(self._cursor)) is not None:
            self._cursor = cursor
            if cursor == "0-0":
                return

    async def _end_overdue(self) -> None:
        while overdue := await self._link.overdue(self._consumer):
            endings = [Ending(delivery=d, reward=self._expire(d.work), held=False) for d in overdue]
            await self._link.finish(self._stage, endings)

    async def beat(self) -> None:
        """Say that this worker lives, and hear which settings hold and whether to drain. Raises BrokerError."""
        about = self._about()
        await self._on_word(await self._link.beat(self._consumer, msgspec.json.encode(about), about.host))


async def _every(seconds: float, step: Callable[[], Awaitable[None]]) -> None:
    log_limit = LogLimit()
    while True:
        # Jitter, so that many workers do not scan in step.
        await asyncio.sleep(seconds * random.uniform(0.75, 1.25))  # noqa: S311
        try:
            await step()
        except BrokerError as exc:
            if log_limit.is_due():
                _log.warning("housekeeping put off: %s", exc)
