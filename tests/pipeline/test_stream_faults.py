"""What a trainer sees when something breaks: its reward, or no number at all."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, is_empty, rollout
from tinyv_stream_workers.stages import RuleStage
from tinyv_stream_workers.worker import Worker

from tinyv_stream import ClientClosedError, Outcome, RewardClient, Source, Status
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.worker import Delivery
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.testing import EmbeddedServer, wait_until


async def test_a_failing_verifier_is_no_score(serve: Serve, client: Callable[..., RewardClient]) -> None:
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as c:
        reward = await (await c.submit(rollout("rule:raise tinyv:raise")))
    assert (reward.value, reward.status, reward.source) == (None, Status.FAILED, Source.FALLBACK)


async def test_an_undecided_leader_takes_nobody_with_it(serve: Serve, client: Callable[..., RewardClient]) -> None:
    tinyv = ScriptedVerifier("tinyv", delay_s=0.1)
    async with serve(ScriptedVerifier("rule"), tinyv), client() as c:
        tickets = [await c.submit(rollout("tinyv:undecided", n, question="same")) for n in range(4)]
        rewards = [await t for t in tickets]
    assert [r.status for r in rewards] == [Status.FAILED] * 4
    assert sorted(tinyv.asked) == ["r0", "r1", "r2", "r3"]


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


async def test_leaving_the_client_fails_open_tickets_and_takes_the_work_back(
    server: EmbeddedServer, pool_name: str, client: Callable[..., RewardClient]
) -> None:
    async with client() as c:
        ticket = await c.submit(rollout("rule:correct"))
    with pytest.raises(ClientClosedError):
        await ticket
    with pytest.raises(ClientClosedError):
        await c.submit(rollout("rule:correct", 1))
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
        assert await is_empty(operator)


async def test_a_named_client_collects_after_a_restart_what_it_submitted_before(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str
) -> None:
    rule = ScriptedVerifier("rule")
    async with client(client_id="trainer") as c:
        await c.submit(rollout("rule:correct"))
    async with serve(rule), OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
        await wait_until(lambda: is_empty(operator), 5, "the reward to be written")
        async with client(client_id="trainer") as c:
            assert (await (await c.submit(rollout("rule:correct")))).value == 1.0
    assert rule.asked == ["r0"]


async def test_an_engine_that_died_costs_no_delivery(
    serve: Serve, client: Callable[..., RewardClient], pool_name: str
) -> None:
    tinyv = ScriptedVerifier("tinyv", delay_s=0.2)
    long_lease = BrokerConfig(pool=pool_name, lease_s=1000, max_deliveries=1)
    async with serve(ScriptedVerifier("rule"), tinyv, broker=long_lease), client() as c:
        tickets = [await c.submit(rollout("tinyv:correct", n)) for n in range(4)]
        await wait_until(lambda: tinyv.together == 4, 5, "four requests in the engine")
        tinyv.engine_is_up.clear()
        await wait_until(lambda: tinyv.together == 0, 5, "the engine to fail them")
        tinyv.engine_is_up.set()
        assert [(await t).value for t in tickets] == [1.0] * 4


async def test_a_rollout_that_kills_every_engine_runs_alone_and_is_then_given_up(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str
) -> None:
    tinyv = ScriptedVerifier("tinyv", delay_s=0.02)
    async with serve(ScriptedVerifier("rule"), tinyv), client() as c:
        texts = ["tinyv:die"] + ["tinyv:correct"] * 5
        rewards = [await t for t in [await c.submit(rollout(text, n)) for n, text in enumerate(texts)]]
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
            letters = await operator.dead_letters()
    assert [r.status for r in rewards] == [Status.FAILED] + [Status.OK] * 5
    assert len(letters) == 1 and letters[0].uid.startswith("run/r0#")
    assert tinyv.alone_with == {"r0"}


async def test_an_unforeseen_fault_of_a_stage_does_not_hold_a_rollout_for_ever(
    serve: Serve, client: Callable[..., RewardClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    handle = RuleStage.handle

    async def faulty(self: RuleStage, delivery: Delivery) -> None:
        calls.append(delivery.uid)
        if len(calls) == 1:
            raise RuntimeError("a bug in the stage")
        await handle(self, delivery)

    monkeypatch.setattr(RuleStage, "handle", faulty)
    async with serve(ScriptedVerifier("rule")), client() as c:
        assert (await (await c.submit(rollout("rule:correct")))).value == 1.0
    assert len(calls) == 2


async def test_a_rule_fault_is_no_score_even_beside_an_empty_answer(
    serve: Serve, client: Callable[..., RewardClient]
) -> None:
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as c:
        empty = await (await c.submit(rollout("", 0, question="same")))
        faulty = await (await c.submit(rollout("rule:raise", 1, question="same")))
    assert (empty.value, empty.status) == (0.0, Status.OK)
    assert (faulty.value, faulty.status) == (None, Status.FAILED)


async def test_another_text_under_the_same_id_is_another_rollout(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str
) -> None:
    async with client(client_id="trainer") as c:
        await c.submit(rollout("rule:correct"))
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")):
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
            await wait_until(lambda: is_empty(operator), 5, "the first reward to be written")
        async with client(client_id="trainer") as c:
            assert (await (await c.submit(rollout("rule:incorrect tinyv:incorrect")))).value == 0.0


async def test_a_cancelled_submit_while_the_server_is_away_hurts_nobody_else(serve: Serve, tmp_path: Path) -> None:
    async with (
        EmbeddedServer(tmp_path) as own,
        RewardClient(own.url, run_id="run", pool="own", deadline_s=60) as c,
    ):
        ticket = await c.submit(rollout("rule:correct", 0))
        own.kill()
        lost = asyncio.create_task(c.submit(rollout("rule:correct", 1)))
        await asyncio.wait((lost,), timeout=0.3)
        lost.cancel()
        await asyncio.wait((lost,))
        await own.restart()
        worker = Worker(own.url, Config(broker=BrokerConfig(pool="own", lease_s=1.0)), ScriptedVerifier("rule"))
        stop = asyncio.Event()
        working = asyncio.create_task(worker.run(stop))
        assert (await ticket).value == 1.0
        assert (await (await c.submit(rollout("rule:correct", 2)))).value == 1.0
        stop.set()
        await working


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
