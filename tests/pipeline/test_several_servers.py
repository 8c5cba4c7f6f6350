"""One pool on several servers that are no cluster: one order for all, one set of settings, no pool in two halves."""

import asyncio
import contextlib
import random
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest
from scripted_verifier import ScriptedVerifier
from stream_kit import rollout
from tinyv_stream_workers.worker import Worker

from tinyv_stream import InvalidInputError, RewardClient, Status
from tinyv_stream.broker import server_set
from tinyv_stream.broker.acl import ROLES, acl_rules
from tinyv_stream.broker.messages import shard_of, work_of
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.settings import agree, settle
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.broker.sharded import Shards
from tinyv_stream.client.ticket import Ticket
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, RuleConfig, TinyVConfig
from tinyv_stream.control import drain
from tinyv_stream.control import settings as settings_control
from tinyv_stream.errors import BrokerError, BrokerUnavailableError
from tinyv_stream.pool import Pool
from tinyv_stream.testing import EmbeddedServer, wait_until

LONG_S = 240.0
"""A deadline that only a lost rollout misses."""


@contextlib.asynccontextmanager
async def servers(count: int) -> AsyncGenerator[list[EmbeddedServer]]:
    async with contextlib.AsyncExitStack() as stack:
        found = [EmbeddedServer(maxmemory_mb=64) for _ in range(count)]
        for one in found:
            await one.start()
            stack.push_async_callback(one.stop)
        yield found


