"""Changes for several workers at once: all of them apply them, or none; asleep they hold nothing, deadlines go on."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from scripted_verifier import ScriptedVerifier
from stream_kit import is_empty, rollout
from tinyv_stream_workers.tinyv.engines.scripted import DELAY_ENV, ScriptedEngine
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier
from tinyv_stream_workers.worker import Worker

from tinyv_stream import InvalidInputError, RewardClient, Source, Status
from tinyv_stream.broker.desired_state import read_desired, record_applied, refuse, set_desired, set_sleep
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, TinyVConfig
from tinyv_stream.control import model
from tinyv_stream.errors import EngineError, EngineStartError
from tinyv_stream.testing import EmbeddedServer, wait_until

WAIT_S = 60.0


class Reluctant(TinyVVerifier):
    """Loads no model but its first, as a worker on a smaller machine."""

    async def switch(self) -> None:
        await self._supervisor.swap(type(self)(TinyVConfig(model="x-broken", engine=SCRIPTED))._supervisor.engine)


SCRIPTED = EngineConfig(kind="scripted")


class Pool:
    def __init__(self, server: EmbeddedServer, name: str) -> None:
        self.url, self.name = server.url, name
        self.broker = BrokerConfig(pool=name, lease_s=1.0)
        self.workers: list[Worker] = []

    @asynccontextmanager
    async def serving(self, *verifiers: ScriptedVerifier | TinyVVerifier) -> AsyncIterator[RewardClient]:
        config = Config(broker=self.broker, tinyv=TinyVConfig(engine=SCRIPTED))
        self.workers = [Worker(self.url, config, v, grace_s=5.0) for v in (ScriptedVerifier("rule"), *verifiers)]
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            for worker in self.workers:
                tasks.create_task(worker.run(stop))
            try:
                async with RewardClient(self.url, run_id="run", pool=self.name, deadline_s=60) as client:
                    await wait_until(lambda: self.are_ready(len(self.workers)), 30, "all workers are ready")
                    yield client
            finally:
                stop.set()

    async def are_ready(self, count: int) -> bool:
        async with OperatorApi(self.url, self.broker) as side:
            return [w.state for w in (await side.status()).workers] == ["ready"] * count

    async def models(self) -> list[str]:
        return [replica.model for replica in (await model.look(self.url, pool=self.name)).replicas]


@pytest.fixture
def pool(server: EmbeddedServer, pool_name: str) -> Pool:
    return Pool(server, pool_name)


def judge(kind: type[TinyVVerifier] = TinyVVerifier) -> TinyVVerifier:
    return kind(TinyVConfig(engine=SCRIPTED))


async def test_all_workers_switch_before_the_order_is_called_done(pool: Pool) -> None:
    async with pool.serving(judge(), judge()) as client:
        done = await model.switch(pool.url, "second", pool=pool.name, wait_s=WAIT_S)
        assert [replica.model for replica in done.replicas] == ["second", "second"]
        reward = await (await client.submit(rollout("1")))
    assert reward.tinyv is not None
    assert reward.tinyv.model == "second"


async def test_one_worker_that_cannot_takes_all_back(pool: Pool) -> None:
    async with pool.serving(judge(), judge(Reluctant)) as client:
        rewards = asyncio.create_task(stream(client, 200))
        with pytest.raises(EngineStartError, match=r"x-broken cannot be loaded.*all workers use the model before"):
            await model.switch(pool.url, "second", pool=pool.name, wait_s=WAIT_S)
        assert await pool.models() == ["scripted", "scripted"]
        assert await rewards == {Status.OK: 200}


async def stream(client: RewardClient, count: int) -> dict[Status, int]:
    """Submit rollouts one after the other, so that they last through what the test does; count how they end."""
    found: dict[Status, int] = {}
    tickets = [await client.submit(rollout("1", n)) for n in range(count) if not await asyncio.sleep(0.01)]
    for ticket in tickets:
        reward = await ticket
        found[reward.status] = found.get(reward.status, 0) + 1
    return found


async def test_any_order_of_orders_under_load_leaves_one_reward_each(pool: Pool) -> None:
    """Changes overtake one another here: nobody waits for one before the next is given."""
    draw = random.Random(7)
    async with pool.serving(judge(), judge()) as client, OperatorApi(pool.url, pool.broker) as side:
        rewards = asyncio.create_task(stream(client, 400))
        for _ in range(24):
            name = draw.choice(["first", "second", "x-broken", "x-missing", ""])
            await draw.choice(
                [
                    lambda name=name: set_desired(side, name, "", {"auto"}),
                    lambda: set_sleep(side, 60),
                    lambda: set_sleep(side, 0),
                ]
            )()
            await asyncio.sleep(draw.random() / 2)
        await set_sleep(side, 0)
        last = await set_desired(side, "last", "", {"auto"})

        async def have_followed() -> bool:
            replicas = (await model.look(pool.url, pool=pool.name)).replicas
            return [(s.model, s.state, s.applied) for s in replicas] == [("last", "ready", last)] * 2

        await wait_until(have_followed, 60, "both workers run the last model")
        assert await rewards == {Status.OK: 400}
        await wait_until(lambda: is_empty(side), 30, "an empty pool")
        assert await side.dead_letters() == []


async def test_an_order_that_takes_too_long_is_taken_back(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pool.serving(judge()):
        monkeypatch.setenv("TINYV_SCRIPTED_START_S", "2")
        with pytest.raises(EngineStartError, match=r"not everywhere within 0\.5 s"):
            await model.switch(pool.url, "second", pool=pool.name, wait_s=0.5)
        await wait_until(lambda: pool.are_ready(2), 30, "the worker is back")
        await wait_until(lambda: is_model(pool, "scripted"), 30, "with the model before")


class Slow(TinyVVerifier):
    """Fetches one model for ever, as from a hub that hangs, and counts how often it was told to leave that."""

    left = 0

    async def fetch(self, model: str, revision: str) -> bool:
        if model != "far":
            return await super().fetch(model, revision)
        try:
            return await asyncio.Event().wait()
        finally:
            self.left += 1


async def test_a_fetch_is_left_when_its_order_is_taken_back_or_the_pool_sleeps(pool: Pool) -> None:
    slow = judge(Slow)
    assert isinstance(slow, Slow)
    async with pool.serving(judge(), slow), OperatorApi(pool.url, pool.broker) as side:
        with pytest.raises(EngineStartError, match="not everywhere within 2 s; all workers use the model before"):
            await model.switch(pool.url, "far", pool=pool.name, wait_s=2.0)
        assert slow.left == 1
        assert await pool.models() == ["scripted", "scripted"]
        await set_desired(side, "far", "", {"auto"})
        await wait_until(lambda: pool.workers[2]._about().state == "fetching", 30, "the fetch")
        asleep = await model.sleep(pool.url, pool=pool.name, wait_s=WAIT_S)
        assert [replica.state for replica in asleep.replicas] == ["asleep", "asleep"]


async def is_model(pool: Pool, name: str) -> bool:
    return await pool.models() == [name]


async def test_an_engine_back_as_another_model_is_another_to_the_cache(pool: Pool) -> None:
    verifier = judge()
    engine = verifier._supervisor.engine
    assert isinstance(engine, ScriptedEngine)
    async with pool.serving(verifier) as client:
        first = await (await client.submit(rollout("1", 1)))
        assert first.tinyv is not None
        assert first.tinyv.model == "scripted"
        engine._model = "trained again"
        engine.kill()
        await wait_until(lambda: engine.starts == 2, 30, "the restart")
        await (await client.submit(rollout("1", 2)))
        again = await (await client.submit(rollout("1", 1, rollout_id="again")))
        assert again.tinyv is not None
        assert again.tinyv.model == "trained again"


async def test_a_sleeping_pool_holds_nothing_and_deadlines_go_on(pool: Pool) -> None:
    async with pool.serving(judge(), judge()) as client:
        await model.sleep(pool.url, pool=pool.name, wait_s=WAIT_S)
        patient = await client.submit(rollout("1", 1))
        hasty = await client.submit(rollout("1", 2, deadline_s=1.0))
        assert (await hasty).status is Status.EXPIRED
        async with OperatorApi(pool.url, pool.broker) as side:
            status = await side.status()
            assert {w.state for w in status.workers if w.stage == "tinyv"} == {"asleep"}
            assert [w.held for w in status.workers if w.stage == "tinyv"] == [0, 0]
            await model.wake(pool.url, pool=pool.name, wait_s=WAIT_S)
            assert (await patient).source is Source.TINYV
            await wait_until(lambda: is_empty(side), 30, "an empty pool")


async def test_what_is_under_way_is_finished_before_the_sleep(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DELAY_ENV, "4.0")
    async with pool.serving(judge()) as client, OperatorApi(pool.url, pool.broker) as side:
        tickets = [await client.submit(rollout("1", n)) for n in range(8)]
        await wait_until(lambda: len(pool.workers[1]._inflight) == 8, 30, "TinyV holds all")
        await model.sleep(pool.url, pool=pool.name, wait_s=WAIT_S)
        assert await is_empty(side), "a sleeping pool still owed rewards for what it had begun"
        assert {(await ticket).source for ticket in tickets} == {Source.TINYV}


@pytest.mark.long
async def test_nobody_can_keep_a_pool_asleep_for_ever(pool: Pool) -> None:
    async with pool.serving(judge()):
        await model.sleep(pool.url, pool=pool.name, at_most_s=10.0, wait_s=WAIT_S)
        await wait_until(lambda: pool.are_ready(2), 30, "it wakes by itself")


async def test_changes_that_make_no_sense_are_refused(pool: Pool) -> None:
    async with pool.serving(judge()):
        with pytest.raises(InvalidInputError):
            await model.switch(pool.url, "", pool=pool.name)
        with pytest.raises(InvalidInputError):
            await model.sleep(pool.url, pool=pool.name, at_most_s=model.LEAST_SLEEP_S - 1)
        await model.sleep(pool.url, pool=pool.name, wait_s=WAIT_S)
        with pytest.raises(EngineError, match="asleep"):
            await model.switch(pool.url, "second", pool=pool.name)


async def test_a_broker_that_lost_the_order_learns_it_from_a_worker(pool: Pool) -> None:
    async with pool.serving(judge()):
        await model.switch(pool.url, "second", pool=pool.name, wait_s=WAIT_S)
        async with OperatorApi(pool.url, pool.broker) as side:
            await side.command("DEL", side.keys.meta)

            async def is_known() -> bool:
                return (await read_desired(side)).model == "second"

            await wait_until(is_known, 30, "the order is known again")
        assert await pool.models() == ["second"]


async def test_refusing_goes_back_to_what_somebody_has_run(server: EmbeddedServer, pool_name: str) -> None:
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as side:
        first = await set_desired(side, "never run", "", {"auto"})
        second = await set_desired(side, "second", "r", {"auto"})
        assert second == first + 1
        assert await refuse(side, first, "w", "late") == 0
        assert await refuse(side, second, "w", "no memory") == 1
        now = await read_desired(side)
        assert (now.model, now.refused, now.reason, now.refused_by) == ("", second, "no memory", "w")
        assert await refuse(side, now.number, "w", "again") == 2
        assert now.is_way_back
        assert not now.over
        third = await set_desired(side, "third", "", {"auto"})
        await record_applied(side, await read_desired(side))
        fourth = await set_desired(side, "fourth", "", {"auto", "own"})
        assert await refuse(side, fourth, "w", "no memory") == 1
        back = await read_desired(side)
        assert (back.number, back.model, back.over) == (third + 2, "third", ("auto",))
        assert (back.is_for("auto"), back.is_for("own")) == (True, False), "a worker's own word was newer"
        await set_sleep(side, 100)
        assert 90 < (await read_desired(side)).asleep_s <= 100
        await set_sleep(side, 0)
        assert (await read_desired(side)).asleep_s == 0


@pytest.mark.parametrize("ahead_s", [60.0, -60.0])
async def test_a_viewer_whose_clock_is_off_sees_the_same(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, ahead_s: float
) -> None:
    now = time.time
    async with pool.serving(judge()) as client:
        monkeypatch.setattr(time, "time", lambda: now() + ahead_s)
        assert await pool.are_ready(2)
        assert [r.state for r in (await model.sleep(pool.url, pool=pool.name)).replicas] == ["asleep"]
        ticket = await client.submit(rollout("1"))
        async with OperatorApi(pool.url, pool.broker) as side:
            await wait_until(lambda: _waits(side, "tinyv"), 30, "the rollout waits for TinyV")
            status = await side.status()
            assert 0 <= status.oldest["tinyv"] < 30
            assert await side.silence_s() < 10
        await model.wake(pool.url, pool=pool.name)
        timings = (await ticket).timings
    assert timings.rule_queue_s is not None and timings.tinyv_queue_s is not None
    assert timings.rule_queue_s < 30 and 0 < timings.tinyv_queue_s < 30


async def _waits(side: OperatorApi, stage: str) -> bool:
    return (await side.status()).depth[stage] == 1
