"""A pool on a real Ray cluster: placed, killed in its parts, drained; each rollout has one reward all the same."""

import asyncio
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from ray.cluster_utils import Cluster
from ray_kit import assert_each_was_rescued, config, gone, kill, pool_on, ready, rewards, rollout, views

from tinyv_stream import RewardClient
from tinyv_stream.broker.hosts import read_hosts
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, TinyVConfig
from tinyv_stream.scale.plan import PlacementError, RayPlan
from tinyv_stream.scale.ray_pool import RayPool
from tinyv_stream.testing import EmbeddedServer, wait_until, wait_until_sync
from tinyv_stream.types import Stage

pytestmark = pytest.mark.timeout(300)

TOML = '[broker]\nlease_s = 3.0\n[tinyv.engine]\nkind = "scripted"\n'


def command(*args: str, url: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "TINYV_REDIS_URL": url}
    whole = [sys.executable, "-m", "tinyv_stream", *args]
    return subprocess.run(whole, env=env, capture_output=True, text=True, check=False, timeout=200)


async def test_up_and_down_by_the_command(cluster: str, broker: EmbeddedServer, pool_name: str, tmp_path: Path) -> None:
    (tmp_path / "tinyv.toml").write_text(TOML)
    where = ("--on", "ray", "--address", cluster, "--pool", pool_name)
    config = ("--config", str(tmp_path / "tinyv.toml"))
    done = command("up", *where, *config, "--tinyv-workers", "1:2", url=broker.url)
    assert done.returncode == 0, done.stdout + done.stderr
    # The driver that started it is gone, and the pool is not.
    await ready(broker, pool_name, 2)
    assert_each_was_rescued(await rewards(broker, pool_name, 30), 30)
    found = command("status", *where, "--json", url=broker.url)
    assert found.returncode == 0 and json.loads(found.stdout)["wanted"] == {"rule": 1, "tinyv": 1}
    seats = views(RayPool(pool_name).look())
    worker = psutil.Process(seats["tinyv-1"].worker_pid)
    assert "secret" not in " ".join(worker.cmdline()) and broker.url not in " ".join(worker.cmdline())
    assert not [name for name in worker.environ() if name.startswith("RAY_")]
    done = command("down", *where, url=broker.url)
    assert done.returncode == 0, done.stdout + done.stderr
    for seat in seats.values():
        gone(seat.worker_pid)
    async with OperatorApi(broker.url, BrokerConfig(pool=pool_name)) as link:
        assert (await read_hosts(link)).wanted == {}
    with pytest.raises(PlacementError, match=pool_name):
        RayPool(pool_name).look()


async def test_seat_and_keeper_may_be_killed(cluster: str, broker: EmbeddedServer, pool_name: str) -> None:
    with pool_on(broker, pool_name) as pool:
        await ready(broker, pool_name, 2)
        before = views(pool.look())
        kill(before["tinyv-1"].pid)
        gone(before["tinyv-1"].worker_pid)  # it does not outlive its seat
        assert_each_was_rescued(await rewards(broker, pool_name, 50), 50)
        keeper = next(p.pid for p in psutil.process_iter() if "KeeperActor" in " ".join(p.cmdline()))
        kill(keeper)
        wait_until_sync(lambda: answers(pool), 90, "the keeper is back")
        wait_until_sync(lambda: len(views(pool.look())) == 2, 60, "it found the seats")
        after = views(pool.look())
        assert after["rule-1"].worker_pid == before["rule-1"].worker_pid, "a seat is untouched by its keeper's death"
        assert pool.look().wanted == {"rule": 1, "tinyv": 1}
    assert not [seat for seat in after.values() if seat.worker_pid and psutil.pid_exists(seat.worker_pid)]


async def test_a_dead_node_is_replaced_by_another(nodes: Cluster, broker: EmbeddedServer, pool_name: str) -> None:
    """Its raylet is killed, and with it the seats there; Ray starts them again where there is room."""
    doomed = nodes.add_node(num_cpus=3, num_gpus=1, object_store_memory=80_000_000)
    nodes.wait_for_nodes()
    try:
        with pool_on(broker, pool_name, tinyv_workers=(3, 3)) as pool:
            await ready(broker, pool_name, 4)
            there = {name: seat for name, seat in views(pool.look()).items() if seat.node == doomed.node_id}
            assert there, "seats are spread"
            async with RewardClient(broker.url, run_id="r", client_id="c", pool=pool_name) as client:
                tickets = [await client.submit(rollout(f"node {n}")) for n in range(500)]
                nodes.remove_node(doomed, allow_graceful=False)
                for seat in there.values():
                    gone(seat.worker_pid)
                assert_each_was_rescued([await ticket for ticket in tickets], 500)
            wait_until_sync(lambda: has_moved(pool, doomed.node_id), 120, "all seats are elsewhere")
    finally:
        if doomed in nodes.worker_nodes:
            nodes.remove_node(doomed)


def has_moved(pool: RayPool, node: str) -> bool:
    seats = views(pool.look())
    return len(seats) == 4 and all(seat.node != node and seat.worker_pid for seat in seats.values())


