"""A hung, crashed or greedy check costs its own verdict and nothing else."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from tinyv_stream_workers.rule.sandbox.sandbox import Sandbox

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules.graders import Check

ACT = "misbehaving:act"
HERE = Path(__file__).parent


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])
    monkeypatch.setenv("TINYV_SECRET", "redis://:password@host")
    graders = (ACT, "misbehaving:descriptors")
    async with Sandbox(graders=graders, processes=2, timeout_s=1.5, memory_mb=1024) as box:
        yield box


async def act(box: Sandbox, answer: str, gold: str = "x") -> Verdict:
    return (await box.grade(ACT, Check(answer, gold))).verdict


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("hang", "killed after 1.5 s"),
        ("sleep", "killed after 1.5 s"),
        ("die", "the grader process died"),
        ("exit", "SystemExit in the grader"),
        ("hoard", "over the memory limit"),
        ("nest", "nested too deeply"),
    ],
)
async def test_a_misdeed_is_undecided_and_leaves_its_neighbours_alone(sandbox: Sandbox, deed: str, reason: str) -> None:
    answers = ["x", "y"] * 10
    answers.insert(3, deed)
    verdicts = await asyncio.gather(*(act(sandbox, answer) for answer in answers))
    assert verdicts[3].outcome is Outcome.UNDECIDED
    assert verdicts[3].reason == reason
    del verdicts[3], answers[3]
    expected = [Outcome.CORRECT if answer == "x" else Outcome.INCORRECT for answer in answers]
    assert [v.outcome for v in verdicts] == expected


async def test_quick_checks_overtake_hung_ones(sandbox: Sandbox) -> None:
    hung = [asyncio.create_task(act(sandbox, "hang")) for _ in range(4)]
    await asyncio.gather(*(act(sandbox, "x") for _ in range(50)))
    assert not all(task.done() for task in hung)
    assert {(await task).outcome for task in hung} == {Outcome.UNDECIDED}
    assert sandbox.killed == 4


async def test_a_grader_process_inherits_no_secret_and_no_descriptor(sandbox: Sandbox) -> None:
    assert (await act(sandbox, "environment")).outcome is Outcome.INCORRECT
    graded = await sandbox.grade("misbehaving:descriptors", Check("", ""))
    assert graded.verdict.outcome is Outcome.CORRECT


async def test_a_cancelled_check_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])
    async with Sandbox(graders=(ACT,), processes=1, timeout_s=600, memory_mb=1024) as box:
        hung = asyncio.create_task(act(box, "hang"))
        await until(lambda: bool(patient_and_busy()))
        busy = patient_and_busy()
        hung.cancel()
        await gone(busy)
        assert box.killed == 0
        assert (await act(box, "x")).outcome is Outcome.CORRECT


async def test_a_killed_fork_server_is_replaced(sandbox: Sandbox) -> None:
    assert (await act(sandbox, "x")).outcome is Outcome.CORRECT
    for server in psutil.Process().children():
        if "tinyv_stream_workers.rule.sandbox.fork_server_child" in server.cmdline():
            server.kill()
    outcomes = {(await act(sandbox, "x")).outcome for _ in range(4)}
    assert Outcome.INCORRECT not in outcomes
    assert Outcome.CORRECT in outcomes


async def test_leaving_the_sandbox_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])
    async with Sandbox(graders=(ACT,), processes=1, timeout_s=60, memory_mb=1024) as box:
        hung = asyncio.create_task(act(box, "hang"))
        children = await grader_processes(1)
    assert children
    await gone(children)
    hung.cancel()


@pytest.mark.parametrize("name", ["no_such.module:f", "nope"])
async def test_a_grader_that_does_not_load_stops_the_start_and_is_named_once(name: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        async with Sandbox(graders=("exact", name), processes=1, timeout_s=1, memory_mb=512):
            pass
    assert raised.value.value == name
    assert str(raised.value).count(repr(name)) == 1
    assert str(raised.value).count("cannot be used") == 1


PROGRAM = """
import asyncio
from tinyv_stream.verifiers.rules.graders import Check
from tinyv_stream_workers.rule.sandbox.sandbox import Sandbox
async def main():
    async with Sandbox(graders=("misbehaving:act",), processes=2, timeout_s=600, memory_mb=1024) as box:
        await asyncio.gather(*(box.grade("misbehaving:act", Check("hang", "x")) for _ in range(4)))
asyncio.run(main())
"""


async def test_kill_9_of_the_worker_leaves_no_orphan() -> None:
    path = os.pathsep.join([str(HERE), *(p or str(Path.cwd()) for p in sys.path)])
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, env={**os.environ, "PYTHONPATH": path})
    children: list[psutil.Process] = []
    try:
        await until(lambda: len(psutil.Process(worker.pid).children(recursive=True)) >= 3)
        children = psutil.Process(worker.pid).children(recursive=True)
    finally:
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    await gone(children)


async def grader_processes(count: int) -> list[psutil.Process]:
    """Return this test's grader processes, once there are `count` of them behind the fork server."""
    await until(lambda: len(ours()) > count)
    return ours()


def ours() -> list[psutil.Process]:
    """Return fork server and graders; other tests' servers are children of this process, too."""
    found: list[psutil.Process] = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has just ended
            if "tinyv_stream_workers.rule.sandbox.fork_server_child" in process.cmdline():
                found.append(process)
    return found


def patient_and_busy() -> list[psutil.Process]:
    """Return the patient queue's process, once it has worked for longer than the quick queue would have let it."""
    found: list[psutil.Process] = []
    for process in ours():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if process.ppid() != os.getpid() and process.cpu_times().user > 0.5:
                found.append(process)
    return found


async def gone(processes: list[psutil.Process]) -> None:
    await until(lambda: not any(alive(process) for process in processes))


def alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


async def until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        await asyncio.sleep(0.01)
