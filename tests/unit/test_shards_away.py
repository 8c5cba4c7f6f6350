"""A shard that is away holds up neither what the others say nor what they are given back."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

from tinyv_stream.broker.worker_side import WorkerSide
from tinyv_stream.codec import Work
from tinyv_stream.config import Config, FallbackConfig
from tinyv_stream.errors import BrokerUnavailableError
from tinyv_stream.testing import wait_until
from workers.lanes import Lanes
from workers.relief import Relief

WORK = Work(run_id="r", client_id="c", rollout_id="1", question="q", ground_truth="1")


class Link:
    """One shard, as far as relief and lanes ask it."""

    def __init__(self, shard: int, way: str) -> None:
        self.keys = SimpleNamespace(shard=shard)
        self.way = way
        self.given: list[str] = []

    async def pressure(self, silent_s: float) -> tuple[int, int]:
        if self.way == "silent":
            await asyncio.Event().wait()
        if self.way == "gone":
            raise BrokerUnavailableError("redis://shard", f"silent for {silent_s} s")
        return 0, 1

    async def insist(self, attempt: Callable[[], Awaitable[int]]) -> int:
        if self.way != "here":
            await asyncio.Event().wait()
        return await attempt()

    async def give_back(self, stage: str, name: str, entries: list[str], *, engine_died: bool) -> int:
        assert (stage, name, engine_died) == ("tinyv", "w", False)
        self.given += entries
        return len(entries)


def links(*ways: str) -> tuple[WorkerSide, ...]:
    return cast("tuple[WorkerSide, ...]", tuple(Link(shard, way) for shard, way in enumerate(ways)))


async def test_the_shards_that_answer_say_how_tinyv_is_doing() -> None:
    config = Config(fallback=FallbackConfig(tinyv="rule_only"))
    async with asyncio.timeout(60):
        assert await Relief(links("silent", "gone", "here"), config).reason(WORK) == ""


async def test_what_is_held_goes_back_to_the_shards_that_answer() -> None:
    away, here = links("silent", "here")
    lanes = Lanes((away, here), "tinyv", "w", lambda: 0)
    giving = asyncio.create_task(lanes.give_back([(0, "a"), (1, "b"), (1, "c")]))
    await wait_until(lambda: cast("Any", here).given == ["b", "c"], 30, "the live shard has its own back")
    giving.cancel()
    await asyncio.wait({giving})
