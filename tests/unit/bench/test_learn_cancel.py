"""Whatever ends the command, no process of its sweep is left: Ctrl-C, a kill -9, a cell that fails."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

CALL = [
    sys.executable, "-P", "-m", "bench", "learn", "--rewards", "oracle,fn30,fn60,fn80", "--families", "amounts",
    "--seeds", "50", "--steps", "100000", "--dr-grpo", "", "--trl-seeds", "0",
]  # fmt: skip
WITHIN_S = 150.0


def children(pid: int) -> set[int]:
    """Processes that `pid` started and that run Python code of a spawn."""
    found: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            line = stat.with_name("cmdline").read_bytes()
        except (OSError, IndexError, ValueError):
            continue
        if parent == pid and b"spawn_main" in line:
            found.add(int(stat.parent.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def started(directory: Path) -> tuple[subprocess.Popen[str], set[int]]:
    """A sweep of hours whose workers are at work, in a group of its own as in a terminal."""
    command = subprocess.Popen(
        [*CALL, "--dir", str(directory)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until(lambda: bool(children(command.pid)) or command.poll() is not None)
    return command, children(command.pid)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_ctrl_c_ends_the_sweep_at_once_with_one_line_and_130(tmp_path: Path) -> None:
    command, workers = started(tmp_path)
    os.killpg(command.pid, signal.SIGINT)
    _, said = command.communicate(timeout=WITHIN_S)
    assert command.returncode == 130
    assert said.splitlines() == ["bench learn: interrupted; with --dir the same command goes on where it stopped"]
    assert workers
    until(lambda: not any(map(is_running, workers)))


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_killed_command_leaves_no_worker(tmp_path: Path) -> None:
    command, workers = started(tmp_path)
    command.kill()
    command.communicate(timeout=WITHIN_S)
    assert workers
    until(lambda: not any(map(is_running, workers)))


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_killed_worker_ends_the_command_with_one_line(tmp_path: Path) -> None:
    command, workers = started(tmp_path)
    os.kill(workers.pop(), signal.SIGKILL)
    _, said = command.communicate(timeout=WITHIN_S)
    assert command.returncode == 1
    assert "lower --jobs" in said and "Traceback" not in said
    until(lambda: not any(map(is_running, workers)))
