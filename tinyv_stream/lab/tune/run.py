"""One training run from files to files: data in; adapter, merged model, log and card out."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are only partly typed.

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import torch

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import read_pairs
from tinyv_stream.lab.prompt import Style
from tinyv_stream.lab.scores import precise_threshold
from tinyv_stream.lab.tune import card, loop, lora
from tinyv_stream.lab.tune.judge import Judge

_log: Final = logging.getLogger(__name__)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is trained on what. `rank` 0 trains every weight."""

    base: str
    data: Path
    held_out: Path
    out: Path
    style: Style = "short"
    rank: int = 32
    alpha: float = 64.0
    adapter: Path | None = None
    """Start from this adapter instead of from nothing."""
    threads: int | None = None
    most_fp: float = 0.01
    """False positives that the recommended threshold may have on the held-out pairs."""
    plan: loop.Plan = loop.Plan()


def run(job: Job, stop: Callable[[], bool] = lambda: False) -> bool:
    """Train and write everything (True); or stop early with a checkpoint to go on from (False)."""
    if job.threads:
        torch.set_num_threads(job.threads)
    torch.manual_seed(job.plan.seed)
    _remember(job)
    pairs, held_out = read_pairs(job.data), read_pairs(job.held_out)
    if not pairs or not held_out:
        raise InvalidInputError("--data", str(job.data), "give at least one pair to train on and one to hold out")
    # Weights that are trained have to be float32: a small step on a bfloat16 weight is no step.
    judge = Judge.load(job.base, job.style, dtype="bfloat16" if job.rank else "float32")
    layers = lora.attach(judge.model, job.rank, job.alpha) if job.rank else {}
    if job.adapter:
        lora.load(layers, job.adapter)
    before = loop.evaluate(judge, held_out)
    if not loop.train(judge, pairs, held_out, job.plan, out=job.out, stop=stop):
        _log.warning("stopped; the same command goes on from %s", job.out / "checkpoint.pt")
        return False
    if layers:
        lora.save(layers, job.out / "adapter_model.safetensors")
        lora.merge(judge.model, layers)
    judge.model.eval()
    scores, labels = judge.p_true(held_out), [p.label for p in held_out]
    threshold = precise_threshold(scores, labels, job.most_fp)
    merged = job.out / "merged"
    judge.model.to(torch.bfloat16).save_pretrained(merged)
    judge.tokenizer.save_pretrained(merged)
    text = card.text(job, before, held_out, scores, threshold, trained_on=len(pairs))
    (job.out / "CARD.md").write_text(text, encoding="utf-8")
    return True


def _remember(job: Job) -> None:
    """Write down what the run is; refuse to go on with another one in the same directory."""
    job.out.mkdir(parents=True, exist_ok=True)
    path = job.out / "job.json"
    plan = msgspec.json.format(msgspec.json.encode(job, enc_hook=str), indent=1)
    if path.exists() and path.read_bytes() != plan:
        raise InvalidInputError("--out", str(job.out), "it holds another run; choose an empty directory")
    path.write_bytes(plan)
