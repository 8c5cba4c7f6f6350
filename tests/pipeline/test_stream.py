"""The stream with a real server, the real client and real workers in this process; only the verifiers are scripted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from scripted_verifier import ScriptedVerifier

from tinyv_stream import ClientClosedError, InvalidInputError, Outcome, RewardClient, Rollout, Source, Status
from tinyv_stream.broker.operator_side import OperatorSide
from tinyv_stream.config import BrokerConfig, Config, TinyVConfig
from tinyv_stream.testing import EmbeddedServer, wait_until
from tinyv_stream.types import Setup
from workers.worker import Worker

Serve = Callable[..., AbstractAsyncContextManager[None]]


def rollout(text: str, n: int = 0, **more: object) -> Rollout:
    fields: dict[str, object] = {"question": f"q{n}", "ground_truth": "1", "data_source": "x_tinyv"}
    return Rollout(completion=text, **(fields | {"rollout_id": f"r{n}"} | more))  # type: ignore[arg-type]


@pytest.fixture
def serve(server: EmbeddedServer, pool_name: str) -> Serve:
    @asynccontextmanager
    async def serving(*verifiers: ScriptedVerifier, grace_s: float = 5.0, **config: object) -> AsyncIterator[None]:
        stop = asyncio.Event()
        made = Config(**({"broker": BrokerConfig(pool=pool_name, lease_s=1.0)} | config))  # type: ignore[arg-type]
        async with asyncio.TaskGroup() as tasks:
            for verifier in verifiers:
                tasks.create_task(Worker(server.url, made, verifier, grace_s=grace_s).run(stop))
            try:
                yield
            finally:
                stop.set()

    return serving


@pytest.fixture
def client(server: EmbeddedServer, pool_name: str) -> Callable[..., RewardClient]:
    return lambda **more: RewardClient(server.url, **({"run_id": "run", "pool": pool_name, "deadline_s": 30.0} | more))


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


async def test_a_failing_verifier_is_no_score(serve: Serve, client: Callable[..., RewardClient]) -> None:
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as c:
        reward = await (await c.submit(rollout("rule:raise tinyv:raise")))
    assert (reward.value, reward.status, reward.source) == (None, Status.FAILED, Source.FALLBACK)


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


async def test_an_undecided_leader_takes_nobody_with_it(serve: Serve, client: Callable[..., RewardClient]) -> None:
    tinyv = ScriptedVerifier("tinyv", delay_s=0.1)
    async with serve(ScriptedVerifier("rule"), tinyv), client() as c:
        tickets = [await c.submit(rollout("tinyv:undecided", n, question="same")) for n in range(4)]
        rewards = [await t for t in tickets]
    assert [r.status for r in rewards] == [Status.FAILED] * 4
    assert sorted(tinyv.asked) == ["r0", "r1", "r2", "r3"]


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


async def test_a_deadline_ends_a_rollout_that_no_worker_decides(client: Callable[..., RewardClient]) -> None:
    async with client() as c:
        reward = await (await c.submit(rollout("rule:correct", deadline_s=0.2)))
    assert (reward.value, reward.status) == (None, Status.EXPIRED)


async def test_workers_end_an_overdue_rollout_with_the_rule_verdict_so_far(
    serve: Serve, client: Callable[..., RewardClient]
) -> None:
    async with serve(ScriptedVerifier("rule")), client() as c:
        reward = await (await c.submit(rollout("rule:incorrect", deadline_s=0.5)))
    assert (reward.status, reward.reason) == (Status.EXPIRED, "deadline passed")
    assert reward.rule is not None and reward.rule.outcome is Outcome.INCORRECT


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
        async with serve(rule), OperatorSide(server.url, BrokerConfig(pool=pool_name)) as operator:
            await wait_until(lambda: _is_empty(operator), 5, "an empty pool")
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


async def test_leaving_the_client_fails_open_tickets_and_takes_the_work_back(
    server: EmbeddedServer, pool_name: str, client: Callable[..., RewardClient]
) -> None:
    async with client() as c:
        ticket = await c.submit(rollout("rule:correct"))
    with pytest.raises(ClientClosedError):
        await ticket
    with pytest.raises(ClientClosedError):
        await c.submit(rollout("rule:correct", 1))
    async with OperatorSide(server.url, BrokerConfig(pool=pool_name)) as operator:
        assert await _is_empty(operator)


async def test_a_named_client_collects_after_a_restart_what_it_submitted_before(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str
) -> None:
    rule = ScriptedVerifier("rule")
    async with client(client_id="trainer") as c:
        await c.submit(rollout("rule:correct"))
    async with serve(rule), OperatorSide(server.url, BrokerConfig(pool=pool_name)) as operator:
        await wait_until(lambda: _is_empty(operator), 5, "the reward to be written")
        async with client(client_id="trainer") as c:
            assert (await (await c.submit(rollout("rule:correct")))).value == 1.0
    assert rule.asked == ["r0"]


async def test_an_engine_that_died_costs_no_delivery(serve: Serve, client: Callable[..., RewardClient]) -> None:
    tinyv = ScriptedVerifier("tinyv", delay_s=0.2)
    async with serve(ScriptedVerifier("rule"), tinyv), client() as c:
        tickets = [await c.submit(rollout("tinyv:correct", n)) for n in range(4)]
        await wait_until(lambda: tinyv.together == 4, 5, "four requests in the engine")
        tinyv.engine_is_up.clear()
        await wait_until(lambda: tinyv.together == 0, 5, "the engine to fail them")
        tinyv.engine_is_up.set()
        assert [(await t).value for t in tickets] == [1.0] * 4


async def test_a_draining_worker_finishes_what_it_holds(serve: Serve, client: Callable[..., RewardClient]) -> None:
    rule = ScriptedVerifier("rule", delay_s=0.5)
    async with client() as c:
        async with serve(rule):
            tickets = [await c.submit(rollout("rule:correct", n)) for n in range(4)]
            await wait_until(lambda: rule.together == 4, 5, "all four to be held")
        assert [(await t).value for t in tickets] == [1.0] * 4


async def test_a_draining_worker_gives_back_at_once_what_it_cannot_finish(
    serve: Serve, client: Callable[..., RewardClient], pool_name: str
) -> None:
    never, quick = ScriptedVerifier("rule", delay_s=1000), ScriptedVerifier("rule")
    long_lease = BrokerConfig(pool=pool_name, lease_s=1000)
    async with client() as c:
        async with serve(never, broker=long_lease, grace_s=0.1):
            tickets = [await c.submit(rollout("rule:correct", n)) for n in range(4)]
            await wait_until(lambda: never.together == 4, 5, "all four to be held")
        async with serve(quick, broker=long_lease):
            assert [(await t).value for t in tickets] == [1.0] * 4


async def test_status_counts_what_happened(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str
) -> None:
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as c:
        for n in range(3):
            await (await c.submit(rollout("tinyv:correct", n)))
        async with OperatorSide(server.url, BrokerConfig(pool=pool_name)) as operator:
            await wait_until(lambda: _workers_beat(operator, 2), 5, "both workers to be seen")
            status = await operator.status()
    assert status.stats["submitted"] == status.stats["rescued"] == status.stats["by_tinyv"] == 3
    assert {w.stage for w in status.workers} == {"rule", "tinyv"}
    async with OperatorSide(server.url, BrokerConfig(pool=pool_name)) as operator:
        assert (await operator.status()).workers == []


async def _is_empty(operator: OperatorSide) -> bool:
    status = await operator.status()
    return status.live == status.parked == sum(status.depth.values()) == 0


async def _workers_beat(operator: OperatorSide, count: int) -> bool:
    return len((await operator.status()).workers) == count
