"""The training loop: cross-entropy over the two verdict tokens, AdamW, warm-up and cosine.

- Deterministic by seed: the order of the data depends on nothing else.
- Interrupted, it goes on where the last checkpoint was: weights, optimizer and place in the data.
- Every evaluation is one line of `log.jsonl`: step, examples, loss, held-out accuracy and AUC.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateImportUsage=false
# torch is only partly typed.

import logging
import math
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import torch

from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.scores import auc
from tinyv_stream.lab.tune.judge import Judge

_log: Final = logging.getLogger(__name__)
_POOL: Final = 16
"""Batches that are sorted by length together: less padding, and still mixed."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a run."""

    epochs: float = 1.0
    batch: int = 32
    lr: float = 3e-4
    warmup: float = 0.03
    """Share of the steps."""
    weight_decay: float = 0.0
    clip: float = 1.0
    seed: int = 0
    minutes: float | None = None
    """Most time; the learning rate is at its end by then."""
    evaluate_every: int = 50
    """Steps between evaluations, each with a checkpoint."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluation. `loss` is the mean since the last one."""

    step: int
    examples: int
    elapsed_s: float
    lr: float
    loss: float
    held_out_accuracy: float
    held_out_auc: float | None


def train(
    judge: Judge,
    pairs: Sequence[Pair],
    held_out: Sequence[Pair],
    plan: Plan,
    *,
    out: Path,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train until the plan is done (True) or `stop` says so (False), leaving a checkpoint in `out`."""
    batches = order_batches([judge.encode(p) for p in pairs], plan)
    parameters = [p for p in judge.model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=plan.lr, weight_decay=plan.weight_decay)
    first, spent_s = _resume(out / "checkpoint.pt", parameters, optimizer)
    began, losses = time.monotonic() - spent_s, list[float]()
    for step in range(first, len(batches)):
        elapsed_s = time.monotonic() - began
        late = elapsed_s / (plan.minutes * 60) if plan.minutes else 0.0
        done = max(step / len(batches), late)
        if stop():
            _save(out / "checkpoint.pt", step, elapsed_s, parameters, optimizer)
            return False
        if done >= 1:
            break
        lr = _rate(plan, step, len(batches), done)
        losses.append(_step(judge, pairs, batches[step], optimizer, parameters, lr=lr, clip=plan.clip))
        if (step + 1) % plan.evaluate_every == 0 or step + 1 == len(batches):
            accuracy, area = evaluate(judge, held_out)
            line = Line(
                step=step + 1,
                examples=(step + 1) * plan.batch,
                elapsed_s=time.monotonic() - began,
                lr=lr,
                loss=sum(losses) / len(losses),
                held_out_accuracy=accuracy,
                held_out_auc=area,
            )
            losses.clear()
            _report(out, line)
            _save(out / "checkpoint.pt", step + 1, line.elapsed_s, parameters, optimizer)
    return True


def order_batches(prompts: Sequence[list[int]], plan: Plan) -> list[list[int]]:
    """Return the batches of all epochs as indices: shuffled, then prompts of like length together."""
    rng = random.Random(plan.seed)  # noqa: S311 - an order, not a secret
    batches: list[list[int]] = []
    wanted = math.ceil(len(prompts) * plan.epochs / plan.batch)
    while len(batches) < wanted:
        order = rng.sample(range(len(prompts)), len(prompts))
        epoch: list[list[int]] = []
        for start in range(0, len(order), _POOL * plan.batch):
            pool = sorted(order[start : start + _POOL * plan.batch], key=lambda i: len(prompts[i]))
            chunk = [pool[i : i + plan.batch] for i in range(0, len(pool), plan.batch)]
            epoch += rng.sample(chunk, len(chunk))
        batches += epoch
    return batches[:wanted]


def evaluate(judge: Judge, pairs: Sequence[Pair]) -> tuple[float, float | None]:
    """Return accuracy at 0.5 and AUC."""
    judge.model.eval()
    scores, labels = judge.p_true(pairs), [p.label for p in pairs]
    judge.model.train()
    right = sum((s >= 0.5) == label for s, label in zip(scores, labels, strict=True))
    return right / max(1, len(pairs)), auc(scores, labels)


def _step(
    judge: Judge,
    pairs: Sequence[Pair],
    rows: list[int],
    optimizer: torch.optim.Optimizer,
    parameters: list[Any],
    *,
    lr: float,
    clip: float,
) -> float:
    for group in optimizer.param_groups:
        group["lr"] = lr
    found = judge.differences([judge.encode(pairs[i]) for i in rows])
    wanted = torch.tensor([float(pairs[i].label) for i in rows], device=found.device)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(found, wanted)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, clip)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def _rate(plan: Plan, step: int, steps: int, done: float) -> float:
    warm = max(1.0, plan.warmup * steps)
    return plan.lr * min(1.0, (step + 1) / warm) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _report(out: Path, line: Line) -> None:
    with (out / "log.jsonl").open("ab") as log:
        log.write(msgspec.json.encode(line) + b"\n")
    _log.info(
        "step %d: loss %.3f, held out %.3f, AUC %s", line.step, line.loss, line.held_out_accuracy, line.held_out_auc
    )


def _save(path: Path, step: int, elapsed_s: float, parameters: list[Any], optimizer: torch.optim.Optimizer) -> None:
    draft = path.with_name(path.name + ".part")
    state = {"step": step, "elapsed_s": elapsed_s, "parameters": parameters, "optimizer": optimizer.state_dict()}
    torch.save(state, draft)
    draft.replace(path)


def _resume(path: Path, parameters: list[Any], optimizer: torch.optim.Optimizer) -> tuple[int, float]:
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, weights_only=True)
    with torch.no_grad():
        for parameter, saved in zip(parameters, state["parameters"], strict=True):
            parameter.copy_(saved)
    optimizer.load_state_dict(state["optimizer"])
    return state["step"], state["elapsed_s"]
