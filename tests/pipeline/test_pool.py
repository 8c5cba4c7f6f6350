# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# redis-py is half typed.
"""The pool against real deaths. The worker programs here are small scripts: a pool knows nothing about rollouts."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import msgspec
import psutil
import pytest
import uvloop
from pool_kit import DEAF, GOOD, STUBBORN, config, is_gone, log_of, running, script

from tinyv_stream.broker.redis_client import connect
from tinyv_stream.config import Config
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.pool import Pool, State
from tinyv_stream.testing import EmbeddedServer, wait_until, wait_until_sync


async def test_a_pool_runs_what_its_config_asks_for_and_drains_it(tmp_path: Path) -> None:
    pool = Pool(config(rule=2, tinyv=1), directory=tmp_path, commands=script(GOOD))
    async with running(pool):
        workers = pool.workers
        assert [(w.name, w.stage, w.state) for w in workers] == [
            ("rule-1", "rule", State.RUNNING),
            ("rule-2", "rule", State.RUNNING),
            ("tinyv-1", "tinyv", State.RUNNING),
        ]
        assert pool.server_info is not None
        assert pool.server_info.persistence == "aof everysec"
        pids = [w.pid for w in workers if w.pid]
        assert len(set(pids)) == 3
        # Ctrl-C goes to the terminal's process group: a worker in it would die under its drain.
        assert all(os.getpgid(pid) == pid for pid in pids)
    assert all(w.state is State.STOPPED and w.pid is None and w.restarts == 0 for w in pool.workers)
    assert all("drained" in log_of(pool, w.name) for w in workers)
    assert all(is_gone(pid) for pid in pids)


async def test_workers_learn_url_and_config_by_environment_and_not_by_argv(tmp_path: Path) -> None:
    async with EmbeddedServer(tcp=True) as server:
        tell = "import json, os; print(json.dumps(dict(os.environ)))\n" + GOOD
        pool = Pool(config(), redis_url=server.url, directory=tmp_path, commands=script(tell))
        async with running(pool):
            assert pool.server is None
            env = json.loads(log_of(pool).splitlines()[0])
            assert env["TINYV_REDIS_URL"] == server.url
            assert msgspec.json.decode(env["TINYV_CONFIG"], type=Config) == config()
            assert server.url not in " ".join(psutil.Process(pool.workers[0].pid).cmdline())
        async with connect(server.url) as r:
            assert await r.echo("alive") == b"alive"


async def test_a_killed_worker_is_replaced_and_what_it_left_is_killed(tmp_path: Path) -> None:
    pool = Pool(config(), directory=tmp_path, commands=script(STUBBORN), grace_s=0.2)
    async with running(pool, said="child"):
        (before,) = pool.workers
        grandchild = int(log_of(pool).split()[1])
        assert before.pid is not None
        os.kill(before.pid, signal.SIGKILL)
        await wait_until(lambda: pool.workers[0].restarts == 1 and pool.workers[0].pid, 20, "the worker is back")
        (after,) = pool.workers
        assert after.pid != before.pid
        assert after.reason == "killed by SIGKILL"
        assert is_gone(grandchild)
        assert f"child {grandchild}" in (pool.logs / "rule-1.log.1").read_text()


def test_under_uvloop_deaths_are_noticed_too(tmp_path: Path) -> None:
    async def scene() -> None:
        pool = Pool(config(), directory=tmp_path, commands=script(GOOD))
        async with running(pool):
            os.kill(pool.workers[0].pid or 0, signal.SIGKILL)
            await wait_until(lambda: pool.workers[0].restarts == 1 and pool.workers[0].pid, 20, "the worker is back")
            await wait_until(lambda: "hello" in log_of(pool), 20, "it speaks")
        assert "drained" in log_of(pool)

    loop = uvloop.new_event_loop()
    loop.run_until_complete(scene())
    loop.close()


async def test_a_killed_server_is_replaced_with_its_data(tmp_path: Path) -> None:
    pool = Pool(config(), directory=tmp_path, commands=script(GOOD))
    async with running(pool):
        assert pool.server is not None
        url, pid, worker = pool.url, pool.server.pid, pool.workers[0].pid
        assert pid is not None
        async with connect(url) as r:
            await r.set("kept", "yes")
            await r.execute_command("WAITAOF", 1, 0, 5000)
        os.kill(pid, signal.SIGKILL)
        await wait_until(lambda: pool.server and pool.server.pid not in {None, pid}, 20, "the server is back")

        async def kept() -> bool:
            with contextlib.suppress(Exception):
                async with connect(url) as r:
                    return await r.get("kept") == b"yes"
            return False

        await wait_until(kept, 20, "it has its data")
        assert pool.url == url
        assert pool.workers[0].pid == worker


RUNNER = """
import asyncio, sys
from pathlib import Path
import msgspec
from tinyv_stream.config import Config
from tinyv_stream.pool import COMMANDS, Pool

