"""A pool of several shards, here on one server: what a cluster does with it, without the wait for a cluster."""

import asyncio
from pathlib import Path

import pytest
from load import assert_nothing_stays, streaming, workers
from scripted_verifier import ScriptedVerifier
from servers import Node, free_ports, running
from stream_kit import rollout, workers_beat
from tinyv_stream_workers.verifier import Finding
from tinyv_stream_workers.worker import Worker

from tinyv_stream import RewardClient, Status
from tinyv_stream.broker.messages import Work, encode, shard_of, work_of
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.preflight import preflight
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.broker.sharded import Shards
from tinyv_stream.broker.trainer import FULL, TrainerApi
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.errors import BrokerError, BrokerUnavailableError, UnsupportedServerError
from tinyv_stream.testing import EmbeddedServer, wait_until
from tinyv_stream.types import Reward, Source


@pytest.fixture
async def broker(server: EmbeddedServer, pool_name: str) -> BrokerConfig:
    config = BrokerConfig(pool=pool_name, lease_s=5.0, shards=3)
    async with ShardClient(server.url, config) as first:  # or a client might open the pool, and settle for one shard
        assert first.shards == 3
    return config


def spread_works(count: int) -> list[Work]:
    """Return works, as a client makes them, of different questions."""
    return [work_of(rollout("x", n), run_id="run", client_id="c") for n in range(count)]


def test_the_shard_follows_from_question_and_ground_truth_alone() -> None:
    same = [work_of(rollout(f"text {n}", n, question="same"), run_id="run", client_id="c") for n in range(50)]
    assert len({shard_of(work.uid, 6) for work in same}) == 1
    assert len({work.uid for work in same}) == 50
    per_shard = [0] * 6
    for work in spread_works(3000):
        per_shard[shard_of(work.uid, 6)] += 1
    assert min(per_shard) > 350, per_shard  # 500 each, four standard deviations and more off
    # A name that no client made has a shard as well.
    assert {shard_of(uid, 3) in range(3) for uid in ("", "#", "run/r", "a#b#", "run/ü#1")} == {True}


async def test_every_shard_is_worked_on_and_left_empty(server: EmbeddedServer, broker: BrokerConfig) -> None:
    async with workers(server.url, broker):
        # Its own settings do not say how many shards there are: the pool does.
        async with RewardClient(server.url, run_id="run", pool=broker.pool) as client:
            async with streaming(client) as account:
                await account.until(300, "rewards")
            account.assert_each_has_its_one_reward()
            await assert_nothing_stays(server.url, broker)
        async with OperatorApi(server.url, BrokerConfig(pool=broker.pool)) as operator:
            await wait_until(lambda: workers_beat(operator, 4), 60, "each worker is known once")
            assert (await operator.status()).stats["submitted"] == len(account.wanted)
    async with Shards(ShardClient, server.url, broker) as links:
        counts = [int(str(await link.command("HGET", link.keys.stats, "submitted") or 0).strip("b'")) for link in links]
        assert len(counts) == 3 and all(counts)
        for link in links:
            for stage in ("rule", "tinyv"):
                assert await link.redis.xinfo_consumers(link.keys.queue(stage), "w") == []


async def test_equal_rollouts_share_one_call_also_with_shards(server: EmbeddedServer, broker: BrokerConfig) -> None:
    async with workers(server.url, broker), RewardClient(server.url, run_id="run", pool=broker.pool) as client:
        text = "rule:incorrect tinyv:correct"
        tickets = [await client.submit(rollout(text, n, question=f"q{n % 4}")) for n in range(64)]
        assert [(await ticket).value for ticket in tickets] == [1.0] * 64
        async with OperatorApi(server.url, broker) as operator:
            stats = (await operator.status()).stats
    asked = stats["by_tinyv"]
    assert asked + stats["by_cache"] == 64
    # Equal ones meet in one shard, and wait there for the first one's verdict.
    assert asked == 4


async def test_shards_share_the_slots_of_a_worker(server: EmbeddedServer, broker: BrokerConfig) -> None:
    most = 0

    class Watched(ScriptedVerifier):
        async def verify(self, work: Work) -> Finding:
            nonlocal most
            most = max(most, len(worker._inflight))
            return await super().verify(work)

    worker = Worker(server.url, Config(broker=broker), Watched("rule", slots=4, delay_s=0.005))
    stop = asyncio.Event()
    async with RewardClient(server.url, run_id="run", pool=broker.pool) as client, asyncio.TaskGroup() as tasks:
        tickets = [await client.submit(rollout("rule:correct", n)) for n in range(120)]
        tasks.create_task(worker.run(stop))
        assert [(await ticket).value for ticket in tickets] == [1.0] * 120
        stop.set()
    assert most == 4


async def test_poison_in_several_shards_runs_alone(server: EmbeddedServer, broker: BrokerConfig) -> None:
    stop, tinyv = asyncio.Event(), ScriptedVerifier("tinyv", slots=8)
    async with RewardClient(server.url, run_id="run", pool=broker.pool) as client, asyncio.TaskGroup() as tasks:
        for verifier in (ScriptedVerifier("rule"), tinyv):
            tasks.create_task(Worker(server.url, Config(broker=broker), verifier).run(stop))
        texts = ["tinyv:die"] * 4 + ["tinyv:correct"] * 40
        tickets = [await client.submit(rollout(text, n)) for n, text in enumerate(texts)]
        rewards = [await ticket for ticket in tickets]
        stop.set()
    assert len({shard_of(work.uid, 3) for work in spread_works(4)}) > 1
    assert [r.status for r in rewards] == [Status.FAILED] * 4 + [Status.OK] * 40
    assert tinyv.alone_with == {"r0", "r1", "r2", "r3"}
    async with OperatorApi(server.url, broker) as operator:
        assert {letter.uid.partition("#")[0] for letter in await operator.dead_letters()} == {
            f"run/r{n}" for n in range(4)
        }


