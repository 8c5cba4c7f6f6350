"""The primary is killed under load, and with it what its replica had not got: the trainer notices nothing of it.

Replication is asynchronous, so a failover can lose what was acknowledged. Here it is made to: the replica is cut off
first. What was lost is what the client's ledger sends again.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from certificates import two_authorities
from load import LONG_S, assert_nothing_stays, streaming, workers
from redis.exceptions import ResponseError
from servers import START_S, Cluster, Node, Sentinels

from tinyv_stream import RewardClient
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.broker.sharded import Shards
from tinyv_stream.config import BrokerConfig
from tinyv_stream.testing import wait_until

BROKER = BrokerConfig(pool="failover", lease_s=5.0)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def cut_off(replica: Node) -> None:
    """Let the replica get nothing more from its primary, and stay a candidate."""
    await replica.tell("CONFIG", "SET", "masterauth", "wrong")
    await replica.tell("CLIENT", "KILL", "TYPE", "master")

    async def is_cut_off() -> bool:
        return await replica.info("master_link_status") == "down"

    await wait_until(is_cut_off, START_S, "the replica is cut off")


async def fail_over(primary: Node, replica: Node, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Stream, cut the replica off, stream on, kill the primary, stream on; each rollout has its one right reward."""
    async with workers(url, BROKER), RewardClient(url, run_id="run", pool=BROKER.pool, deadline_s=LONG_S) as client:
        async with streaming(client) as account:
            await account.until(200, "rewards before the fault")
            await cut_off(replica)
            await account.until(300, "rewards that the replica does not know of")
            primary.kill()
            await wait_until(lambda: is_primary(replica), START_S, "the replica is promoted")
            await account.until(500, "rewards after the failover")
        account.assert_each_has_its_one_reward()
        await assert_nothing_stays(url, BROKER)
    assert any("the broker lost rollouts" in line for line in caplog.messages), "nothing was lost: a weaker test"


async def hand_over(replica: Node, ask: Callable[[], Awaitable[object]], url: str) -> None:
    """Stream while the replica becomes the primary and the primary its replica: it lives on, and refuses writes."""

    async def has_taken_over() -> bool:
        if not await is_primary(replica):
            with contextlib.suppress(ResponseError):  # it is under way, or they are not ready to
                await ask()
        return await is_primary(replica)

    async with workers(url, BROKER), RewardClient(url, run_id="run", pool=BROKER.pool, deadline_s=LONG_S) as client:
        async with streaming(client) as account:
            await account.until(200, "rewards before")
            await wait_until(has_taken_over, 2 * START_S, "the replica has taken over")
            await account.until(500, "rewards after")
        account.assert_each_has_its_one_reward()
        await assert_nothing_stays(url, BROKER)


async def is_primary(node: Node) -> bool:
    return await node.info("role") == "master"


async def test_a_sentinel_failover_that_loses_writes_costs_no_reward(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    topology = Sentinels(tmp_path)
    with caplog.at_level(logging.WARNING):
        async with topology.running():
            await fail_over(topology.primary, topology.replica, topology.url, caplog)


async def test_a_primary_that_hangs_through_its_failover_costs_no_reward(tmp_path: Path) -> None:
    topology = Sentinels(tmp_path)
    url = topology.url
    async with (
        topology.running(),
        workers(url, BROKER),
        RewardClient(url, run_id="run", pool=BROKER.pool, deadline_s=LONG_S) as client,
    ):
        async with streaming(client) as account:
            await account.until(200, "rewards before the fault")
            topology.primary.hang()
            await wait_until(lambda: is_primary(topology.replica), START_S, "the replica is promoted")
            await account.until(300, "rewards after the failover")
            topology.primary.go_on()
            await wait_until(lambda: is_replica(topology.primary), 2 * START_S, "the old primary is a replica")
            await account.until(300, "rewards after its return")
        account.assert_each_has_its_one_reward()
        await assert_nothing_stays(url, BROKER)


async def is_replica(node: Node) -> bool:
    return await node.info("role") == "slave"


async def test_a_cluster_failover_that_loses_writes_costs_no_reward(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    topology = Cluster(tmp_path)
    with caplog.at_level(logging.WARNING):
        async with topology.running():
            victim = await owner_of_first_shard(topology)
            replica = topology.replicas[topology.primaries.index(victim)]
            await fail_over(victim, replica, topology.url, caplog)


async def test_a_hand_over_to_the_replica_costs_no_reward_with_sentinels(tmp_path: Path) -> None:
    topology = Sentinels(tmp_path)
    async with topology.running():
        first = topology.sentinels[0]
        await hand_over(topology.replica, lambda: first.tell("SENTINEL", "FAILOVER", "mine"), topology.url)


async def test_a_hand_over_to_the_replica_costs_no_reward_on_a_cluster(tmp_path: Path) -> None:
    topology = Cluster(tmp_path)
    async with topology.running():
        victim = await owner_of_first_shard(topology)
        replica = topology.replicas[topology.primaries.index(victim)]
        await hand_over(replica, lambda: replica.tell("CLUSTER", "FAILOVER"), topology.url)


async def test_a_sentinel_failover_over_tls_costs_no_reward(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    topology = Sentinels(tmp_path, tls=two_authorities(tmp_path) / "ours")
    with caplog.at_level(logging.WARNING):
        async with topology.running():
            await fail_over(topology.primary, topology.replica, topology.url, caplog)


async def test_a_cluster_failover_over_tls_costs_no_reward(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    topology = Cluster(tmp_path, tls=two_authorities(tmp_path) / "ours")
    with caplog.at_level(logging.WARNING):
        async with topology.running():
            victim = await owner_of_first_shard(topology)
            replica = topology.replicas[topology.primaries.index(victim)]
            await fail_over(victim, replica, topology.url, caplog)


async def owner_of_first_shard(topology: Cluster) -> Node:
    async with ShardClient(topology.url, BROKER) as link:
        found = await link.redis.config_get("port", "tls-port")
        port = found.get("tls-port", "0") if found["port"] == "0" else found["port"]
    return next(node for node in topology.primaries if str(node.port) == str(port))


async def test_a_pool_is_spread_over_the_nodes_of_a_cluster(tmp_path: Path) -> None:
    topology = Cluster(tmp_path)
    async with topology.running():
        client = RewardClient(topology.url, run_id="run", pool=BROKER.pool, deadline_s=LONG_S)
        async with workers(topology.url, BROKER), client:
            async with streaming(client) as account:
                await account.until(600, "rewards")
            account.assert_each_has_its_one_reward()
            await assert_nothing_stays(topology.url, BROKER)
        async with Shards(ShardClient, topology.url, BROKER) as links:
            assert len(links) == 6
            counts = [int(await link.command("HGET", link.keys.stats, "submitted") or 0) for link in links]  # type: ignore[call-overload]
        assert sum(counts) == len(account.wanted)
        assert all(counts), f"a shard got no rollout: {counts}"


async def test_one_sentinel_that_is_down_does_not_matter(tmp_path: Path) -> None:
    topology = Sentinels(tmp_path)
    async with topology.running():
        topology.sentinels[0].kill()
        async with connect(topology.url) as r:
            assert await r.ping()
