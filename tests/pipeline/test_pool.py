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
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import msgspec
import psutil
import pytest
import uvloop

import tinyv_stream
from tinyv_stream.broker.connect import connect
from tinyv_stream.config import BrokerConfig, Config, RuleConfig, TinyVConfig
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.pool import COMMANDS, Pool, State
from tinyv_stream.pool.supervisor import FIRST_DELAY_S, MAX_DELAY_S, backoff_s
from tinyv_stream.pool.worker import worker_environment
from tinyv_stream.testing import EmbeddedServer, wait_until, wait_until_sync
from tinyv_stream.types import STAGES, Stage

GOOD = """
import os, signal, sys, time
def drain(*_):
    print("drained", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, drain)
print("hello from", os.getpid(), flush=True)
while True:
    time.sleep(60)
"""
"""Drains when asked to."""

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
time.sleep(600)
"""
"""Does not hear, and has a child that is not tied to it."""

BROKEN = "import sys; print('loading'); sys.exit('no such model: tiny')"


DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


def script(source: str) -> dict[Stage, tuple[str, ...]]:
    return {"rule": (sys.executable, "-c", source), "tinyv": (sys.executable, "-c", GOOD)}


def config(rule: int = 1, tinyv: int = 0) -> Config:
    return Config(
        broker=BrokerConfig(pool="test"), rule=RuleConfig(workers=rule), tinyv=TinyVConfig(workers=tinyv, weight=0.25)
    )


def is_gone(pid: int) -> bool:
    """No process, or one that nobody has buried yet."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def log_of(pool: Pool, name: str = "rule-1") -> str:
    path = pool.logs / f"{name}.log"
    return path.read_text() if path.exists() else ""


@contextlib.asynccontextmanager
async def running(pool: Pool, said: str = "hello") -> AsyncGenerator[asyncio.Event]:
    """Run a pool until the block ends; yields its stop event once every worker has spoken."""
    stop = asyncio.Event()
    async with pool:
        run = asyncio.create_task(pool.run(stop))
        try:
            for worker in pool.workers:
                await wait_until(lambda name=worker.name: said in log_of(pool, name), 30, f"{worker.name} speaks")
            yield stop
        finally:
            stop.set()
            await run


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


async def test_a_worker_that_does_not_drain_is_killed_with_its_children_after_its_grace(tmp_path: Path) -> None:
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


async def test_a_worker_that_keeps_failing_shows_its_last_words_and_does_not_hold_up_the_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pool = Pool(config(), directory=tmp_path, commands=script(BROKEN))
    async with running(pool, said="loading"):
        await wait_until(lambda: pool.workers[0].restarts >= 3, 30, "three restarts")
        assert pool.workers[0].reason == "exit status 1 (no such model: tiny)"
    assert "rule-1 failed 3 times in a row; the end of its log:\n  | loading\n  | no such model: tiny" in caplog.text
    assert caplog.text.count("the end of its log") == 1


async def test_a_program_that_does_not_exist_is_a_failure_with_a_name(tmp_path: Path) -> None:
    commands = script(GOOD)
    commands["rule"] = ("/nowhere/worker",)
    pool = Pool(config(), directory=tmp_path, commands=commands)
    async with running(pool, said="cannot run"):
        await wait_until(lambda: pool.workers[0].restarts, 20, "a restart")
        assert pool.workers[0].reason == "exit status 127 (cannot run /nowhere/worker: No such file or directory)"


async def test_every_line_of_every_start_is_handed_on_once(tmp_path: Path) -> None:
    lines: list[tuple[str, str]] = []
    pool = Pool(
        config(), directory=tmp_path, commands=script(GOOD), on_line=lambda name, line: lines.append((name, line))
    )
    async with running(pool):
        first = pool.workers[0].pid
        await wait_until(lambda: lines, 20, "the first line")
        os.kill(first or 0, signal.SIGKILL)
        await wait_until(lambda: len(lines) == 2, 20, "the line of the second start")
        second = pool.workers[0].pid
    assert lines == [("rule-1", f"hello from {first}"), ("rule-1", f"hello from {second}"), ("rule-1", "drained")]


async def test_logs_of_an_earlier_pool_are_put_aside_and_not_repeated(tmp_path: Path) -> None:
    async with running(Pool(config(), directory=tmp_path, commands=script(GOOD))):
        pass
    lines: list[str] = []
    pool = Pool(config(), directory=tmp_path, commands=script(GOOD), on_line=lambda _, line: lines.append(line))
    async with running(pool):
        pid = pool.workers[0].pid
    assert lines == [f"hello from {pid}", "drained"]
    assert sorted(p.name for p in pool.logs.iterdir()) == ["rule-1.log", "rule-1.log.1"]


def test_back_off_grows_to_its_bound_and_never_overflows() -> None:
    delays = [backoff_s(n) for n in (1, 2, 3, 4, 5, 6, 7, 100_000)]
    assert delays == pytest.approx([FIRST_DELAY_S, 0.4, 0.8, 1.6, 3.2, 6.4, MAX_DELAY_S, MAX_DELAY_S])


@pytest.mark.parametrize("stage", STAGES)
def test_a_folder_named_workers_in_the_users_directory_is_not_taken_for_ours(tmp_path: Path, stage: Stage) -> None:
    (tmp_path / "workers").mkdir()
    (tmp_path / "workers" / "__init__.py").write_text("raise SystemExit('decoy')")
    *python, dash_m, module = COMMANDS[stage]
    assert dash_m == "-m"
    find = [*python, "-c", f"import importlib.util as u; print(u.find_spec('{module}').origin)"]
    env = worker_environment("redis://host", Config())
    said = subprocess.run(find, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert said.stderr == ""
    assert Path(said.stdout.strip()).is_relative_to(Path(tinyv_stream.__file__).parents[1])
