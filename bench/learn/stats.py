"""Statistics of the learning benchmark: paired differences with Student's t, and Wilson's interval of a share."""

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tinyv_stream.errors import InvalidInputError

_T_975: Final = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
)
"""Student's t at 97.5 % for 1 to 15 degrees of freedom; any table of it."""
_T_MANY: Final = 2.131
"""Beyond the table its last entry: too wide, never too narrow."""
Z_95: Final = 1.959964


class SeedInterval(msgspec.Struct, frozen=True):
    """A mean with the ends of its two-sided 95 % interval; of one value it has no ends."""

    mean: float
    low: float | None
    high: float | None
    seeds: int

    @property
    def is_above_zero(self) -> bool:
        """Whether the interval excludes zero, from above."""
        return self.low is not None and self.low > 0


def paired(less: Sequence[float], more: Sequence[float]) -> SeedInterval:
    """Return the mean of `more` minus `less`, paired by position, with Student's 95 % interval.

    Raises InvalidInputError for lengths that differ or are zero.
    """
    if not less or len(less) != len(more):
        raise InvalidInputError("pairs", f"{len(less)} and {len(more)}", "give as many of both, and at least one")
    return mean_interval([b - a for a, b in zip(less, more, strict=True)])


def mean_interval(values: Sequence[float]) -> SeedInterval:
    """Return the mean of `values` with Student's 95 % interval."""
    mean, n = statistics.fmean(values), len(values)
    if n < 2:
        return SeedInterval(mean, None, None, n)
    t = _T_975[n - 2] if n - 2 < len(_T_975) else _T_MANY
    half = t * statistics.stdev(values) / math.sqrt(n)
    return SeedInterval(mean, mean - half, mean + half, n)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share (J. Am. Stat. Assoc. 22, 1927); (0, 1) of nothing."""
    if not n:
        return 0.0, 1.0
    p, z2 = hits / n, Z_95**2
    middle, half = p + z2 / (2 * n), Z_95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z2 / n)), min(1.0, (middle + half) / (1 + z2 / n))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of y over x by least squares through zero; raise InvalidInputError where all x are zero."""
    square = sum(x * x for x, _ in points)
    if not square:
        raise InvalidInputError("points", len(points), "give at least one with x other than 0")
    return sum(x * y for x, y in points) / square


def area(accuracy: Iterable[float]) -> float:
    """Return the area under a curve per step, its mean; raise StatisticsError for one without steps."""
    return statistics.fmean(accuracy)
