"""What a pool tells about its workers, and which programs it takes for them."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from pool_kit import BROKEN, GOOD, config, running, script

import tinyv_stream
from tinyv_stream.config import Config
from tinyv_stream.pool import COMMANDS, Pool
from tinyv_stream.pool.supervisor import FIRST_DELAY_S, MAX_DELAY_S, backoff_s
from tinyv_stream.pool.worker_process import worker_environment
from tinyv_stream.testing import wait_until
from tinyv_stream.types import STAGES, Stage


async def test_a_failing_worker_shows_its_last_words_and_delays_no_stop(
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
def test_a_users_folder_named_workers_is_not_taken_for_ours(tmp_path: Path, stage: Stage) -> None:
    (tmp_path / "tinyv_stream_workers").mkdir()
    (tmp_path / "tinyv_stream_workers" / "__init__.py").write_text("raise SystemExit('decoy')")
    *python, dash_m, module = COMMANDS[stage]
    assert dash_m == "-m"
    find = [*python, "-c", f"import importlib.util as u; print(u.find_spec('{module}').origin)"]
    env = worker_environment("redis://host", Config())
    said = subprocess.run(find, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert said.stderr == ""
    assert Path(said.stdout.strip()).is_relative_to(Path(tinyv_stream.__file__).parents[1])
