"""Write batcher of a worker: cache look-ups, forwards and rewards, sent to the broker in batches.

Nothing is dropped here: every call retries until the server answers, and each is safe to run twice. Each shard has
batches of its own, so one whose server is away holds up its own rollouts only.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Final

from tinyv_stream.aio.batcher import Batcher
from tinyv_stream.broker.messages import Work
from tinyv_stream.broker.worker import Delivery, Ending, WorkerApi
from tinyv_stream.types import Stage, Verdict

_BATCH: Final = 64
"""Rollouts per script call: keeps a script under about 1 ms on the server."""


class WriteBatcher:
    """`run` must be running for the others to return."""

    def __init__(self, links: Sequence[WorkerApi], stage: Stage) -> None:
        self._shards = [_ShardBatchers(link, stage) for link in links]

    async def finish(self, ending: Ending) -> bool:
        """Reward a rollout; False if another reward was first."""
        return await self._shards[ending.delivery.shard].finish.put(ending)

    async def forward(self, delivery: Delivery, work: Work, ckey: str) -> int | Verdict:
        """Move a rule delivery on to TinyV; see `WorkerApi.forward`."""
        return await self._shards[delivery.shard].forward.put((delivery, work, ckey))

    async def lookup(self, delivery: Delivery, field: str) -> Verdict | None:
        """Return a verdict that is cached where the delivery is."""
        return await self._shards[delivery.shard].lookup.put(field)

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for number, shard in enumerate(self._shards):
                for name, work in shard.loops().items():
                    tasks.create_task(work, name=f"batcher {name} {number}")


class _ShardBatchers:
    def __init__(self, link: WorkerApi, stage: Stage) -> None:
        self.finish: Batcher[Ending, bool] = Batcher(
            lambda some: link.retry(lambda: link.finish(stage, some)), most=_BATCH
        )
        self.forward: Batcher[tuple[Delivery, Work, str], int | Verdict] = Batcher(
            lambda some: link.retry(lambda: link.forward(some)), most=_BATCH
        )
        self.lookup: Batcher[str, Verdict | None] = Batcher(
            lambda some: link.retry(lambda: link.lookup(some)), most=_BATCH
        )

    def loops(self) -> dict[str, Coroutine[object, object, None]]:
        return {"finish": self.finish.run(), "forward": self.forward.run(), "lookup": self.lookup.run()}
