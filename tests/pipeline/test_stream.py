"""What a trainer sees when all is well."""

import asyncio
from collections.abc import Callable

import pytest
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, is_empty, rollout, workers_beat

from tinyv_stream import InvalidInputError, Outcome, RewardClient, Source, Status
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig, TinyVConfig
from tinyv_stream.testing import EmbeddedServer, wait_until
from tinyv_stream.types import Setup


async def test_correct_by_rule_never_reaches_tinyv(serve: Serve, client: Callable[..., RewardClient]) -> None:
    tinyv = ScriptedVerifier("tinyv")
    async with serve(ScriptedVerifier("rule"), tinyv), client() as c:
        reward = await (await c.submit(rollout("rule:correct")))
    assert (reward.value, reward.status, reward.source) == (1.0, Status.OK, Source.RULE)
    assert tinyv.asked == []


async def test_tinyv_gives_back_what_the_rules_refused(serve: Serve, client: Callable[..., RewardClient]) -> None:
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as c:
        reward = await (await c.submit(rollout("rule:incorrect tinyv:correct")))
    assert (reward.value, reward.source, reward.rescued) == (1.0, Source.TINYV, True)
    assert reward.rule is not None and reward.rule.outcome is Outcome.INCORRECT
    assert reward.timings.tinyv_queue_s is not None and reward.timings.total_s is not None


@pytest.mark.parametrize(
    ("setup", "weight", "text", "value"),
    [
        (Setup.ADDON, 0.5, "rule:incorrect tinyv:correct", 0.5),
        (Setup.TINYV_ONLY, 1.0, "rule:correct tinyv:incorrect", 0.0),
        (Setup.MIXED, 0.25, "rule:correct tinyv:incorrect", 0.75),
        (Setup.MIXED, 0.25, "rule:correct tinyv:undecided", None),
    ],
)
async def test_each_setup_weighs_as_the_paper_says(
    serve: Serve, client: Callable[..., RewardClient], setup: Setup, weight: float, text: str, value: float | None
) -> None:
    chosen = TinyVConfig(setup=setup, weight=weight)
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv"), tinyv=chosen), client() as c:
        assert (await (await c.submit(rollout(text)))).value == value


async def test_equal_answers_cost_one_call(serve: Serve, client: Callable[..., RewardClient]) -> None:
    tinyv = ScriptedVerifier("tinyv", delay_s=0.2)
    async with serve(ScriptedVerifier("rule"), tinyv), client() as c:
        text = "rule:incorrect tinyv:correct"
        tickets = [await c.submit(rollout(text, n, question="same")) for n in range(8)]
        rewards = [await t for t in tickets]
        again = await (await c.submit(rollout(text, 99, question="same")))
    assert len(tinyv.asked) == 1
    assert [r.value for r in (*rewards, again)] == [1.0] * 9
    assert sorted(r.source for r in rewards) == [Source.CACHE] * 7 + [Source.TINYV]
    assert again.source is Source.CACHE


async def test_without_cache_every_answer_is_asked_about(
    serve: Serve, client: Callable[..., RewardClient], pool_name: str
) -> None:
    tinyv = ScriptedVerifier("tinyv")
    off = BrokerConfig(pool=pool_name, lease_s=1.0, cache_ttl_s=0)
    async with serve(ScriptedVerifier("rule"), tinyv, broker=off), client() as c:
        tickets = [await c.submit(rollout("tinyv:correct", n, question="same")) for n in range(4)]
        assert {(await t).source for t in tickets} == {Source.TINYV}
    assert len(tinyv.asked) == 4


async def test_rewards_iterates_until_the_end_and_groups_come_whole(
    serve: Serve, client: Callable[..., RewardClient]
) -> None:
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as c:
        stream = c.rewards()
        for n in range(16):
            await c.submit(rollout("rule:correct", n, group_id=f"g{n % 2}", group_size=8))
        c.end()
        seen = [reward.rollout_id async for reward in stream]
        assert sorted(seen) == sorted(f"r{n}" for n in range(16))
        assert [r.rollout_id for r in await c.group("g1")] == [f"r{n}" for n in range(1, 16, 2)]


async def test_submit_waits_for_credit(serve: Serve, client: Callable[..., RewardClient]) -> None:
    async with client(max_inflight=2) as c:
        await c.submit(rollout("rule:correct", 0))
        await c.submit(rollout("rule:correct", 1))
        third = asyncio.create_task(c.submit(rollout("rule:correct", 2)))
        done, _ = await asyncio.wait((third,), timeout=0.3)
        assert not done
        async with serve(ScriptedVerifier("rule")):
            assert (await (await third)).value == 1.0


async def test_submit_waits_while_the_broker_is_full(server: EmbeddedServer, pool_name: str, serve: Serve) -> None:
    async with RewardClient(server.url, run_id="run", pool=pool_name, max_outstanding=2) as c:
        first = [await c.submit(rollout("rule:correct", n)) for n in range(2)]
        third = asyncio.create_task(c.submit(rollout("rule:correct", 2)))
        done, _ = await asyncio.wait((third,), timeout=0.3)
        assert not done
        async with serve(ScriptedVerifier("rule")):
            assert [(await t).value for t in (*first, await third)] == [1.0] * 3


async def test_a_cancelled_rollout_is_rewarded_once_and_worked_on_by_nobody(
    server: EmbeddedServer, pool_name: str, serve: Serve, client: Callable[..., RewardClient]
) -> None:
    rule = ScriptedVerifier("rule")
    async with client() as c:
        ticket = await c.submit(rollout("rule:correct"))
        await ticket.cancel()
        await ticket.cancel()
        assert (await ticket).status is Status.CANCELLED
        async with serve(rule), OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
            await wait_until(lambda: is_empty(operator), 5, "an empty pool")
    assert rule.asked == []


async def test_a_rollout_whose_submit_was_cancelled_can_be_submitted_again(
    serve: Serve, client: Callable[..., RewardClient]
) -> None:
    async with client(max_outstanding=1) as c:
        first = await c.submit(rollout("rule:correct", 0))
        waiting = asyncio.create_task(c.submit(rollout("rule:correct", 1)))
        await asyncio.wait((waiting,), timeout=0.2)
        waiting.cancel()
        await asyncio.wait((waiting,))
        await first.cancel()
        async with serve(ScriptedVerifier("rule")):
            for n in range(2):
                assert (await (await c.submit(rollout("rule:correct", n)))).value == 1.0


async def test_the_same_rollout_twice_is_refused_while_it_is_open(client: Callable[..., RewardClient]) -> None:
    async with client() as c:
        await c.submit(rollout("rule:correct"))
        with pytest.raises(InvalidInputError, match="rollout_id"):
            await c.submit(rollout("rule:correct"))


async def test_status_counts_what_happened(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str
) -> None:
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as c:
        for n in range(3):
            await (await c.submit(rollout("tinyv:correct", n)))
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
            await wait_until(lambda: workers_beat(operator, 2), 5, "both workers to be seen")
            status = await operator.status()
    assert status.stats["submitted"] == status.stats["rescued"] == status.stats["by_tinyv"] == 3
    assert {w.stage for w in status.workers} == {"rule", "tinyv"}
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
        assert (await operator.status()).workers == []
