"""Model card of a trained verifier: its identity, its making, its quality by measurement on held-out pairs."""

import hashlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tinyv_stream.charts import plot
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.scores import Rate, auc, brier, calibration_error, rate
from tinyv_stream.verifiers.taxonomy import KINDS

if TYPE_CHECKING:
    from tinyv_stream.lab.tune.plan import TrainingJob

_LIBRARIES: Final = ("tinyv-stream", "trl", "transformers", "peft", "torch")
_MOST_ROWS: Final = 20
_METHODS: Final = {
    "one_token": "cross-entropy over `True` and `False` at the reply",
    "sft": "cross-entropy of the reply over the whole vocabulary",
}


class Run(msgspec.Struct, frozen=True):
    """What happened: the trainer's log, steps done, seconds, processes."""

    history: Sequence[Mapping[str, float]]
    steps: int
    elapsed_s: float
    devices: int

    def curve(self, name: str) -> list[tuple[float, float]]:
        """Return a logged figure over the steps."""
        return [(line["step"], line[name]) for line in self.history if name in line]


class TrainingResult(msgspec.Struct, frozen=True):
    """What came out: P(True) of the held-out pairs under the written model."""

    held_out: Sequence[Pair]
    scores: Sequence[float]
    threshold: float
    trained_on: int
    carried: float | None = None
    """Share of a full tuning's change that the exported adapter holds."""


def text(job: "TrainingJob", run: Run, result: TrainingResult) -> str:
    """Return the card as Markdown."""
    scores, labels = result.scores, [p.label for p in result.held_out]
    kinds = sorted({p.kind for p in result.held_out if p.kind})
    parts = [
        "# A verifier trained with `tinyv-stream train`\n",
        _how(job, run, result),
        _outcome(run, scores, labels),
        "| P(true) from | recall | false positives |\n|---|---|---|",
        _threshold_row(scores, labels, 0.5, "0.5"),
        _threshold_row(scores, labels, result.threshold, f"**{result.threshold:.3f}** (recommended)"),
        f"\nThe recommended threshold was chosen on these pairs: at most {job.most_fp:.1%} of the wrong ones pass.\n",
        f"| kind | pairs | accepted at {result.threshold:.3f} |\n|---|---|---|",
        *(_kind_row(kind, result) for kind in kinds),
        "\n## Curves\n",
        _curves(run),
    ]
    return "\n".join(parts) + "\n"


def picture(run: Run, path: Path) -> None:
    """Write loss and held-out curves as PNG, where matplotlib is installed."""
    if not plot.is_available():
        return
    losses = {"training": run.curve("loss"), "held out": run.curve("eval_loss")}
    quality = {"AUC": run.curve("eval_auc"), "accuracy": run.curve("eval_accuracy")}
    panels = [
        plot.Panel(x="step", y="loss", curves=losses, is_share=False),
        plot.Panel(x="step", y="held out", curves=quality, is_share=False),
    ]
    plot.save(panels, path.parent.name, path)


def _how(job: "TrainingJob", run: Run, result: TrainingResult) -> str:
    plan = job.plan
    weights = f"LoRA, rank {job.rank}, alpha {job.alpha:g}" if job.rank else "all weights"
    if result.carried is not None:
        weights += f"; exported as an adapter of rank {job.export_rank} that holds {result.carried:.1%} of the change"
    rows = {
        "base model": f"`{Path(job.base).name}`",
        "started from": f"`{job.adapter.name}`" if job.adapter else "",
        "weights": weights,
        "loss": _METHODS[plan.method],
        "prompt": f"`{job.style}`",
        "data": f"`{job.data.name}`, {result.trained_on} pairs, sha256 {digest(job.data)}",
        "held out": f"`{job.held_out.name}`, {len(result.held_out)} pairs, sha256 {digest(job.held_out)}",
        "order": "curriculum, then mixed" if plan.curriculum else "mixed",
        "epochs, batch, learning rate, warm-up": f"{plan.epochs:g}, {plan.batch}, {plan.lr:g}, {plan.warmup:g}",
        "seed": str(plan.seed),
        "steps, time, processes": f"{run.steps}, {run.elapsed_s:.0f} s, {run.devices}",
        "made with": made_with(),
    }
    lines = [f"| {name} | {value} |" for name, value in rows.items() if value]
    return "| | |\n|---|---|\n" + "\n".join(lines) + "\n"


def _outcome(run: Run, scores: Sequence[float], labels: Sequence[bool]) -> str:
    before = dict(run.curve("eval_auc")).get(0)
    return (
        f"On the held-out pairs, with the merged weights: AUC {_number(auc(scores, labels))}"
        f"{f' (before training {before:.3f})' if before is not None else ''}, calibration error "
        f"{_number(calibration_error(scores, labels))}, Brier score {_number(brier(scores, labels))}.\n"
    )


def _curves(run: Run) -> str:
    loss = dict(run.curve("loss"))
    lines = [line for line in run.history if "eval_loss" in line]
    lines = lines[:: -(-len(lines) // _MOST_ROWS) or 1]
    rows = [
        f"| {line['step']:.0f} | {_number(loss.get(line['step']))} | {_number(line['eval_loss'])} | "
        f"{_number(line.get('eval_accuracy'))} | {_number(line.get('eval_auc'))} |"
        for line in lines
    ]
    head = "| step | training loss | held-out loss | held-out accuracy | held-out AUC |\n|---|---|---|---|---|\n"
    return head + "\n".join(rows)


def _threshold_row(scores: Sequence[float], labels: Sequence[bool], threshold: float, name: str) -> str:
    right = [s >= threshold for s, label in zip(scores, labels, strict=True) if label]
    wrong = [s >= threshold for s, label in zip(scores, labels, strict=True) if not label]
    return f"| {name} | {_percent(rate(sum(right), len(right)))} | {_percent(rate(sum(wrong), len(wrong)))} |"


def _kind_row(kind: str, result: TrainingResult) -> str:
    pairs = zip(result.held_out, result.scores, strict=True)
    hits = [s >= result.threshold for p, s in pairs if p.kind == kind]
    known = KINDS.get(kind)
    name = f"{known.id} {known.group}: {known.name}" if known else f"wrong: {kind}"
    return f"| {name} | {len(hits)} | {_percent(rate(sum(hits), len(hits)))} |"


def _percent(r: Rate) -> str:
    return "none" if r.value is None else f"{r.value:.1%} [{r.low:.1%}, {r.high:.1%}]"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def made_with() -> str:
    """Return the libraries that a run goes by, with their versions."""
    return ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)


def digest(path: Path) -> str:
    """Return the beginning of a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