@pytest.fixture
async def two() -> AsyncGenerator[list[EmbeddedServer]]:
    async with servers(2) as found:
        yield found


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process that has seen no set of servers."""
    monkeypatch.setattr(server_set, "_known", {})


def listed(some: Sequence[EmbeddedServer]) -> str:
    return ",".join(one.url for one in some)


def of(name: str) -> BrokerConfig:
    return BrokerConfig(pool=name, lease_s=1.0)


@contextlib.asynccontextmanager
async def working(url: str, broker: BrokerConfig) -> AsyncGenerator[list[ScriptedVerifier]]:
    stop, verifiers = asyncio.Event(), [ScriptedVerifier("rule"), ScriptedVerifier("tinyv")]
    async with asyncio.TaskGroup() as tasks:
        for verifier in verifiers:
            tasks.create_task(Worker(url, Config(broker=broker), verifier, grace_s=5.0).run(stop))
        try:
            yield verifiers
        finally:
            stop.set()


async def test_rollouts_are_spread_and_equal_ones_meet_whatever_order_the_servers_are_given_in(
    two: list[EmbeddedServer],
) -> None:
    broker = of("spread")
    async with (
        working(listed(two), broker) as (_, tinyv),
        RewardClient(listed(two[::-1]), run_id="run", pool=broker.pool, deadline_s=LONG_S) as client,
    ):
        texts = [(f"tinyv:correct {n % 40}", n) for n in range(400)]
        tickets = [await client.submit(rollout(text, n, question=f"q{n % 40}")) for text, n in texts]
        rewards = await asyncio.gather(*tickets)
        async with OperatorApi(listed(two), broker) as operator:
            status = await operator.status()
            each = [await side.status_here() for side in operator.sides]
    assert len({r.rollout_id for r in rewards}) == 400 and {(r.status, r.value) for r in rewards} == {(Status.OK, 1.0)}
    assert status.stats["submitted"] == 400 and [bool(one.stats["submitted"]) for one in each] == [True, True]
    assert len(tinyv.asked) == 40, "of equal rollouts one asks, on whichever server"
    assert all(worker.host == each[0].workers[0].host for one in each for worker in one.workers)


async def test_a_server_that_is_away_holds_up_its_own_rollouts_only(two: list[EmbeddedServer]) -> None:
    broker = of("away")
    url = listed(two)
    async with (
        working(url, broker),
        RewardClient(url, run_id="run", pool=broker.pool, deadline_s=LONG_S) as client,
        contextlib.AsyncExitStack() as stack,
    ):
        async with Shards(ShardClient, url, broker) as links:
            [victim] = [s for s in two if s.url == links[0]._seat.url]
        numbers = iter(range(100_000))

        async def submit(shard: int, many: int) -> list[Ticket]:
            found: list[Ticket] = []
            while len(found) < many:
                one = rollout("rule:correct", next(numbers))
                if shard_of(work_of(one, run_id="run", client_id="c").uid, 2, is_server=True) == shard:
                    found.append(await client.submit(one))
            return found

        operator = await stack.enter_async_context(OperatorApi(url, broker))
        for shard in (0, 1):  # the first, which has the settings, and then the other
            tickets = await submit(0, 5) + await submit(1, 5)
            assert {(await ticket).value for ticket in tickets} == {1.0}
            victim.kill()
            sending = asyncio.create_task(submit(shard, 5))
            async with asyncio.timeout(120):
                assert [(await ticket).value for ticket in await submit(1 - shard, 30)] == [1.0] * 30
            assert not sending.done() or not any(ticket.done for ticket in sending.result())
            status = await operator.status()
            assert status.away == (victim.url,) and status.stats["submitted"] > 30
            await victim.start()
            assert [(await ticket).value for ticket in await sending] == [1.0] * 5
            assert (await operator.status()).away == ()
            [victim] = [s for s in two if s is not victim]


async def test_a_list_that_is_not_the_pools_is_refused_by_what_is_wrong_with_it() -> None:
    async def opened(url: str) -> None:
        server_set._known.clear()
        await ShardClient(url, of("p")).__aenter__()

    async with servers(4) as (a, b, c, d):
        async with ShardClient(listed([a, b]), of("p")):
            pass
        for url, why in (
            (a.url, "on 2 servers, this is one"),
            (b.url, "on 2 servers, this is one"),
            (listed([a, b, c]), "on 2 servers, 3 are named"),
            (listed([a, a]), "name each server once"),
            (f"{a.url},{a.url}?db=0", "two of these lead to one server"),
            (f"{a.url},redis+cluster://h:1", "a cluster spreads a pool by itself"),
        ):
            with pytest.raises(InvalidInputError, match=why):
                await opened(url)
        for strange in (listed([a, c]), listed([c, b])):  # no third server takes the place of one that lives
            with pytest.raises(BrokerUnavailableError, match="it knows nothing of pool p, which is on 2 servers"):
                await opened(strange)
        async with ShardClient(listed([c, d]), of("p")):
            pass
        with pytest.raises(InvalidInputError, match="belong to different pools named p"):
            await opened(listed([b, c]))


async def test_a_pool_of_one_server_does_not_become_half_of_another(two: list[EmbeddedServer]) -> None:
    a, b = two
    async with ShardClient(b.url, of("p")):
        pass
    with pytest.raises(InvalidInputError, match="it has a pool p of its own"):
        await ShardClient(listed([a, b]), of("p")).__aenter__()


async def test_of_many_first_starts_at_once_all_see_one_order() -> None:
    dice = random.Random(7)
    async with servers(3) as some:

        async def start() -> tuple[str, ...]:
            order = dice.sample(some, 3)
            return tuple(seat.url for seat in await server_set._settle(tuple(s.url for s in order), "race"))

        orders = await asyncio.gather(*(start() for _ in range(12)))
    assert len(set(orders)) == 1


async def test_one_set_of_settings_holds_over_all_servers_and_is_learned_again(two: list[EmbeddedServer]) -> None:
    broker = of("settings")
    half, quarter = (Config(broker=broker, tinyv=TinyVConfig(weight=weight)) for weight in (0.5, 0.25))
    async with ShardClient(listed(two), broker) as first:
        ours, agreed = await agree(first, half)
        server_set._known.clear()
        async with ShardClient(listed(two[::-1]), broker) as other:
            assert other._seat == first._seat
            with pytest.raises(InvalidInputError, match=r"tinyv\.weight"):
                await agree(other, quarter)
            assert (await agree(other, Config(broker=broker)))[0].tinyv.weight == ours.tinyv.weight
            await other.command("DEL", other.keys.meta)
            # Whoever works by them tells a server that lost them, with their version.
            await settle(first, agreed.settings, version=agreed.version, tag=agreed.tag)
            assert (await settle(other, {}, version=-1)).settings == agreed.settings


@pytest.mark.slow
async def test_a_pool_of_processes_changes_its_settings_and_drains_over_all_servers(
    two: list[EmbeddedServer], tmp_path: Path
) -> None:
    url, name, stop = listed(two), "whole", asyncio.Event()
    settings = Config(
        broker=of(name),
        rule=RuleConfig(workers=1),
        tinyv=TinyVConfig(workers=1, weight=0.5, engine=EngineConfig(kind="scripted")),
    )
    rescued = "The answer is \\boxed{twelve [[true]]}."

    async with OperatorApi(url, of(name)) as operator:

        async def is_up() -> bool:
            return [w.state for w in await operator.workers()] == ["ready"] * 2

        async with (
            Pool(settings, redis_url=url, directory=tmp_path) as pool,
            RewardClient(listed(two[::-1]), run_id="run", pool=name, deadline_s=LONG_S) as client,
        ):
            run = asyncio.create_task(pool.run(stop))
            await wait_until(is_up, 60, "the workers are ready")
            first = [await (await client.submit(rollout(rescued, n, question=f"q{n}"))) for n in range(20)]
            await settings_control.change(listed(two[::-1]), {"tinyv.weight": 0.25}, pool=name)
            second = [await (await client.submit(rollout(rescued, n, question=f"q{n}"))) for n in range(20, 40)]
            host = socket.gethostname()
            await drain.drain(listed(two[::-1]), host, pool=name, force=True)
            held = [await client.submit(rollout(rescued, n, question=f"q{n}")) for n in range(40, 60)]
            assert await operator.workers() == []
            await drain.undrain(url, host, pool=name)
            third = [await ticket for ticket in held]
            stop.set()
            await run
        each = [(await side.status_here()).stats["submitted"] for side in operator.sides]
    assert [{(r.value, r.settings_version) for r in some} for some in (first, second, third)] == [
        {(0.5, 1)},
        {(0.25, 2)},
        {(0.25, 2)},
    ]
    assert sum(each) == 60 and min(each) > 10


async def test_each_role_s_least_rights_are_enough_for_several_servers(two: list[EmbeddedServer]) -> None:
    for one in two:
        async with connect(one.url) as r:
            for role in ROLES:
                await r.execute_command("ACL", "SETUSER", role, "on", ">secret", *acl_rules(role, "least"))
    for role in ("trainer", "worker", "operator", "trainer"):  # the first settles the servers, whoever it is
        url = ",".join(f"{one.url}?username={role}&password=secret" for one in two)
        async with Shards(ShardClient, url, of("least")) as links:
            assert [link.shards for link in links] == [2, 2]


async def wipe(*urls: str) -> None:
    for url in urls:
        async with connect(url) as r:
            await r.flushall()


@pytest.mark.parametrize("shard", [0, 1])
async def test_a_server_that_lost_everything_is_taken_back_in_its_place(two: list[EmbeddedServer], shard: int) -> None:
    broker = of("lost")

    async def start() -> list[server_set.ServerSeat]:
        server_set._known.clear()
        async with Shards(ShardClient, listed(two[::-1]), broker) as links:
            return [link._seat for link in links]

    seats = await start()
    async with Shards(ShardClient, listed(two), broker) as links:
        await wipe(seats[shard].url)
        with pytest.raises(BrokerUnavailableError, match="if it lost its data"):
            await start()
        await links[shard].create_queues()  # what a link does that finds its queue gone
        assert await start() == seats
        await wipe(*(seat.url for seat in seats))
        await start()  # others begin anew
        with pytest.raises(BrokerError, match="begun anew on other servers: start again"):
            await links[shard].create_queues()


def cli(*words: str) -> tuple[int, str]:
    command = [sys.executable, "-P", "-m", "tinyv_stream", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


@pytest.mark.parametrize("shard", [0, 1])
async def test_an_operator_takes_a_server_back_where_nothing_runs(two: list[EmbeddedServer], shard: int) -> None:
    async with Shards(ShardClient, listed(two), of("lost")) as links:
        seats = [link._seat for link in links]
    await wipe(seats[shard].url)
    words = ("pool", "readmit", "--redis", listed(two), "--pool", "lost")
    (code, said), again = [await asyncio.to_thread(cli, *words) for _ in range(2)]
    assert code == 0 and said.startswith("1 servers taken back") and again == (0, "0 servers taken back")
    assert ("set again what was set: `tinyv-stream pool set`, `drain`" in said.lower()) is (shard == 0)
    server_set._known.clear()
    async with Shards(ShardClient, listed(two), of("lost")) as links:
        assert [link._seat for link in links] == seats
