"""Shares with their intervals. Pure."""

import math
from collections.abc import Mapping
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

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "-"
        return f"{self.value:.1%} [{self.low:.1%}, {self.high:.1%}]"


def rate(hits: int, n: int) -> Rate:
    """Return a share with its Wilson interval."""
    if n == 0:
        return Rate(0, 0, None, None, None)
    p, z2 = hits / n, Z95 * Z95
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return Rate(hits, n, p, max(0.0, middle - half), min(1.0, middle + half))


def shadow_disagreement(stats: Mapping[str, int]) -> Rate:
    """Return how often a shadow verifier decided otherwise than the live one, of a pool's counters."""
    differ = stats.get("shadow_accepts", 0) + stats.get("shadow_refuses", 0)
    return rate(differ, differ + stats.get("shadow_agree", 0))
