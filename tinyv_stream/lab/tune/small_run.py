"""Training run of a small verifier from scratch: pairs in, a model's directory out.

- The pairs are read anew at each pass: a directory may gain files while the run goes on.
- Killed or interrupted, the same command goes on from the last checkpoint, which is written whole or not at all. A
  pass is mixed by where it begins, so that one which begins anew after an interrupt has another order.
- The learning rate rises, stays, and falls to nothing over the last part of `pairs`; a run may be given another number
  of pairs when it goes on.
- Each checkpoint is measured on every held-out set.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# transformers is only partly typed.
# ruff: noqa: ANN401

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import torch

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair, read_pairs
from tinyv_stream.lab.scores import auc, precise_recall
from tinyv_stream.lab.tune import small, small_card, vocabulary
from tinyv_stream.lab.tune.judge import single_token
from tinyv_stream.verifiers.tinyv.models import ASKED, PROMPTS

_log: Final = logging.getLogger(__name__)
STATE: Final = "state.pt"
LOG: Final = "log.jsonl"
MERGED: Final = "merged"
_CLIP: Final = 1.0


class SmallJob(msgspec.Struct, frozen=True, kw_only=True):
    """What is trained on what, with which numbers."""

    data: Path
    """A file of pairs, or a directory of such files."""
    held_out: tuple[Path, ...]
    out: Path
    pairs: int = 1_000_000
    """Pairs until the end, repeated ones counted."""
    shape: small.SmallShape = small.SmallShape()
    lr: float = 1.5e-3
    warmup: int = 20_000
    """Pairs over which the learning rate rises."""
    cooldown: float = 0.3
    """Share of `pairs` over which it falls, at the end."""
    copying: float = 0.3
    """Weight of the answers' own tokens in the loss."""
    tokens: int = 2048
    """Of a batch, padding counted."""
    every_s: float = 300.0
    """Between checkpoints."""
    weight_decay: float = 0.05
    precision: float = 0.97
    """Of what is given back: by it the threshold is chosen, on every held-out set."""
    seed: int = 0
    threads: int | None = None


