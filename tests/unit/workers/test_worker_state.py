"""The file that a probe reads: whose it is, how old it may be, and what it costs to read it."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinyv_stream.processes import worker_state
from tinyv_stream.processes.worker_state import check, write

PROBE = (sys.executable, "-P", "-m", "tinyv_stream", "worker", "check")


def changed(path: Path, **fields: object) -> str:
    """The state of this live process with some fields as given."""
    write(str(path), "ready", time.monotonic())
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    return str(path)


def test_a_working_process_is_alive_and_ready(tmp_path: Path) -> None:
    path = changed(tmp_path / "state")
    assert check(path, ready=False) == (0, "ready") == check(path, ready=True)
    assert oct((tmp_path / "state").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("state", ["starting", "draining", "switching", "pausing"])
def test_what_does_not_work_yet_is_alive_but_not_ready(state: str, tmp_path: Path) -> None:
    path = changed(tmp_path / "state", state=state)
    assert check(path, ready=False).code == 0
    assert check(path, ready=True) == (1, state)


def test_a_broker_that_is_away_takes_readiness_never_life(tmp_path: Path) -> None:
    for beat_at in (None, time.monotonic() - worker_state.BEAT_S - 1):
        path = changed(tmp_path / "state", beat_at=beat_at)
        assert check(path, ready=False).code == 0
        assert check(path, ready=True).code == 1


def test_an_event_loop_that_does_not_turn_is_no_life(tmp_path: Path) -> None:
    path = changed(tmp_path / "state", at=time.monotonic() - worker_state.ALIVE_S - 1)
    assert "does not turn" in check(path, ready=False).reason


def test_what_an_earlier_process_left_says_nothing(tmp_path: Path) -> None:
    """A volume outlives a container, in whose successor the pid is 1 again."""
    same_pid = changed(tmp_path / "state", started=1)
    assert check(same_pid, ready=False).code == 1
    nobody = changed(tmp_path / "state", pid=2**22 + 1, started=0)
    assert check(nobody, ready=False).code == 1


def test_a_zombie_is_not_alive(tmp_path: Path) -> None:
    code = f"from tinyv_stream.processes.worker_state import write; write({str(tmp_path / 'state')!r}, 'ready', None)"
    child = subprocess.Popen([sys.executable, "-c", code])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert "is gone" in check(str(tmp_path / "state"), ready=False).reason
    child.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "x"}', "null"])
def test_a_file_of_something_else_is_no_state(text: str, tmp_path: Path) -> None:
    (tmp_path / "state").write_text(text)
    assert "holds no worker's state" in check(str(tmp_path / "state"), ready=False).reason
    assert "no state at" in check(str(tmp_path / "none"), ready=False).reason


def test_a_link_in_a_shared_directory_is_not_followed(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "state"
    target.write_text("kept")
    Path(f"{path}.{os.getpid()}").symlink_to(target)
    with pytest.raises(OSError, match="symbolic"):
        write(str(path), "ready", None)
    assert target.read_text() == "kept"


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--alive"], 0), (["--ready"], 0), ([], 2), (["--alive", "--ready"], 2), (["--live"], 2)]
)
def test_the_command_answers_by_its_exit_code(arguments: list[str], code: int, tmp_path: Path) -> None:
    env = os.environ | {worker_state.VARIABLE: changed(tmp_path / "state")}
    done = subprocess.run([*PROBE, *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1


def test_without_the_variable_it_is_said_which_to_set() -> None:
    env = {name: value for name, value in os.environ.items() if name != worker_state.VARIABLE}
    done = subprocess.run([*PROBE, "--alive"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and worker_state.VARIABLE in done.stderr


def test_a_probe_costs_less_than_a_tenth_of_a_cpu_second(tmp_path: Path) -> None:
    """CPU time, the least of five: a busy machine changes waiting, not work."""
    env = os.environ | {worker_state.VARIABLE: changed(tmp_path / "state")}
    spent: list[float] = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*PROBE, "--ready"], env=env, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.1, spent
