"""What a trainer gets, by policy, when TinyV is down or overloaded and when the deadline passes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import pytest
from scripted_verifier import ScriptedVerifier
from tinyv_stream_workers.worker import Worker

from tinyv_stream import InvalidInputError, Reward, RewardClient, Rollout, Source, Status
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig, Config, FallbackConfig, TinyVConfig, check
from tinyv_stream.testing import EmbeddedServer, wait_until


class Bench:
    def __init__(self, server: EmbeddedServer, pool: str) -> None:
        self.server, self.pool = server, pool
        self.tinyv_workers = 0
        """How many the pool says that it starts itself."""

    @asynccontextmanager
    async def serving(self, fallback: FallbackConfig, *verifiers: ScriptedVerifier) -> AsyncIterator[RewardClient]:
        config = Config(
            broker=BrokerConfig(pool=self.pool, lease_s=1.0, cache_ttl_s=0),
            tinyv=TinyVConfig(workers=self.tinyv_workers),
            fallback=fallback,
        )
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for verifier in verifiers:
                tasks.create_task(Worker(self.server.url, config, verifier, grace_s=5.0).run(stop))
            try:
                async with RewardClient(self.server.url, run_id="run", pool=self.pool, deadline_s=30) as client:
                    yield client
            finally:
                stop.set()


@pytest.fixture
def bench(server: EmbeddedServer, pool_name: str) -> Bench:
    return Bench(server, pool_name)


async def submit(client: RewardClient, text: str, n: int = 0, deadline_s: float = 30.0) -> Reward:
    rollout = Rollout(
        completion=text,
        question=f"q{n}",
        ground_truth="1",
        data_source="x_tinyv",
        rollout_id=f"r{n}",
        deadline_s=deadline_s,
    )
    return await (await client.submit(rollout))


async def test_rule_only_lets_the_rule_verdict_stand_while_tinyv_is_down(bench: Bench) -> None:
    async with bench.serving(FallbackConfig(tinyv="rule_only"), ScriptedVerifier("rule")) as client:
        reward = await submit(client, "rule:incorrect")
    assert (reward.value, reward.status, reward.source) == (0.0, Status.OK, Source.FALLBACK)
    assert reward.reason == "TinyV is down: the rule verdict stands"


class Starting(ScriptedVerifier):
    """Takes as long to start as the test wants."""

    def __init__(self) -> None:
        super().__init__("tinyv")
        self.may_start = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.may_start.wait()
        return self


@asynccontextmanager
async def starting(bench: Bench, fallback: FallbackConfig) -> AsyncIterator[tuple[RewardClient, Starting]]:
    """A pool that is known to have a TinyV worker that is not ready."""
    tinyv = Starting()
    async with bench.serving(fallback, ScriptedVerifier("rule"), tinyv) as client:
        try:
            async with OperatorApi(bench.server.url, BrokerConfig(pool=bench.pool)) as side:

                async def is_told() -> bool:
                    return [w.state for w in (await side.status()).workers if w.stage == "tinyv"] == ["starting"]

                await wait_until(is_told, 30, "the TinyV worker says that it starts")
            yield client, tinyv
        finally:
            tinyv.may_start.set()


async def test_a_starting_tinyv_worker_is_hope_and_not_capacity(bench: Bench) -> None:
    async with starting(bench, FallbackConfig(tinyv="rule_only")) as (client, _):
        reward = await submit(client, "rule:incorrect tinyv:correct")
    assert reward.reason == "TinyV is down: the rule verdict stands"


async def test_the_first_start_of_the_pools_own_tinyv_is_waited_for(bench: Bench) -> None:
    bench.tinyv_workers = 1
    async with starting(bench, FallbackConfig(tinyv="rule_only", tinyv_start_s=600)) as (client, tinyv):
        waiting = [asyncio.create_task(submit(client, "rule:incorrect tinyv:correct", n)) for n in range(4)]
        async with OperatorApi(bench.server.url, BrokerConfig(pool=bench.pool)) as side:

            async def are_queued() -> bool:
                return (await side.status()).depth == {"rule": 0, "tinyv": 4}

            await wait_until(are_queued, 30, "all wait for TinyV")
        tinyv.may_start.set()
        assert {(await one).source for one in waiting} == {Source.TINYV}


async def test_a_first_start_that_takes_too_long_is_not_waited_for(bench: Bench) -> None:
    bench.tinyv_workers = 1
    async with starting(bench, FallbackConfig(tinyv="rule_only", tinyv_start_s=0)) as (client, _):
        reward = await submit(client, "rule:incorrect tinyv:correct")
    assert reward.reason == "TinyV is down: the rule verdict stands"


async def test_an_undecided_rule_verdict_is_no_score_under_any_policy(bench: Bench) -> None:
    policy = FallbackConfig(tinyv="rule_only", deadline="rule")
    async with bench.serving(policy, ScriptedVerifier("rule")) as client:
        reward = await submit(client, "rule:undecided", deadline_s=0.5)
    assert (reward.value, reward.status) == (None, Status.EXPIRED)


async def test_wait_waits_for_tinyv(bench: Bench) -> None:
    async with bench.serving(FallbackConfig(), ScriptedVerifier("rule")) as client:
        waiting = asyncio.create_task(submit(client, "rule:incorrect tinyv:correct"))
        async with bench.serving(FallbackConfig(), ScriptedVerifier("tinyv")):
            assert (await waiting).source is Source.TINYV


async def test_rule_only_asks_tinyv_while_it_is_well_and_not_while_overloaded(bench: Bench) -> None:
    tinyv = ScriptedVerifier("tinyv")
    policy = FallbackConfig(tinyv="rule_only", tinyv_backlog=2)
    async with bench.serving(policy, ScriptedVerifier("rule"), tinyv) as client:

        async def is_asked() -> bool:
            is_asked.n += 1
            return (await submit(client, "tinyv:correct", is_asked.n)).source is Source.TINYV

        is_asked.n = 100
        await wait_until(is_asked, 20, "TinyV's worker to be heard of")
        tinyv.delay_s = 3600.0
        stuck = [asyncio.create_task(submit(client, "tinyv:correct", n)) for n in range(2)]
        await wait_until(lambda: tinyv.together == 2, 20, "TinyV to be overloaded")

        async def is_relieved() -> bool:
            is_relieved.n += 1
            some = asyncio.create_task(submit(client, "tinyv:correct", is_relieved.n, 2.0))
            return "overloaded" in (await some).reason

        is_relieved.n = 200
        await wait_until(is_relieved, 20, "a rule verdict in TinyV's place")
        for task in stuck:
            task.cancel()
        tinyv.delay_s = 0.0


async def test_a_sample_still_waits_for_tinyv(bench: Bench) -> None:
    policy = FallbackConfig(tinyv="sample", sample_share=0.5, deadline="rule")
    async with bench.serving(policy, ScriptedVerifier("rule")) as client:
        rewards = await asyncio.gather(*(submit(client, "rule:incorrect", n, 1.5) for n in range(64)))
    stands = [r for r in rewards if "TinyV is down" in r.reason]
    assert 0 < len(stands) < 64
    assert all("deadline" in r.reason for r in rewards if r not in stands)


async def test_by_policy_the_rule_verdict_stands_at_the_deadline(bench: Bench) -> None:
    async with bench.serving(FallbackConfig(deadline="rule"), ScriptedVerifier("rule")) as client:
        reward = await submit(client, "rule:incorrect", deadline_s=0.5)
    assert (reward.value, reward.status, reward.source) == (0.0, Status.OK, Source.FALLBACK)
    assert reward.reason == "deadline passed: the rule verdict stands"


@pytest.mark.parametrize(
    "bad", [FallbackConfig(tinyv_backlog=0), FallbackConfig(tinyv_silent_s=1), FallbackConfig(sample_share=2)]
)
def test_a_policy_that_makes_no_sense_is_refused(bad: FallbackConfig) -> None:
    with pytest.raises(InvalidInputError, match="fallback"):
        check(Config(fallback=bad))