async def main():
    directory, config, source = Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Config), sys.argv[3]
    commands = {stage: (sys.executable, "-c", source) for stage in COMMANDS} if source else COMMANDS
    async with Pool(config, directory=directory, commands=commands) as pool:
        run = asyncio.create_task(pool.run(asyncio.Event()))
        while not all(worker.pid for worker in pool.workers):
            await asyncio.sleep(0.02)
        print(pool.server.pid, *(worker.pid for worker in pool.workers), flush=True)
        await run

asyncio.run(main())
"""


@contextlib.contextmanager
def runner(directory: Path, asked: Config, source: str) -> Generator[tuple[subprocess.Popen[str], list[int]]]:
    """Another process that runs a pool; yields it and the pids of its server and workers."""
    command = [sys.executable, "-c", RUNNER, str(directory), msgspec.json.encode(asked).decode(), source]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, [int(pid) for pid in process.stdout.readline().split()]
        finally:
            process.kill()


def test_a_killed_pool_leaves_no_orphan(tmp_path: Path) -> None:
    with runner(tmp_path, config(tinyv=1), DEAF) as (process, pids):
        assert len(pids) == 3
        for log in ("rule-1.log", "tinyv-1.log"):
            wait_until_sync(lambda log=log: "deaf" in (tmp_path / "logs" / log).read_text(), 20, f"{log} has a line")
        assert not any(is_gone(pid) for pid in pids)
        process.kill()
        for pid in pids:
            wait_until_sync(lambda pid=pid: is_gone(pid), 20, f"process {pid} goes with its pool")


def test_a_killed_pool_of_real_rule_workers_leaves_no_grader(tmp_path: Path) -> None:
    with runner(tmp_path, config(), source="") as (process, pids):
        assert len(pids) == 2
        log = tmp_path / "logs" / "rule-1.log"
        wait_until_sync(lambda: "is ready" in log.read_text(), 60, "the rule worker is ready")
        family = [p.pid for p in psutil.Process(process.pid).children(recursive=True)]
        assert set(pids) < set(family)
        process.kill()
        for pid in family:
            wait_until_sync(lambda pid=pid: is_gone(pid), 20, f"process {pid} goes with its pool")


async def test_a_second_pool_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with running(Pool(config(), directory=tmp_path, commands=script(GOOD))) as _:
        with pytest.raises(InvalidInputError, match=f"process {os.getpid()} keeps its data there"):
            await Pool(config(), directory=tmp_path, commands=script(GOOD)).__aenter__()


async def test_a_worker_that_does_not_drain_is_killed_with_its_children(tmp_path: Path) -> None:
    pool = Pool(config(), directory=tmp_path, commands=script(STUBBORN), grace_s=0.3)
    async with running(pool, said="child"):
        pid, grandchild = pool.workers[0].pid, int(log_of(pool).split()[1])
        assert pid is not None
    assert is_gone(pid)
    assert is_gone(grandchild)
    assert pool.workers[0].state is State.STOPPED


async def test_stop_now_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    pool = Pool(config(), directory=tmp_path, commands=script(STUBBORN), grace_s=1000)
    async with running(pool, said="child") as stop:
        stop.set()
        await wait_until(lambda: pool.workers[0].state is State.DRAINING, 10, "the drain begins")
        pool.stop_now()
    assert pool.workers[0].state is State.STOPPED


async def test_a_cancelled_run_leaves_no_worker(tmp_path: Path) -> None:
    async with Pool(config(rule=2), directory=tmp_path, commands=script(STUBBORN)) as pool:
        run = asyncio.create_task(pool.run(asyncio.Event()))
        await wait_until(lambda: all(w.pid for w in pool.workers), 20, "the workers run")
        pids = [w.pid or 0 for w in pool.workers]
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert all(is_gone(pid) for pid in pids)
        assert all(w.pid is None for w in pool.workers)
