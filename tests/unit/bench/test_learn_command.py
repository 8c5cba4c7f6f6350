"""The command says what it cannot use in one line before any work, and its exit code says what the gap showed."""

import asyncio
import threading
from pathlib import Path
from unittest.mock import patch

import pytest

pytest.importorskip("torch")

from bench.learn import command, main
from bench.learn.beside import in_thread
from bench.learn.settings import parse
from bench.learn.stats import SeedInterval
from bench.learn.sweep import jobs_of
from tinyv_stream.errors import InvalidInputError, TinyVError


@pytest.mark.parametrize(
    "argv",
    [
        ["--rewards", "orcale"],
        ["--families", "sums"],
        ["--seeds", "0"],
        ["--first-seed", "-1"],
        ["--jobs", "0"],
        ["--threads", "0"],
        ["--steps", "0"],
        ["--trl-seeds", "-1"],
        ["--dr-grpo", "orcale"],
        ["--spread", "amounts"],
        ["--spread", "sums=3"],
        ["--spread", "amounts=0"],
        ["--spread", "roots=15"],
        ["--small", "--rewards", "oracle"],
        ["--small", "--steps", "3"],
        ["--small", "--dr-grpo", ""],
        ["--dir", "FILE"],
        ["--dir", "FILE/below"],
        ["--board", "FILE"],
        ["--pictures", "FILE"],
        ["--json", "DIRECTORY"],
        ["--json", "DIRECTORY/none/learn.json"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_one_line_with_the_option_before_any_work(
    argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    argv = [a.replace("FILE", str(tmp_path / "file")).replace("DIRECTORY", str(tmp_path)) for a in argv]
    with patch.object(command, "measure", side_effect=AssertionError("work began")):
        assert main(argv) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"{argv[-2]}: " in said


def test_outputs_that_can_be_written_leave_no_trace_of_the_trial(tmp_path: Path) -> None:
    with patch.object(command, "measure", side_effect=TinyVError("over")):
        assert main(["--json", str(tmp_path / "learn.json"), "--dir", str(tmp_path / "cells")]) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["cells"]


def test_only_a_gap_over_several_seeds_that_may_be_none_is_a_failure() -> None:
    name = "amounts/cascade_tinyv - cascade"
    assert command.uncertain({}) == []
    assert command.uncertain({name: SeedInterval(-0.1, None, None, 1)}) == []
    assert command.uncertain({name: SeedInterval(0.1, 0.01, 0.2, 5)}) == []
    assert command.uncertain({name: SeedInterval(0.1, -0.01, 0.2, 5)}) == [name]
    assert command.uncertain({"amounts/oracle - cascade": SeedInterval(0.1, -0.01, 0.2, 5)}) == []


def test_jobs_come_in_the_order_of_the_list_and_once_each() -> None:
    told = jobs_of(
        parse(["--seeds", "2", "--families", "roots", "--rewards", "prime,oracle,prime", "--dr-grpo", "oracle"])
    )
    assert [(j.seed, j.reward, j.how.loss) for j in told[:3]] == [
        (0, "prime", "grpo"), (0, "oracle", "grpo"), (0, "oracle", "dr_grpo")]  # fmt: skip
    assert len(told) == 6
    assert len(jobs_of(parse(["--small"]))) == 3
    with pytest.raises(InvalidInputError):
        parse(["--rewards", ""])
    assert parse(["--spread", "amounts=3, roots=2"]).setting.spread == {"amounts": 3, "roots": 2}


def test_a_cancellation_stops_a_thread_and_waits_for_it() -> None:
    steps: list[str] = []

    async def cancelled() -> None:
        working = threading.Event()

        def work(stop: threading.Event) -> None:
            working.set()
            assert stop.wait(60)
            steps.append("stopped")
            raise asyncio.CancelledError

        task = asyncio.create_task(in_thread(work))
        await asyncio.to_thread(working.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert steps == ["stopped"]

    asyncio.run(cancelled())
