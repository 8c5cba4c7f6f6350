"""What the judging program counts: tokens and calls of a round, and memory as far as it can be told."""

import io
import os
from pathlib import Path

import msgspec
import pytest
from tinyv_stream_workers.tinyv import judge as program

from tinyv_stream.config import EngineConfig, TinyVConfig
from tinyv_stream.control.judging import JudgedCase, Judging, JudgingDone, JudgingLine, Round, RoundDone

CASES = tuple(JudgedCase(question="q", ground_truth="2", model_answer=answer) for answer in ("2", "3", "Solution:"))


async def test_each_round_has_its_own_answers_and_costs() -> None:
    rounds = (
        Round(name="guarded", cases=(0, 1, 2)),
        Round(name="bare", cases=(2, 0), guard=False, together=1, forget=True),
        Round(name="none", cases=()),
    )
    config = TinyVConfig(engine=EngineConfig(kind="scripted"))
    out = io.BytesIO()
    await program.judge(Judging(config=config, cases=CASES, rounds=rounds), out)
    lines = [msgspec.json.decode(line, type=JudgingLine) for line in out.getvalue().splitlines()]
    guarded, bare, none, end = lines
    assert isinstance(guarded, RoundDone)
    assert isinstance(bare, RoundDone)
    assert isinstance(none, RoundDone)
    assert isinstance(end, JudgingDone)
    assert [answer.outcome for answer in guarded.answers] == ["correct", "incorrect", "incorrect"]
    assert [answer.grader for answer in guarded.answers] == ["tinyv", "tinyv", "guard"]
    assert (guarded.calls, bare.calls, none.calls) == (2, 2, 0), "the guard's refusals cost no call"
    assert [answer.outcome for answer in bare.answers] == ["incorrect", "correct"]
    assert bare.answers[0].grader == "tinyv"
    assert bare.prompt_tokens > 0
    assert end.memory_mb > 10
    assert end.about["engine"] == "scripted"


def test_memory_of_a_gpu_is_that_of_our_processes_and_unknown_where_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program.memory()[1] is None, "no driver's tool"
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\necho '{os.getpid()}, 1000'\necho '999999999, 5000'\necho '{os.getpid()}, [N/A]'\n")
    tool.chmod(0o755)
    assert program.memory()[1] == pytest.approx(1000 * 2**20 / 1e6)
    tool.write_text("#!/bin/sh\necho 'No devices were found'\nexit 6\n")
    assert program.memory()[1] is None
