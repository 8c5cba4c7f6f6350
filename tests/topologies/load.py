"""A trainer that streams rollouts while its broker fails over, and the account of what it got for them."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import cast

from scripted_verifier import ScriptedVerifier
from stream_kit import is_empty, rollout
from tinyv_stream_workers.worker import Worker

from tinyv_stream import Reward, RewardClient, Status
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.broker.sharded import Shards
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.testing import wait_until

KINDS = (
    ("rule:correct", 1.0),
    ("rule:incorrect tinyv:correct", 1.0),
    ("rule:incorrect tinyv:incorrect", 0.0),
    ("rule:undecided tinyv:correct", 1.0),
)
OWNED = ("q:rule", "q:tinyv", "stats", "meta", "dead", "cache", "cache:age", "hb", "workers")
"""Keys that belong to the pool as such."""
LONG_S = 240.0
"""A deadline that only a lost rollout misses."""
AT_ONCE = 48
"""Rollouts that the trainer has under way."""


class Account:
    """Which rewards came, per rollout, in the order of their coming."""

    def __init__(self) -> None:
        self.wanted: dict[str, float] = {}
        self.got: dict[str, list[Reward]] = {}

    @property
    def rewarded(self) -> int:
        return len(self.got)

    async def until(self, more: int, what: str) -> None:
        """Return once `more` further rollouts are rewarded."""
        enough = self.rewarded + more
        await wait_until(lambda: self.rewarded >= enough, LONG_S / 2, what)

    def assert_each_has_its_one_reward(self) -> None:
        assert set(self.got) == set(self.wanted)
        assert {i: len(rewards) for i, rewards in self.got.items() if len(rewards) != 1} == {}
        wrong = {i: r for i, (r,) in self.got.items() if (r.status, r.value) != (Status.OK, self.wanted[i])}
        assert wrong == {}


@contextlib.asynccontextmanager
async def workers(url: str, broker: BrokerConfig) -> AsyncIterator[None]:
    """Run two workers of each stage until the end of the block, then drain them."""
    stop, config = asyncio.Event(), Config(broker=broker)
    verifiers = [ScriptedVerifier(stage, slots=32, delay_s=0.02) for stage in ("rule", "tinyv") for _ in range(2)]
    async with asyncio.TaskGroup() as tasks:
        for verifier in verifiers:
            tasks.create_task(Worker(url, config, verifier, grace_s=10.0).run(stop))
        try:
            yield
        finally:
            stop.set()


@contextlib.asynccontextmanager
async def streaming(client: RewardClient) -> AsyncIterator[Account]:
    """Submit rollouts without a pause during the block; wait for the rest of the rewards after it."""
    account, numbers, stop = Account(), itertools.count(), asyncio.Event()

    async def submit() -> None:
        while not stop.is_set():
            n = next(numbers)
            text, value = KINDS[n % len(KINDS)]
            account.wanted[f"r{n}"] = value
            await (await client.submit(rollout(text, n, question=f"q{n // 16}")))

    async def read() -> None:
        async for reward in client.rewards():
            account.got.setdefault(reward.rollout_id, []).append(reward)

    reading = asyncio.create_task(read())
    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(submit())
        try:
            yield account
        finally:
            stop.set()
    client.end()
    await asyncio.wait_for(reading, LONG_S)


async def assert_nothing_stays(url: str, broker: BrokerConfig) -> None:
    """Wait until no rollout is anywhere, and see that no key is left without an end or an owner.

    Workers and client have to be there: what a failover brought back to life is worked on once more, and the client
    takes that reward away.
    """
    async with OperatorApi(url, broker) as operator:
        await wait_until(lambda: is_empty(operator), 120, "nothing is queued, leased or parked")
    async with Shards(ShardClient, url, broker) as links:
        for link in links:
            for key in cast("list[bytes]", await link.command("KEYS", f"{link.keys.tag}:*")):
                name = key.decode().removeprefix(f"{link.keys.tag}:")
                assert name in OWNED or await link.command("PTTL", key) != -1, f"{name} has no end and no owner"