async def test_a_dead_worker_comes_back_in_its_seat(cluster: str, broker: EmbeddedServer, pool_name: str) -> None:
    with pool_on(broker, pool_name) as pool:
        await ready(broker, pool_name, 2)
        before = views(pool.look())["rule-1"]
        kill(before.worker_pid or 0)
        wait_until_sync(lambda: views(pool.look())["rule-1"].restarts == 1, 60, "it was restarted")
        after = views(pool.look())["rule-1"]
        assert after.pid == before.pid and "SIGKILL" in after.reason
        assert_each_was_rescued(await rewards(broker, pool_name, 20), 20)


async def test_sigterm_to_a_seat_drains_its_worker(cluster: str, broker: EmbeddedServer, pool_name: str) -> None:
    with pool_on(broker, pool_name) as pool:
        await ready(broker, pool_name, 2)
        seat = views(pool.look())["rule-1"]
        log = Path(next(f.path for f in psutil.Process(seat.worker_pid).open_files() if f.path.endswith("rule-1.log")))
        with log.open() as said:  # noqa: ASYNC230 opened before the seat that comes back puts it aside
            os.kill(seat.pid, signal.SIGTERM)
            gone(seat.worker_pid)
            assert re.search(r"drains 0 rollouts", said.read())


@pytest.mark.parametrize(("code", "said"), [(2, "exit status 2"), (None, "cannot run")])
async def test_what_no_restart_fixes_is_final(
    code: int | None, said: str, cluster: str, broker: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    refusing_python = tmp_path / "refusing_python"
    if code is not None:
        refusing_python.write_text(f"#!/bin/sh\nexit {code}\n")
        refusing_python.chmod(refusing_python.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(PlacementError, match=said), pool_on(broker, pool_name, python=str(refusing_python)):
        pass
    assert not RayPool(pool_name).exists(), "nothing of a start that failed stays"


async def test_counts_can_be_changed_while_it_runs(cluster: str, broker: EmbeddedServer, pool_name: str) -> None:
    with pool_on(broker, pool_name) as pool:
        await ready(broker, pool_name, 2)
        old = views(pool.look())
        pool.change({"rule": (1, 1), "tinyv": (2, 2)})
        await ready(broker, pool_name, 3)
        pool.change({"rule": (1, 1), "tinyv": (1, 1)})
        wait_until_sync(lambda: len(pool.look().seats) == 2, 60, "the second engine drained")
        assert views(pool.look())["tinyv-1"].worker_pid == old["tinyv-1"].worker_pid
        assert_each_was_rescued(await rewards(broker, pool_name, 20), 20)


async def test_a_second_start_waits_for_what_it_wants_not_for_what_it_takes_away(
    cluster: str, broker: EmbeddedServer, pool_name: str
) -> None:
    with pool_on(broker, pool_name, rule_workers=(0, 0)) as pool:
        await ready(broker, pool_name, 1)
        counts: dict[Stage, tuple[int, int]] = {"rule": (1, 1), "tinyv": (0, 0)}
        plan = RayPlan(url=broker.url, python=sys.executable, config=config(pool_name), counts=counts)
        found = views(pool.start(plan, wait_s=90))
        async with OperatorApi(broker.url, BrokerConfig(pool=pool_name)) as link:
            heard = {(worker.stage, worker.pid) for worker in await link.workers() if worker.state != "lost"}
        assert "rule-1" in found and ("rule", found["rule-1"].worker_pid) in heard


@pytest.mark.parametrize("listens", [False, True])
def test_a_cluster_that_is_not_there_is_told_by_the_command(
    broker: EmbeddedServer, pool_name: str, *, listens: bool
) -> None:
    """Ray itself goes on trying, with no word to the user."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if listens:  # as a port that something else has by now
            taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = command("up", "--on", "ray", "--address", address, "--pool", pool_name, url=broker.url)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"no connection to a Ray cluster at {address}" in done.stderr and "ray start --head" in done.stderr


async def test_a_backlog_gets_a_second_engine(
    cluster: str, broker: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYV_SCRIPTED_DELAY_S", "0.5")
    slow = EngineConfig(kind="scripted", max_num_seqs=4)
    settings = Config(broker=BrokerConfig(pool=pool_name), tinyv=TinyVConfig(engine=slow))
    with pool_on(broker, pool_name, config=settings, tinyv_workers=(1, 2)) as pool:
        await ready(broker, pool_name, 2)
        async with RewardClient(broker.url, run_id="r", client_id="c", pool=pool_name) as client:
            tickets = [await client.submit(rollout(f"backlog {n}")) for n in range(2_000)]
            await wait_until(lambda: pool.look().wanted["tinyv"] == 2, 120, "a second engine is wanted")
            await ready(broker, pool_name, 3)
            assert "tinyv: 1 -> 2" in " ".join(pool.look().events)
            async with OperatorApi(broker.url, BrokerConfig(pool=pool_name)) as link:
                assert (await read_hosts(link)).wanted[f"ray:{pool_name}"]["tinyv"].count == 2
            await asyncio.gather(*(ticket.cancel() for ticket in tickets))


def answers(pool: RayPool) -> bool:
    try:
        pool.look()
    except PlacementError:
        return False
    return True
