"""The card of a trained verifier: what it is, how it was made, what it can do, by measurement on held-out pairs."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.scores import Rate, auc, calibration_error, rate
from tinyv_stream.lab.taxonomy import KINDS

if TYPE_CHECKING:
    from tinyv_stream.lab.tune.run import Job


def text(
    job: "Job",
    before: tuple[float, float | None],
    held_out: Sequence[Pair],
    scores: Sequence[float],
    threshold: float,
    *,
    trained_on: int,
) -> str:
    """Return the card as Markdown."""
    labels = [p.label for p in held_out]
    chosen, half = (_rates(scores, labels, t) for t in (threshold, 0.5))
    area, error = auc(scores, labels), calibration_error(scores, labels)
    kinds = sorted({p.kind for p in held_out if p.kind})
    rows = [_kind_row(kind, held_out, scores, threshold) for kind in kinds]
    method = f"LoRA, rank {job.rank}, alpha {job.alpha:g}" if job.rank else "all weights"
    head = f"""# A verifier trained with `tinyv-stream train`

| | |
|---|---|
| base model | `{Path(job.base).name}` |
| method | {method}, cross-entropy over `True` and `False` |
| prompt | `{job.style}` |
| data | `{job.data.name}`, {trained_on} pairs, sha256 {_digest(job.data)} |
| held out | `{job.held_out.name}`, {len(held_out)} pairs, sha256 {_digest(job.held_out)} |
| batch, learning rate, seed | {job.plan.batch}, {job.plan.lr:g}, {job.plan.seed} |

On the held-out pairs: AUC {_number(area)} (before training {_number(before[1])}), calibration error {_number(error)}.

| P(true) from | recall | false positives |
|---|---|---|
| 0.5 | {_percent(half[0])} | {_percent(half[1])} |
| **{threshold:.3f}** (recommended) | {_percent(chosen[0])} | {_percent(chosen[1])} |

The recommended threshold was chosen on these pairs, at most {job.most_fp:.1%} of the wrong ones accepted.

| kind | pairs | accepted at {threshold:.3f} |
|---|---|---|
"""
    return head + "\n".join(rows) + "\n"


def _rates(scores: Sequence[float], labels: Sequence[bool], threshold: float) -> tuple[Rate, Rate]:
    right = [s >= threshold for s, label in zip(scores, labels, strict=True) if label]
    wrong = [s >= threshold for s, label in zip(scores, labels, strict=True) if not label]
    return rate(sum(right), len(right)), rate(sum(wrong), len(wrong))


def _kind_row(kind: str, held_out: Sequence[Pair], scores: Sequence[float], threshold: float) -> str:
    hits = [s >= threshold for p, s in zip(held_out, scores, strict=True) if p.kind == kind]
    known = KINDS.get(kind)
    name = f"{known.id} {known.group}: {known.name}" if known else f"wrong: {kind}"
    return f"| {name} | {len(hits)} | {_percent(rate(sum(hits), len(hits)))} |"


def _percent(r: Rate) -> str:
    return "none" if r.value is None else f"{r.value:.1%} [{r.low:.1%}, {r.high:.1%}]"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
