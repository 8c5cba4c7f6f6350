"""Rule of thumb: the share of the oracle's area that false negatives cost, and how far it misses real graders.

- `k` is the share lost per unit of rate, by runs whose false negatives are random: one k per seed (least squares
  through zero over its rates), so that an interval is over seeds, not over runs that share one.
- A grader's own loss is measured beside what k says of its refusals at the start. Random refusals leave every spelling
  something; systematic ones do not, and cost more than k says.
"""

from collections.abc import Mapping
from statistics import fmean
from typing import Final

import msgspec

from bench.learn.cell import SweepCell
from bench.learn.rewards import TINYV
from bench.learn.shares import refused_start
from bench.learn.stats import SeedInterval, mean_interval, slope

RATES: Final = {"fn30": 0.3, "fn60": 0.6, "fn80": 0.8}
"""Rewards that are the oracle with random false negatives, and their rate."""
GRADERS: Final = ("prime", "cascade", "cascade_half", TINYV)
"""Rewards that the rule is held against."""

Cells = Mapping[str, Mapping[int, SweepCell]]
"""Reward -> seed -> cell, of one family and loss."""


class ThumbCheck(msgspec.Struct, frozen=True):
    """Share of the oracle's area that one grader costs."""

    predicted: float
    """k times the mean share of right answers that it refused at the start."""
    measured: float


def thumb(of: Cells) -> SeedInterval | None:
    """Return k with its interval over seeds; None without such runs."""
    by_seed = {seed: points for seed in of.get("oracle", {}) if (points := _points(of, seed))}
    return mean_interval([slope(points) for points in by_seed.values()]) if by_seed else None


def thumb_by_rate(of: Cells) -> dict[str, SeedInterval]:
    """Return k by reward of `RATES`: the share lost at that rate alone, over the rate."""
    found = {name: [lost / rate for lost in _lost(of, name)] for name, rate in RATES.items()}
    return {name: mean_interval(values) for name, values in found.items() if values}


def thumb_checks(of: Cells) -> dict[str, ThumbCheck]:
    """Return what k says of each real grader, beside what that cost."""
    k = thumb(of)
    found: dict[str, ThumbCheck] = {}
    for name in GRADERS if k else ():
        shares = [share for c in of.get(name, {}).values() if (share := refused_start(c.steps)) is not None]
        if k and shares and (lost := _lost(of, name)):
            found[name] = ThumbCheck(k.mean * fmean(shares), fmean(lost))
    return found


def _points(of: Cells, seed: int) -> list[tuple[float, float]]:
    oracle = of["oracle"][seed].auc
    return [
        (rate, 1 - of[name][seed].auc / oracle) for name, rate in RATES.items() if oracle and seed in of.get(name, {})
    ]


def _lost(of: Cells, name: str) -> list[float]:
    oracle = of.get("oracle", {})
    return [1 - c.auc / whole for seed, c in of.get(name, {}).items() if seed in oracle and (whole := oracle[seed].auc)]
