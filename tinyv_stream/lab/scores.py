"""Figures of a verifier on labelled pairs: rates with intervals, AUC, calibration, sweep. Pure; no I/O."""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

Z95: Final = 1.959963984540054
"""Normal quantile of a two-sided 95 % interval."""


class Rate(msgspec.Struct, frozen=True):
    """`hits` of `n`, with the Wilson 95 % interval; all None where n is 0."""

    hits: int
    n: int
    value: float | None
    low: float | None
    high: float | None


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


def rate(hits: int, n: int) -> Rate:
    """Return a share with its Wilson interval."""
    if n == 0:
        return Rate(0, 0, None, None, None)
    p, z2 = hits / n, Z95 * Z95
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Rate(hits, n, p, max(0.0, middle - half), min(1.0, middle + half))


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
