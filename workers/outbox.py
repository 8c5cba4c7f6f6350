"""What a worker tells the broker, in batches: cached verdicts asked for, forwards, endings.

Nothing is dropped here: every call insists until the server answers, and each is safe to run twice.
"""

import asyncio
from typing import Final

from tinyv_stream.batching import Batcher
from tinyv_stream.broker.worker_side import Delivery, Ending, WorkerSide
from tinyv_stream.codec import Work
from tinyv_stream.types import Stage, Verdict

_BATCH: Final = 64
"""Rollouts per script call: keeps a script under about 1 ms on the server."""


class Outbox:
    """`run` must be running for the others to return."""

    def __init__(self, link: WorkerSide, stage: Stage) -> None:
        self._finish: Batcher[Ending, bool] = Batcher(
            lambda some: link.insist(lambda: link.finish(stage, some)), most=_BATCH
        )
        self._forward: Batcher[tuple[Delivery, Work, str], int | Verdict] = Batcher(
            lambda some: link.insist(lambda: link.forward(some)), most=_BATCH
        )
        self._lookup: Batcher[str, Verdict | None] = Batcher(
            lambda some: link.insist(lambda: link.lookup(some)), most=_BATCH
        )

    async def finish(self, ending: Ending) -> bool:
        """Reward a rollout; False if another reward was first."""
        return await self._finish.put(ending)

    async def forward(self, delivery: Delivery, work: Work, ckey: str) -> int | Verdict:
        """Move a rule delivery on to TinyV; see `WorkerSide.forward`."""
        return await self._forward.put((delivery, work, ckey))

    async def lookup(self, field: str) -> Verdict | None:
        """Return a cached verdict."""
        return await self._lookup.put(field)

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, batcher in (("finish", self._finish), ("forward", self._forward), ("lookup", self._lookup)):
                tasks.create_task(batcher.run(), name=f"outbox {name}")
