"""Card of a small verifier that was trained from nothing: its making, its course, its figures on each held-out set.

The threshold is chosen by precision: the lowest one that keeps it on every held-out set. A set that keeps it at none is
given nothing back by the one that is chosen, and the card shows it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tinyv_stream.intervals import rate
from tinyv_stream.lab.scores import auc
from tinyv_stream.lab.tune.card import digest, made_with

if TYPE_CHECKING:
    from tinyv_stream.lab.tune.small_run import SmallJob

NEVER: Final = 1.0
_MOST_ROWS: Final = 30


class Scored(msgspec.Struct, frozen=True):
    """A held-out set under the written model."""

    scores: Sequence[float]
    labels: Sequence[bool]

    def given(self, threshold: float) -> tuple[int, int]:
        """Return how many are given back from `threshold` on, and how many of them rightly."""
        accepted = [label for score, label in zip(self.scores, self.labels, strict=True) if score >= threshold]
        return len(accepted), sum(accepted)


def choose(sets: Mapping[str, Scored], precision: float) -> float:
    """Return the lowest threshold at which what is given back has that precision on each set; 1.0 if there is none."""
    for threshold in sorted({score for found in sets.values() for score in found.scores}):
        counts = [found.given(threshold) for found in sets.values()]
        if all(rightly >= precision * given for given, rightly in counts):
            return threshold
    return NEVER


def text(job: "SmallJob", course: Sequence[Mapping[str, Any]], sets: Mapping[str, Scored], threshold: float) -> str:
    """Return the card as Markdown; `course` is the run's log."""
    shape = job.shape
    how = {
        "shape": f"Llama, {shape.layers} layers of width {shape.width}, {shape.heads} heads, inner width {shape.inner}",
        "data": ", ".join(f"`{file.name}` sha256 {digest(file)}" for file in files_of(job.data)),
        "learning rate, tokens a batch, copying": f"{job.lr:g}, {job.tokens}, {job.copying:g}",
        "pairs, passes, steps, time": "{pairs}, {passes}, {steps}, {spent_s:.0f} s".format(**course[-1]),
        "seed": str(job.seed),
        "made with": made_with(),
    }
    lines = ["# A small verifier trained with `tinyv-stream train --from-scratch`\n", "| | |\n|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in how.items()]
    lines += [f"\nThreshold {threshold:.4f}: the lowest at which {job.precision:.0%} of what is given back is right"]
    lines += [
        "on every set below.\n",
        "| set | pairs | AUC | given back rightly | of the right ones |\n|---|---|---|---|---|",
    ]
    lines += [_row(name, found, threshold) for name, found in sets.items()]
    lines += ["\n| pairs seen | loss | " + " | ".join(f"AUC {name}" for name in sets) + " |"]
    lines += ["|---" * (2 + len(sets)) + "|"]
    lines += [_line(point, list(sets)) for point in course[:: -(-len(course) // _MOST_ROWS) or 1]]
    return "\n".join(lines) + "\n"


def files_of(data: Path) -> list[Path]:
    """Return the files of pairs that `data` is or holds."""
    return sorted(data.glob("*.jsonl")) if data.is_dir() else [data]


def _row(name: str, found: Scored, threshold: float) -> str:
    given, rightly = found.given(threshold)
    area = auc(found.scores, found.labels)
    shown = "" if area is None else f"{area:.3f}"
    return f"| {name} | {len(found.labels)} | {shown} | {rate(rightly, given)} | {rate(rightly, sum(found.labels))} |"


def _line(point: Mapping[str, Any], names: Sequence[str]) -> str:
    areas = [point["held_out"].get(name, {}).get("auc") for name in names]
    shown = " | ".join("" if area is None else f"{area:.3f}" for area in areas)
    return f"| {point['pairs']} | {point['loss']:.3f} | {shown} |"
