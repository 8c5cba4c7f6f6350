"""Real training of a real, tiny model: it learns a rule, and no interrupt changes what comes out."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair, write_pairs
from tinyv_stream.lab.tune.plan import Method, TrainingJob, TuningPlan, settings

torch = pytest.importorskip("torch")
pytest.importorskip("trl")
pytest.importorskip("peft")

from tinyv_stream.lab.scores import auc  # noqa: E402
from tinyv_stream.lab.tune.judge import Judge, single_token  # noqa: E402 they import torch
from tinyv_stream.lab.tune.run import has_bf16, run  # noqa: E402
from tinyv_stream.lab.tune.trainer import last_checkpoint, sweep_torn  # noqa: E402

Pairs = Callable[[int, int], list[Pair]]
KILLED = """
import os, signal, sys, msgspec, torch
from pathlib import Path
from tinyv_stream.lab.tune.plan import TrainingJob
from tinyv_stream.lab.tune.run import run
torch.set_num_threads(1)
steps = iter(range(int(sys.argv[2])))
def kill_late():
    if next(steps, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return False
job = msgspec.json.decode(sys.argv[1], type=TrainingJob, dec_hook=lambda kind, value: Path(value))
run(job, kill_late)
"""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def job(tiny_base: Path, tmp_path: Path, same_digit: Pairs) -> TrainingJob:
    write_pairs(tmp_path / "train.jsonl", same_digit(4_000, 0))
    write_pairs(tmp_path / "held.jsonl", same_digit(200, 1))
    return TrainingJob(
        base=str(tiny_base),
        data=tmp_path / "train.jsonl",
        held_out=tmp_path / "held.jsonl",
        out=tmp_path / "out",
        rank=0,
        plan=TuningPlan(epochs=4, batch=32, lr=5e-4, evaluate_every=125),
    )


def with_plan(job: TrainingJob, **changes: object) -> TrainingJob:
    return msgspec.structs.replace(job, plan=msgspec.structs.replace(job.plan, **changes))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("method", ["one_token", "sft"])
def test_a_tiny_model_learns_to_compare(job: TrainingJob, same_digit: Pairs, method: Method) -> None:
    assert run(with_plan(job, method=method))
    held_out = same_digit(200, 1)
    p_true = Judge.load(job.out / "merged", "short").p_true(held_out)
    labels = [p.label for p in held_out]
    assert sum((p >= 0.5) == label for p, label in zip(p_true, labels, strict=True)) > 0.95 * len(labels)
    assert (auc(p_true, labels) or 0) > 0.98
    card = (job.out / "CARD.md").read_text()
    assert "recommended" in card
    assert job.data.name in card
    log = [json.loads(line) for line in (job.out / "log.jsonl").read_text().splitlines()]
    curve = [line["eval_auc"] for line in log if "eval_auc" in line]
    assert len(curve) >= 4
    assert curve[-1] > curve[0]
    assert any("loss" in line for line in log)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rank", [0, 4])
def test_a_killed_run_ends_where_an_unbroken_one_does(
    job: TrainingJob, same_digit: Pairs, tmp_path: Path, rank: int
) -> None:
    job = with_plan(msgspec.structs.replace(job, rank=rank), epochs=0.16, batch=32, micro_batch=8, evaluate_every=6)
    broken, whole = (msgspec.structs.replace(job, out=tmp_path / name) for name in ("broken", "whole"))
    text = msgspec.json.encode(broken, enc_hook=str).decode()
    died = subprocess.run([sys.executable, "-c", KILLED, text, "9"], check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr[-2000:]
    assert [p.name for p in broken.out.glob("checkpoint-*")] == ["checkpoint-6"]
    torn = broken.out / "checkpoint-9"
    torn.mkdir()
    (torn / "trainer_state.json").write_text("{")
    assert run(broken)
    assert run(whole)
    shown = same_digit(20, 2)
    ends = [Judge.load(j.out / "merged", "short").p_true(shown) for j in (broken, whole)]
    assert ends[0] == ends[1]
    assert ends[0] != Judge.load(job.base, "short").p_true(shown)
    steps = [[json.loads(x)["step"] for x in (j.out / "log.jsonl").read_text().splitlines()] for j in (broken, whole)]
    assert steps[0] == steps[1], "the log has no line twice"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_two_accumulating_processes_learn_what_one_whole_batch_does(
    job: TrainingJob, same_digit: Pairs, tmp_path: Path
) -> None:
    """On processors here, by the launcher that `accelerate launch` uses for GPUs."""
    job = with_plan(job, epochs=0.2, evaluate_every=25)
    assert run(job)
    two = tmp_path / "two"
    command = ["torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "tinyv_stream.cli", "train"]
    command += ["--base", job.base, "--data", str(job.data), "--held-out", str(job.held_out), "--out", str(two)]
    command += ["--lora", "0", "--lr", "5e-4", "--epochs", "0.2", "--evaluate-every", "25"]
    command += ["--batch", "32", "--micro-batch", "4", "--threads", "1"]
    env = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}  # a machine's own name may lead nowhere
    ran = subprocess.run([sys.executable, "-m", *command], check=False, capture_output=True, text=True, env=env)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert re.search(r"steps, time, processes \| 25, \d+ s, 2 \|", (two / "CARD.md").read_text())
    shown = same_digit(20, 2)
    ends = [Judge.load(out / "merged", "short").p_true(shown) for out in (two, job.out)]
    assert ends[0] == pytest.approx(ends[1], abs=0.02)
    assert ends[0] != pytest.approx(Judge.load(job.base, "short").p_true(shown), abs=0.1)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_that_is_asked_to_stop_goes_on_from_that_step(job: TrainingJob) -> None:
    job = with_plan(job, epochs=0.1, evaluate_every=100)
    calls = iter(range(100))
    assert not run(job, lambda: next(calls) >= 4)
    assert not (job.out / "merged").exists()
    assert last_checkpoint(job.out)[0] == job.out / "checkpoint-5"
    assert run(job)
    assert (job.out / "merged" / "config.json").is_file()


@pytest.mark.timeout(900)
def test_a_run_out_of_time_ends_with_a_model(job: TrainingJob) -> None:
    assert run(with_plan(job, minutes=0.0))
    assert (job.out / "merged" / "config.json").is_file()
    assert "| steps, time, processes | 1," in (job.out / "CARD.md").read_text()


def test_a_checkpoint_without_its_mark_is_none(tmp_path: Path) -> None:
    for step, mark in ((5, True), (40, True), (300, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if mark:
            (tmp_path / f"checkpoint-{step}" / "whole.json").write_text(f'{{"spent_s": {step}.0}}')
    assert last_checkpoint(tmp_path) == (tmp_path / "checkpoint-40", 40.0)
    sweep_torn(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint-40", "checkpoint-5"]


def test_a_directory_holds_one_run(job: TrainingJob) -> None:
    job.out.mkdir()
    (job.out / "job.json").write_text("{}")
    with pytest.raises(InvalidInputError, match="another run"):
        run(job)


def test_a_model_without_the_two_words_is_refused(tiny_base: Path) -> None:
    tokenizer = Judge.load(tiny_base, "short").tokenizer
    with pytest.raises(InvalidInputError, match="single token"):
        single_token(tokenizer, "Falsehood")


def test_products_are_in_bfloat16_where_the_cpu_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases: list[tuple[dict[str, bool], bool]] = [
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"avx2": True}, False),
        ({}, False),
    ]
    for found, has in cases:
        monkeypatch.setattr(torch.cpu, "get_capabilities", found.copy, raising=False)
        assert has_bf16() is has
        given = settings(TuningPlan(), tmp_path, devices=1, is_gpu=False, has_bf16=has)
        assert given.bf16 is has
