"""Figures of a verifier on labelled pairs: rates with intervals, AUC, calibration, sweep. Pure; no I/O."""

from collections.abc import Sequence

import msgspec

from tinyv_stream.intervals import Rate, rate

__all__ = [
    "Bin",
    "CurvePoint",
    "Rate",
    "auc",
    "brier",
    "calibration",
    "calibration_error",
    "precise_recall",
    "precise_threshold",
    "rate",
    "sweep",
]


class CurvePoint(msgspec.Struct, frozen=True):
    """What a threshold on P(true) gives."""

    threshold: float
    recall: float
    fp_rate: float
    accuracy: float


class Bin(msgspec.Struct, frozen=True):
    """Calibration: among `n` answers given about `p_true`, this share was correct."""

    p_true: float
    correct: float
    n: int


def auc(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Return the chance that a right answer scores above a wrong one, ties counting half; None without both."""
    ordered = sorted(zip(scores, labels, strict=True))
    positives = sum(labels)
    negatives = len(labels) - positives
    if not positives or not negatives:
        return None
    rank_sum, i = 0.0, 0
    while i < len(ordered):
        j = i
        while j < len(ordered) and ordered[j][0] == ordered[i][0]:
            j += 1
        rank_sum += (i + j + 1) / 2 * sum(label for _, label in ordered[i:j])
        i = j
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def sweep(scores: Sequence[float], labels: Sequence[bool]) -> list[CurvePoint]:
    """Return recall, false positives and accuracy at every threshold that changes anything, lowest first."""
    positives = sum(labels)
    negatives = len(labels) - positives
    points: list[CurvePoint] = []
    for threshold in sorted(set(scores)):
        hits = sum(s >= threshold for s, right in zip(scores, labels, strict=True) if right)
        false = sum(s >= threshold for s, right in zip(scores, labels, strict=True) if not right)
        points.append(
            CurvePoint(
                threshold,
                hits / positives if positives else 0.0,
                false / negatives if negatives else 0.0,
                (hits + negatives - false) / len(labels),
            )
        )
    return points


def precise_threshold(scores: Sequence[float], labels: Sequence[bool], most_fp: float) -> float:
    """Return the lowest threshold at which at most `most_fp` of the wrong answers are accepted.

    It lies half-way to the next score, so that equal scores elsewhere do not sit on it; 1.0 if none is low enough.
    """
    wrong = sorted((s for s, right in zip(scores, labels, strict=True) if not right), reverse=True)
    allowed = int(most_fp * len(wrong))
    if not wrong or allowed >= len(wrong):
        return min(scores, default=0.5)
    above = [s for s in scores if s > wrong[allowed]]
    return (wrong[allowed] + min(above)) / 2 if above else 1.0


def precise_recall(scores: Sequence[float], labels: Sequence[bool], precision: float) -> tuple[float, float | None]:
    """Return the most recall at which the accepted are right to that share, and the threshold; 0.0 and None if none is.

    The threshold lies half-way to the next lower score.
    """
    ordered = sorted(zip(scores, labels, strict=True), reverse=True)
    hits, best, threshold = 0, 0, None
    for n, (score, right) in enumerate(ordered, 1):
        hits += right
        below = ordered[n][0] if n < len(ordered) else 0.0
        if below < score and hits >= precision * n and hits > best:
            best, threshold = hits, (score + below) / 2
    return best / max(1, sum(labels)), threshold


def calibration(scores: Sequence[float], labels: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Return the filled bins of equal width, and how often what they hold is correct."""
    held: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for score, label in zip(scores, labels, strict=True):
        held[min(int(score * bins), bins - 1)].append((score, label))
    return [Bin(sum(s for s, _ in b) / len(b), sum(r for _, r in b) / len(b), len(b)) for b in held if b]


def calibration_error(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Return the expected calibration error over ten bins."""
    return sum(abs(b.p_true - b.correct) * b.n for b in calibration(scores, labels)) / len(scores) if scores else None


def brier(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Return the mean squared distance of P(True) from the truth; 0.25 is what 0.5 for everything gives."""
    return sum((s - label) ** 2 for s, label in zip(scores, labels, strict=True)) / len(scores) if scores else None
