"""A shard that is away holds up neither what the others say nor what they are given back."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

from tinyv_stream_workers.inflight import InFlight
from tinyv_stream_workers.overload_policy import OverloadPolicy
from tinyv_stream_workers.sharded_broker import ShardedBroker

from tinyv_stream.broker.messages import Work
from tinyv_stream.broker.worker import Delivery, WorkerApi
from tinyv_stream.config import BrokerConfig, Config, FallbackConfig
from tinyv_stream.errors import BrokerUnavailableError
from tinyv_stream.testing import wait_until

WORK = Work(run_id="r", client_id="c", rollout_id="1", question="q", ground_truth="1")


class ScriptedShard:
    """One shard, as far as the overload policy and the sharded broker ask it."""

    def __init__(self, shard: int, way: str) -> None:
        self.keys = SimpleNamespace(shard=shard)
        self.way = way
        self.given: list[str] = []
        self.asked: list[tuple[int, float]] = []
        """Claims: how many they asked for, and how long they may wait."""
        self.answer: asyncio.Future[list[Delivery]] = asyncio.get_running_loop().create_future()

    async def pressure(self, silent_s: float) -> tuple[int, int]:
        if self.way == "silent":
            await asyncio.Event().wait()
        if self.way == "gone":
            raise BrokerUnavailableError("redis://shard", f"silent for {silent_s} s")
        return 0, 1

    async def retry(self, attempt: Callable[[], Awaitable[int]]) -> int:
        if self.way != "here":
            await asyncio.Event().wait()
        return await attempt()

    async def claim(self, stage: str, name: str, *, count: int, block_s: float) -> list[Delivery]:
        assert (stage, name) == ("tinyv", "w")
        self.asked.append((count, block_s))
        self.answer = asyncio.get_running_loop().create_future()
        return await self.answer

    async def reclaim(self, stage: str, name: str, cursor: str, *, count: int) -> tuple[str, list[Delivery]]:
        assert cursor == "0-0"
        return cast("tuple[str, list[Delivery]]", await self.claim(stage, name, count=count, block_s=0))

    async def give_back(self, stage: str, name: str, deliveries: list[Delivery], *, engine_died: bool) -> int:
        assert (stage, name, engine_died) == ("tinyv", "w", False)
        self.given += [delivery.entry for delivery in deliveries]
        return len(deliveries)


def links(*ways: str) -> tuple[WorkerApi, ...]:
    return cast("tuple[WorkerApi, ...]", tuple(ScriptedShard(shard, way) for shard, way in enumerate(ways)))


def sharded(both: tuple[WorkerApi, ...], inflight: InFlight, slots: int) -> ShardedBroker:
    def accept(delivery: Delivery) -> None:
        inflight.admit(delivery, slots)

    return ShardedBroker(
        both, "tinyv", "w", inflight=inflight, slots=lambda: slots, accept=accept, freed=asyncio.Event()
    )


async def test_the_shards_that_answer_say_how_tinyv_is_doing() -> None:
    config = Config(fallback=FallbackConfig(tinyv="rule_only"))
    async with asyncio.timeout(60):
        assert await OverloadPolicy(links("silent", "gone", "here"), config).reason(WORK) == ""


async def test_what_is_held_goes_back_to_the_shards_that_answer() -> None:
    away, here = links("silent", "here")
    broker = sharded((away, here), InFlight(BrokerConfig()), 0)
    giving = asyncio.create_task(
        broker.give_back(Delivery(entry=e, uid=e, work=WORK, shard=s) for e, s in (("a", 0), ("b", 1), ("c", 1)))
    )
    await wait_until(lambda: cast("Any", here).given == ["b", "c"], 30, "the live shard has its own back")
    giving.cancel()
    await asyncio.wait({giving})


async def test_a_silent_shard_gets_its_share_of_slots_and_none_once_failed() -> None:
    both = links("here", "here")
    shard = cast("Any", both[0])
    inflight = InFlight(BrokerConfig())
    broker = sharded(both, inflight, 8)

    async def claim(then: list[Delivery] | BrokerUnavailableError, *more: list[Delivery]) -> int:
        """Claim from the shard and return how many slots were free for others meanwhile."""
        claiming, asked = asyncio.create_task(broker.claim(both[0])), len(shard.asked)
        await wait_until(lambda: len(shard.asked) > asked, 30, "the shard is asked")
        free = inflight.free(8)
        if isinstance(then, BrokerUnavailableError):
            shard.answer.set_exception(then)
            assert await asyncio.wait_for(asyncio.gather(claiming, return_exceptions=True), 30) == [then]
            return free
        for number, found in enumerate((then, *more), asked + 1):
            await wait_until(lambda number=number: len(shard.asked) == number, 30, "it is asked again")
            shard.answer.set_result(found)
        await asyncio.wait_for(claiming, 30)
        assert inflight.leases() == []
        return free

    away = BrokerUnavailableError("redis://shard", "no reply")
    assert await claim(away) == 4, "the other half is left to the other shard"
    assert [await claim(away), await claim([])] == [8, 8], "nothing is set aside for a shard that failed"
    assert await claim([], []) == 4, "it answered, so it has its share again"
    assert [count for count, _ in shard.asked] == [4, 1, 1, 4, 1]


async def test_a_claim_and_a_take_over_that_overlap_bring_no_more_than_the_slots() -> None:
    both = links("here", "here")
    shards = [cast("Any", link) for link in both]
    inflight, slots = InFlight(BrokerConfig()), 4
    broker = sharded(both, inflight, slots)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(broker.claim(both[0]))
        tasks.create_task(broker.take_over(both[1], "0-0"))
        await wait_until(lambda: bool(shards[0].asked and shards[1].asked), 30, "both are asked")
        counts = [shard.asked[0][0] for shard in shards]
        assert sum(counts) <= slots
        assert inflight.free(slots) == slots - sum(counts)
        for number, (shard, count) in enumerate(zip(shards, counts, strict=True)):
            some = [Delivery(entry=f"{n}-0", uid=f"{n}", work=WORK, shard=number) for n in range(count)]
            shard.answer.set_result(some if shard is shards[0] else ("0-0", some))
    assert len(inflight) == sum(counts)
    assert inflight.free(slots) == slots - sum(counts)
