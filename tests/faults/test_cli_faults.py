"""The command where a machine is strange: no home, long paths, full outputs, a pool that goes away, PID 1."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from cli_kit import Cli, rewards_in, write_rollouts
from stranger_kit import UID, stranger

from tinyv_stream.embedded_server.places import runtime_directory, scratch_directory, state_directory
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.testing import EmbeddedServer, wait_until_sync

COMMAND = [sys.executable, "-P", "-c", "from tinyv_stream.cli import main; main()"]


@pytest.mark.long
def test_a_pool_that_goes_away_is_waited_for(tmp_path: Path) -> None:
    cli = Cli(tmp_path, tinyv_delay_s=0.1)
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_rollouts(rollouts, 200)
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(cli.up())
        push = cli.start("push", rollouts, "--out", out, "--max-inflight", 16, "--deadline", 4)
        wait_until_sync(lambda: len(rewards_in(out)) >= 20, 60, "some rewards")
        first.kill()
        wait_until_sync(
            lambda: not cli.left_running() or cli.left_running() == [psutil.Process(push.pid)], 30, "no pool"
        )
        written = len(rewards_in(out))
        time.sleep(8)  # longer than deadline and grace: what must not be written has the time to
        assert len(rewards_in(out)) <= written + 16
    for note in tmp_path.glob("state/tinyv-stream/*/running.json"):
        note.unlink()  # of the killed one; the kit takes it for the new one's
    with cli.up():
        assert push.wait(100) == 0
    statuses = [reward["status"] for reward in rewards_in(out)]
    assert statuses == ["ok"] * 200


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_program_without_a_standard_stream_writes_into_no_file_of_its_own(tmp_path: Path, closed: str) -> None:
    path = tmp_path / "out"
    code = (
        "from tinyv_stream.__main__ import open_standard_streams; open_standard_streams()\n"
        "import sys, uvloop, asyncio\n"
        f"file = open({str(path)!r}, 'w'); assert file.fileno() > 2\n"
        "print('x'); print('x', file=sys.stderr); sys.stdin.read()\n"
        "uvloop.run(asyncio.sleep(0)); file.write('done')"
    )
    ran = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, code],
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert ran.returncode == 0
    assert path.read_text() == "done"


@pytest.mark.slow
def test_patience_with_a_pool_that_is_gone_has_an_end_and_nothing_is_written(
    tmp_path: Path, server: EmbeddedServer, pool_name: str
) -> None:
    cli = Cli(tmp_path)
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_rollouts(rollouts, 5)
    where = ("--redis", server.url, "--pool", pool_name)
    ran = cli.run("push", rollouts, "--out", out, *where, "--deadline", 1, "--give-up-after", 6)
    assert ran.returncode == 1
    assert "no worker of pool" in ran.stderr and "5 are still to do" in ran.stderr
    assert rewards_in(out) == []


def test_what_a_killed_score_left_is_gone_after_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = """
import os, signal
from tinyv_stream.embedded_server.places import scratch_directory
with scratch_directory("tinyv-score-") as path:
    (path / "data").write_text("x")
    print(path, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ran = subprocess.run([sys.executable, "-c", killed], capture_output=True, text=True, check=False)
    left = Path(ran.stdout.strip())
    assert left.exists()
    with scratch_directory("tinyv-score-") as mine:
        assert not left.exists()
        with scratch_directory("tinyv-score-") as other:
            assert mine.exists() and other.exists(), "those of the living stay"
    assert not mine.exists()


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_up_whose_output_is_full_goes_on_and_drains_on_a_signal(tmp_path: Path, signum: signal.Signals) -> None:
    cli = Cli(tmp_path)
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_rollouts(rollouts, 20)
    with open("/dev/full", "w") as full:  # noqa: PTH123
        process = cli.start("up", "--config", cli.settings, stdout=full.fileno())
    try:
        wait_until_sync(lambda: any(w.state == "ready" for w in workers_of(cli)), 60, "the pool is ready")
        assert cli.run("push", rollouts, "--out", out, timeout_s=90).returncode == 0
        process.send_signal(signum)
        assert process.wait(60) == 0
        assert cli.left_running() == []
    finally:
        process.kill()


@pytest.mark.slow
def test_up_as_pid_1_buries_adopted_children_and_drains_on_sigterm(tmp_path: Path) -> None:
    if not can_unshare():
        pytest.skip("this user may not make a PID namespace")
    cli = Cli(tmp_path)
    orphan = f"{sys.executable} -c 'import os, time; os.fork() or os.fork() or time.sleep(0.1)'"
    command = f"{sys.executable} -P -c 'from tinyv_stream.cli import main; main()' up --config {cli.settings}"
    inside = f"({orphan} &) ; exec {command}"
    argv = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", inside]
    process = subprocess.Popen(argv, env=cli._env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_until_sync(lambda: any(w.state == "ready" for w in workers_of(cli)), 60, "the pool is ready")
        (init,) = psutil.Process(process.pid).children()
        wait_until_sync(lambda: not zombies(init), 30, "the adopted children to be buried")
        init.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()


MAIN = "from tinyv_stream.cli import main; main()"
LOOKS = (
    ["status"],
    ["doctor"],
    ["gateway", "--listen", "127.0.0.1:0", "--state", "x/y/z.db", "--redis", "redis://127.0.0.1:1"],
)


def settings_in(place: Path) -> Path:
    settings = place / "tinyv.toml"
    settings.write_text('[tinyv.engine]\nkind = "scripted"\n')
    return settings


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("TINYV_", "XDG_", "HOME"))}


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("strange", ["long TMPDIR", "no /dev/shm"])
def test_a_strange_machine_is_served(tmp_path: Path, strange: str) -> None:
    env = environment() | {"TINYV_STATE": str(tmp_path / "state"), "HOME": os.environ.get("HOME", "/")}
    wrap: list[str] = []
    if strange == "long TMPDIR":
        long = tmp_path / ("x" * 90) / ("y" * 90)
        long.mkdir(parents=True)
        env["TMPDIR"] = str(long)
    else:
        if not can_unshare():
            pytest.skip("this user may not make a mount namespace")
        wrap = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o ro,size=4k none /dev/shm && exec "$@"', "-"]
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_rollouts(rollouts, 3)
    score = ["score", str(rollouts), "--out", str(out), "--config", str(settings_in(tmp_path))]
    for words in (*LOOKS, score):
        ran = ran_in(tmp_path, [*wrap, *COMMAND, *words], env)
    assert ran.returncode == 0, ran.stderr
    assert len(rewards_in(out)) == 3


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("home", ["none", "/", "read-only", "/proc"])
def test_a_user_without_a_home_is_told_which_variable_to_set_and_then_served(home: str) -> None:
    with stranger() as who:
        env = environment() | {"PYTHONPATH": who.path}
        if home == "read-only":
            (who.place / "home").mkdir(mode=0o555)
        if home != "none":
            env["HOME"] = str(who.place / "home") if home == "read-only" else home
        config = str(settings_in(who.place))
        for words in (*LOOKS, ["up", "--config", config]):
            ran = ran_in(who.place, who.command(MAIN, *words), env)
        assert "TINYV_STATE" in ran.stderr, ran.stderr
        assert ran.returncode == 2
        mine = who.place / "mine"
        mine.mkdir()
        os.chown(mine, UID, UID)
        write_rollouts(mine / "in.jsonl", 3)
        env["TINYV_STATE"] = str(mine / "state")
        out = mine / "out.jsonl"
        words = ["score", str(mine / "in.jsonl"), "--out", str(out), "--config", config]
        ran = ran_in(who.place, who.command(MAIN, *words), env)
        assert ran.returncode == 0, ran.stderr
        assert [reward["status"] for reward in rewards_in(out)] == ["ok"] * 3


def ran_in(place: Path, argv: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=place, timeout=100, check=False)
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran


def test_the_variables_of_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TINYV_STATE", str(tmp_path))
    assert state_directory("p") == tmp_path / "p"
    monkeypatch.delenv("TINYV_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_directory("p") == tmp_path / "tinyv-stream" / "p"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(Path, "home", classmethod(_no_home))
    with pytest.raises(InvalidInputError, match="set TINYV_STATE"):
        state_directory("p")
    assert len(os.fsencode(runtime_directory())) < 60


def _no_home(_: type[Path]) -> Path:
    raise RuntimeError("Could not determine home directory.")


def workers_of(cli: Cli) -> list[object]:
    ran = cli.run("status", "--json")
    if ran.returncode:
        return []
    return list(cli.status().workers)


def zombies(process: psutil.Process) -> list[psutil.Process]:
    return [c for c in process.children() if c.status() == psutil.STATUS_ZOMBIE]


def can_unshare() -> bool:
    argv = ["unshare", "--pid", "--mount", "--fork", "true"]
    return bool(shutil.which("unshare")) and subprocess.run(argv, check=False, capture_output=True).returncode == 0