class _Run:
    """A run between two checkpoints."""

    def __init__(self, job: SmallJob) -> None:
        self.job = job
        self.seen, self.passes, self.steps, self.spent_s = 0, 0, 0, 0.0
        state = torch.load(job.out / STATE, weights_only=True) if (job.out / STATE).exists() else None
        self.tokenizer = _tokenizer(job)
        right, wrong = PROMPTS["short"].words
        self.words = (single_token(self.tokenizer, wrong), single_token(self.tokenizer, right))
        self.pad = self.tokenizer.pad_token_id
        self.model = small.build(job.shape, self.tokenizer, job.seed)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=job.lr, betas=(0.9, 0.98), weight_decay=job.weight_decay, fused=True
        )
        if state is not None:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.seen, self.passes, self.steps = state["seen"], state["passes"], state["steps"]
            self.spent_s = state["spent_s"]
        self.held = {path.stem: small.rows(self.tokenizer, read_pairs(path)) for path in job.held_out}
        self._losses: list[float] = []
        self._since = time.monotonic()

    def step(self, batch: Sequence[small.Row]) -> None:
        """Learn from one batch."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.job.lr * rate_at(self.job, self.seen)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = small.loss(self.model, batch, self.words, pad=self.pad, copying=self.job.copying)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), _CLIP)
        self.optimizer.step()
        self._losses.append(float(loss.detach()))
        self.seen += len(batch)
        self.steps += 1

    def is_due(self) -> bool:
        """Tell whether a checkpoint's time has come."""
        return time.monotonic() - self._since >= self.job.every_s

    def checkpoint(self) -> None:
        """Measure, note and write everything."""
        now = time.monotonic()
        self.spent_s += now - self._since
        line: dict[str, Any] = {"pairs": self.seen, "passes": self.passes, "steps": self.steps}
        line |= {"spent_s": round(self.spent_s, 1), "loss": sum(self._losses) / max(1, len(self._losses))}
        line["held_out"] = {
            name: figures(self.score(found), found, self.job.precision) for name, found in self.held.items()
        }
        with (self.job.out / LOG).open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
        _log.info("%s", msgspec.json.encode(line).decode())
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        state |= {"seen": self.seen, "passes": self.passes, "steps": self.steps, "spent_s": self.spent_s}
        draft = self.job.out / (STATE + ".part")
        torch.save(state, draft)
        draft.replace(self.job.out / STATE)
        self._losses, self._since = [], time.monotonic()

    def score(self, found: Sequence[small.Row]) -> list[float]:
        """Return P(true) of rows."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return small.p_true(self.model, found, self.words, pad=self.pad)


def run(job: SmallJob, stop: Callable[[], bool] = lambda: False) -> bool:
    """Train and write the model (True); or stop early with a checkpoint to go on from (False).

    Raises InvalidInputError for data without a pair that is short enough.
    """
    if job.threads:
        torch.set_num_threads(job.threads)
    job.out.mkdir(parents=True, exist_ok=True)
    going = _Run(job)
    while going.seen < job.pairs:
        for batch in _pass(job, going):
            going.step(batch)
            if stop() or going.seen >= job.pairs:
                break
            if going.is_due():
                going.checkpoint()
        else:
            going.passes += 1
        if stop():
            going.checkpoint()
            return False
    going.checkpoint()
    _write(job, going)
    return True


def rate_at(job: SmallJob, seen: int) -> float:
    """Return the share of the learning rate after `seen` pairs: up, level, down."""
    left = (job.pairs - seen) / max(1.0, job.pairs * job.cooldown)
    return max(0.0, min(1.0, (seen + 1) / max(1, job.warmup), left))


def figures(scores: Sequence[float], found: Sequence[small.Row], precision: float) -> dict[str, float | None]:
    """Return AUC, and recall with its threshold at that precision."""
    labels = [row.label for row in found]
    recall, threshold = precise_recall(scores, labels, precision)
    return {"auc": auc(scores, labels), "recall": recall, "threshold": threshold, "pairs": len(found)}


def _pass(job: SmallJob, going: _Run) -> Iterator[list[small.Row]]:
    pairs = [pair for file in small_card.files_of(job.data) for pair in read_pairs(file)]
    if not pairs:
        raise InvalidInputError("--data", str(job.data), "give at least one pair")
    found = small.rows(going.tokenizer, pairs)
    if not found:
        remedy = f"none of its {len(pairs)} pairs has {small.LONGEST} tokens or fewer: give shorter ones"
        raise InvalidInputError("--data", str(job.data), remedy)
    rng = random.Random(f"{job.seed}/{going.seen}")  # noqa: S311 - an order, not a secret
    yield from small.batches(found, job.tokens, rng)


def _tokenizer(job: SmallJob) -> Any:
    """Return the run's tokenizer, made from the pairs that are there when it begins."""
    from transformers import PreTrainedTokenizerFast

    place = job.out / MERGED
    if (place / "tokenizer.json").exists():
        return PreTrainedTokenizerFast.from_pretrained(str(place))
    pairs: list[Pair] = [pair for file in small_card.files_of(job.data) for pair in read_pairs(file)]
    made = vocabulary.build(text for pair in pairs for text in (pair.ground_truth, pair.model_answer))
    made.save_pretrained(place)
    return made


def _write(job: SmallJob, going: _Run) -> None:
    # Measured is what is written: half precision, as the engine reads it.
    going.model.to(torch.float16).save_pretrained(job.out / MERGED)
    going.model.float()
    sets = {
        name: small_card.Scored(going.score(found), [row.label for row in found]) for name, found in going.held.items()
    }
    threshold = small_card.choose(sets, job.precision)
    asked = {"prompt": "short", "threshold": threshold}
    (job.out / MERGED / ASKED).write_bytes(msgspec.json.encode(asked))
    course = [msgspec.json.decode(line) for line in (job.out / LOG).read_bytes().splitlines()]
    (job.out / "CARD.md").write_text(small_card.text(job, course, sets, threshold), encoding="utf-8")