async def test_leaving_takes_the_work_back_from_every_shard(server: EmbeddedServer, broker: BrokerConfig) -> None:
    async with Shards(ShardClient, server.url, broker):
        async with RewardClient(server.url, run_id="run", pool=broker.pool) as client:
            for n in range(30):
                await client.submit(rollout("x", n))
        async with RewardClient(server.url, run_id="run", pool=broker.pool) as client:
            ticket = await client.submit(rollout("x", 99))
            await ticket.cancel()
            assert (await ticket).status is Status.CANCELLED
    await assert_nothing_stays(server.url, broker)


async def test_the_cap_is_shared_out(server: EmbeddedServer, pool_name: str) -> None:
    config = BrokerConfig(pool=pool_name, shards=3, max_outstanding=7)
    async with Shards(TrainerApi, server.url, config) as sides:
        for side in sides:
            items = [(f"run/{n}", 60_000, b"x") for n in range(5)]
            assert (await side.submit("run", items)).count(FULL) == 2
            await side.withdraw("run", [uid for uid, _, _ in items])


async def test_dead_letters_of_all_shards_are_shown_and_retried_where_they_died(
    server: EmbeddedServer, broker: BrokerConfig
) -> None:
    given_up = Reward(rollout_id="r", value=None, status=Status.FAILED, source=Source.FALLBACK, reason="poison")
    works = spread_works(12)
    async with (
        Shards(TrainerApi, server.url, broker) as trainers,
        Shards(WorkerApi, server.url, broker) as sides,
        OperatorApi(server.url, broker) as operator,
    ):
        for work in works:
            side = trainers[shard_of(work.uid, 3)]
            await side.submit("run", [(work.uid, 60_000, encode(work))])
        for side in sides:
            for delivery in await side.claim("rule", "w", count=12, block_s=0):
                await side.dead_letter("rule", "w", delivery, given_up)
        letters = await operator.dead_letters()
        assert len({letter.entry for letter in letters}) == 12
        assert {letter.uid for letter in letters} == {work.uid for work in works}
        assert len(await operator.dead_letters(5)) == 5
        for letter in letters:
            assert await operator.revive(letter, client_id="again", deadline_s=60)
        assert (await operator.status()).depth["rule"] == 12
        for work in works:
            assert await trainers[shard_of(work.uid, 3)].check("run", [work.uid]) != [0]
            await trainers[shard_of(work.uid, 3)].withdraw("run", [work.uid])


async def test_the_first_word_about_shards_stands(
    server: EmbeddedServer, pool_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    for asked, given in ((2, 2), (5, 2), (0, 2)):
        async with ShardClient(server.url, BrokerConfig(pool=pool_name, shards=asked)) as link:
            assert link.shards == given
    assert [line for line in caplog.messages if "shards" in line] == ["the pool has 2 shards, not 5 as configured"]
    # A pool that was lost and begun again with another number is not served by who knew the old one.
    async with ShardClient(server.url, BrokerConfig(pool=pool_name)) as link:
        await link.command("DEL", link.keys.meta, link.keys.queue("rule"), link.keys.queue("tinyv"))
        async with ShardClient(server.url, BrokerConfig(pool=pool_name, shards=4)):
            pass
        with pytest.raises(BrokerError, match="has 4 shards now, and had 2: start again"):
            await link.create_queues()


async def test_a_server_of_another_kind_is_refused_with_the_right_url_form(tmp_path: Path) -> None:
    plain, clustered, watching = free_ports(3)
    node = Node(tmp_path, clustered, "cluster-enabled yes\n")
    sentinel = Node(tmp_path, watching, f"sentinel monitor mine 127.0.0.1 {plain} 1\n", sentinel=True)
    single = Node(tmp_path, plain)
    cases = {
        f"redis://{node.place}": "use redis\\+cluster://",
        f"redis://{sentinel.place}": "use redis\\+sentinel://",
        f"redis+cluster://{single.place}": "not in cluster mode; use redis://",
    }
    async with running([single, node, sentinel]):
        for url, said in cases.items():
            async with connect(url) as r:
                with pytest.raises(UnsupportedServerError, match=said):
                    await preflight(r, url)
        for url, said in {
            f"redis+sentinel://{sentinel.place}/other": "knows none",
            f"redis+sentinel://{single.place}/mine": "nobody names a primary",
            f"redis+cluster://{node.place}": "nobody names a primary",  # no slots were given to it
        }.items():
            async with connect(url) as r:
                with pytest.raises(BrokerUnavailableError, match=said):
                    await preflight(r, url)
        await node.tell("CLUSTER", "ADDSLOTSRANGE", 0, 16383)

        async def is_up() -> bool:
            return "cluster_state:ok" in (await node.tell("CLUSTER", "INFO")).decode()

        await wait_until(is_up, 60, "the one-node cluster is up")
        url = f"redis+cluster://127.0.0.1:1,{node.place}"
        async with ShardClient(url, BrokerConfig()) as link:  # one that is down is passed over
            assert (link.server.primaries, link.shards) == (1, 1)
