"""A host that is to be drained: its workers finish and stay down, whoever starts there, until it is to work again."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Self

import msgspec
import pytest
from pool_kit import GOOD, config, is_gone, log_of, running, script
from scripted_verifier import ScriptedVerifier
from stream_kit import rollout
from tinyv_stream_workers.worker import Worker

from tinyv_stream import InvalidInputError, RewardClient, Status
from tinyv_stream.broker.hosts import read_hosts, read_mark, set_drain
from tinyv_stream.broker.operator import OperatorApi, WorkerInfo
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.cli.hosts_table import hosts_of
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, RuleConfig, TinyVConfig
from tinyv_stream.control import drain
from tinyv_stream.control import settings as settings_control
from tinyv_stream.control.drain import DrainError
from tinyv_stream.pool import Pool, State
from tinyv_stream.testing import EmbeddedServer, wait_until
from tinyv_stream.types import Stage

HERE = socket.gethostname()
ELSEWHERE = "elsewhere"


@pytest.fixture
async def side(server: EmbeddedServer, pool_name: str) -> AsyncGenerator[OperatorApi]:
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as link:
        yield link


async def beat(server: EmbeddedServer, pool_name: str, host: str, *stages: Stage) -> None:
    """Be the workers of another host, for as long as nobody looks again."""
    async with WorkerApi(server.url, BrokerConfig(pool=pool_name)) as link:
        for stage in stages:
            name = f"{stage}-{host}"
            info = WorkerInfo(name=name, stage=stage, pid=1, host=host, state="ready")
            await link.beat(name, msgspec.json.encode(info), host)


@contextlib.asynccontextmanager
async def beating(server: EmbeddedServer, pool_name: str, host: str, *stages: Stage) -> AsyncGenerator[None]:
    async def beats() -> None:
        while True:
            await beat(server, pool_name, host, *stages)
            await asyncio.sleep(1)

    await beat(server, pool_name, host, *stages)
    task = asyncio.create_task(beats())
    try:
        yield
    finally:
        task.cancel()


def of(pool_name: str) -> Config:
    return Config(
        broker=BrokerConfig(pool=pool_name, lease_s=2.0),
        rule=RuleConfig(workers=2),
        tinyv=TinyVConfig(workers=1, engine=EngineConfig(kind="scripted")),
    )


async def test_an_unknown_host_is_refused_and_the_known_ones_are_named(
    server: EmbeddedServer, pool_name: str, side: OperatorApi
) -> None:
    with pytest.raises(InvalidInputError, match="no host yet"):
        await drain.drain(server.url, "nodE", pool=pool_name)
    await beat(server, pool_name, "node", "rule")
    await set_drain(side, "other", is_draining=True)
    for act in (drain.drain, drain.undrain):
        with pytest.raises(InvalidInputError, match=r"nodE.* node, other: name one") as caught:
            await act(server.url, "nodE", pool=pool_name)
        assert caught.value.field == "HOST"
    assert not await drain.undrain(server.url, "node", pool=pool_name)


async def test_the_last_host_of_a_stage_needs_force(server: EmbeddedServer, pool_name: str, side: OperatorApi) -> None:
    await beat(server, pool_name, "a", "rule", "tinyv")
    await beat(server, pool_name, "b", "rule")
    with pytest.raises(DrainError, match=r"no other host has a live worker for tinyv.*--force"):
        await drain.drain(server.url, "a", pool=pool_name, wait_s=0)
    assert not (await read_hosts(side)).draining
    with pytest.raises(DrainError, match="not drained within 0 s: rule-b are there; the mark stands"):
        await drain.drain(server.url, "b", pool=pool_name, wait_s=0)
    assert (await read_hosts(side)).draining == {"b"}
    with pytest.raises(DrainError, match="rule and tinyv"):
        await drain.drain(server.url, "a", pool=pool_name, wait_s=0)
    with pytest.raises(DrainError, match="the mark stands"):
        await drain.drain(server.url, "a", pool=pool_name, wait_s=0, force=True)
    assert (await read_hosts(side)).draining == {"a", "b"}


async def test_of_two_drains_at_once_that_would_leave_nobody_one_is_refused(
    server: EmbeddedServer, pool_name: str, side: OperatorApi
) -> None:
    hosts = ["a", "b", "c", "d"]
    for name in hosts:
        await beat(server, pool_name, name, "rule")
    work = (drain.drain(server.url, name, pool=pool_name, wait_s=0) for name in hosts)
    ends = await asyncio.gather(*work, return_exceptions=True)
    assert sorted("no other host" in str(end) for end in ends) == [False, False, False, True]
    assert len((await read_hosts(side)).draining) == 3


@pytest.mark.slow
async def test_a_drained_host_stays_down_over_its_restart_and_nothing_is_lost(
    server: EmbeddedServer, pool_name: str, side: OperatorApi, tmp_path: Path
) -> None:
    async def is_up() -> bool:
        return sum(w.host == HERE and w.state == "ready" for w in await side.workers()) == 3

    async with (
        beating(server, pool_name, ELSEWHERE, "rule", "tinyv"),
        RewardClient(server.url, run_id="run", pool=pool_name, deadline_s=100) as client,
    ):
        stop = asyncio.Event()
        async with Pool(of(pool_name), redis_url=server.url, directory=tmp_path) as pool:
            run = asyncio.create_task(pool.run(stop))
            await wait_until(is_up, 60, "the workers are ready")
            tickets = [await client.submit(rollout(f"The answer is {n}.", n)) for n in range(300)]
            end = await drain.drain(server.url, HERE, pool=pool_name)
            assert (end.left, end.held) == ((), 0)
            await wait_until(lambda: all(w.state == State.DRAINED for w in pool.workers), 10, "they are kept down")
            assert all(w.pid is None and w.restarts == 0 and not w.reason for w in pool.workers)
            tickets += [await client.submit(rollout(f"The answer is {n}.", 1000 + n)) for n in range(100)]
            [shown] = [h for h in hosts_of(await side.workers(), await read_hosts(side)) if h.host == HERE]
            assert (shown.drain, shown.workers, shown.held) == ("drained", {}, 0) and shown.drain_by.startswith(HERE)
            stop.set()
            await run
        async with Pool(of(pool_name), redis_url=server.url, directory=tmp_path) as pool:
            stop = asyncio.Event()
            run = asyncio.create_task(pool.run(stop))
            await wait_until(lambda: all(w.state == State.DRAINED for w in pool.workers), 10, "it finds the mark")
            assert not any(ticket.done for ticket in tickets[300:])
            assert await drain.undrain(server.url, HERE, pool=pool_name)
            rewards = await asyncio.gather(*tickets)
            stop.set()
            await run
    assert len({r.rollout_id for r in rewards}) == 400 and {r.status for r in rewards} == {Status.OK}
    assert not (await side.status()).stats.get("late")


async def test_a_program_whose_gate_closes_is_drained_and_comes_back(
    server: EmbeddedServer, side: OperatorApi, pool_name: str, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(config(rule=1), broker=BrokerConfig(pool=pool_name))
    pool = Pool(settings, redis_url=server.url, directory=tmp_path, commands=script(GOOD))
    async with running(pool):
        [first] = pool.workers
        await set_drain(side, HERE, is_draining=True)
        await wait_until(lambda: pool.workers[0].state == State.DRAINED, 10, "it is down")
        assert "drained" in log_of(pool) and is_gone(first.pid or 0)
        # A broker that lost the mark learns it again from the host that goes by it.
        mark = await read_mark(side, HERE)
        await side.command("DEL", side.keys.meta)

        async def is_known_again() -> bool:
            return await read_mark(side, HERE) == mark

        await wait_until(is_known_again, 10, "the mark is back")
        assert pool.workers[0].state == State.DRAINED
        await set_drain(side, HERE, is_draining=False)
        await wait_until(lambda: pool.workers[0].state == State.RUNNING, 10, "it is back")
        await wait_until(lambda: "hello" in log_of(pool), 10, "it speaks again")
        assert pool.workers[0].restarts == 0


async def test_a_host_between_two_starts_of_its_worker_is_known_and_still_the_last_of_its_stage(
    server: EmbeddedServer, pool_name: str, side: OperatorApi
) -> None:
    worker, stop = (
        Worker(server.url, Config(broker=BrokerConfig(pool=pool_name)), ScriptedVerifier("rule")),
        asyncio.Event(),
    )

    async def is_ready() -> bool:
        return [w.state for w in await side.workers()] == ["ready"]

    run = asyncio.create_task(worker.run(stop))
    await wait_until(is_ready, 10, "it is ready")
    stop.set()
    await run
    assert await side.workers() == []
    assert not await drain.undrain(server.url, HERE, pool=pool_name)
    with pytest.raises(DrainError, match="no other host has a live worker for rule"):
        await drain.drain(server.url, HERE, pool=pool_name)
    assert (await drain.drain(server.url, HERE, pool=pool_name, force=True)).left == ()
    assert HERE in (await read_hosts(side)).draining


@pytest.mark.parametrize("stays", [True, False])
async def test_a_drain_that_somebody_takes_back_is_no_success(
    server: EmbeddedServer, pool_name: str, side: OperatorApi, *, stays: bool
) -> None:
    """The worker is gone at once, or works again: in both cases its host is not drained."""
    await beat(server, pool_name, "node", "rule")
    waiting = asyncio.create_task(drain.drain(server.url, "node", pool=pool_name, force=True, wait_s=30))

    async def is_marked() -> bool:
        return "node" in (await read_hosts(side)).draining

    await wait_until(is_marked, 10, "the mark stands")
    assert await drain.undrain(server.url, "node", pool=pool_name)
    if not stays:
        async with WorkerApi(server.url, BrokerConfig(pool=pool_name)) as link:
            await link.depart("rule", "rule-node", "node")
    with pytest.raises(DrainError, match=f"node is not drained: {HERE} .* work again meanwhile"):
        await waiting


class Unopened(ScriptedVerifier):
    """Notes whether it was opened."""

    is_open = False

    async def __aenter__(self) -> Self:
        self.is_open = True
        return self


async def test_a_worker_that_starts_on_a_drained_host_waits_and_loads_nothing(
    server: EmbeddedServer, pool_name: str, side: OperatorApi
) -> None:
    await set_drain(side, HERE, is_draining=True)
    verifier, stop = Unopened("rule"), asyncio.Event()
    worker = Worker(server.url, Config(broker=BrokerConfig(pool=pool_name)), verifier)

    async def shows(state: str) -> bool:
        return [w.state for w in await side.workers()] == [state]

    async with RewardClient(server.url, run_id="run", pool=pool_name, deadline_s=60) as client:
        ticket = await client.submit(rollout("rule:correct"))
        run = asyncio.create_task(worker.run(stop))
        await wait_until(lambda: shows("drained"), 10, "it says that it waits")
        assert not worker.is_starting and not verifier.is_open
        assert (await drain.drain(server.url, HERE, pool=pool_name)).left == ()
        await drain.undrain(server.url, HERE, pool=pool_name)
        assert (await ticket).value == 1.0
        await set_drain(side, HERE, is_draining=True)
        await asyncio.wait_for(worker.host.leaving.wait(), 10)
        stop.set()
        await run
    assert await side.workers() == []


@pytest.mark.slow
async def test_a_change_of_settings_does_not_wait_for_a_drained_host(
    server: EmbeddedServer, pool_name: str, side: OperatorApi, tmp_path: Path
) -> None:
    stop = asyncio.Event()
    async with Pool(of(pool_name), redis_url=server.url, directory=tmp_path) as pool:
        run = asyncio.create_task(pool.run(stop))

        async def is_up() -> bool:
            return sum(w.state == "ready" for w in await side.workers()) == 3

        await wait_until(is_up, 60, "the workers are ready")
        await drain.drain(server.url, HERE, pool=pool_name, force=True)
        agreed = await settings_control.change(server.url, {"tinyv.weight": 0.5}, pool=pool_name, wait_s=20)
        await drain.undrain(server.url, HERE, pool=pool_name)
        await wait_until(is_up, 60, "they are back")
        assert {w.about["settings_version"] for w in await side.workers()} == {str(agreed.version)}
        stop.set()
        await run
