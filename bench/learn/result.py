"""Result of the learning benchmark: areas by reward, paired gaps with intervals, what was flat, what was hacked."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bench.learn.cell import SweepCell
from bench.learn.grpo import StepRecord
from bench.learn.hacking import alarm_at, hacked_at, wrong_share
from bench.learn.settings import TINYV
from bench.learn.stats import SeedInterval, mean_interval, paired, through_origin
from bench.learn.trl_check import TrlRun

LADDER: Final = (
    ("prime", "cascade"),
    ("cascade", TINYV),
    ("cascade", "cascade_half"),
    (TINYV, "cascade_oracle"),
    ("cascade_half", "cascade_oracle"),
    ("cascade_oracle", "oracle"),
)
"""Rewards whose areas are compared, less before more."""
ENDS: Final = 10
"""Steps at the start and at the end that a share is given for."""

RATES: Final = {"fn30": 0.3, "fn60": 0.6, "fn80": 0.8}
"""Rewards that are the oracle with random false negatives, and their rate."""

Cells = Mapping[str, Mapping[int, SweepCell]]
"""Reward -> seed -> cell, of one family and loss."""


def result(cells: Sequence[SweepCell], trl: Sequence[TrlRun], minutes: float) -> dict[str, Any]:
    """Return everything measured. Keys of areas are `family/reward`, with `/dr_grpo` behind where that was the loss."""
    split = by_setting(cells)
    gaps = {
        key: {f"{more} - {less}": one for less, more in pairs(of) if (one := gap(of, less, more)) is not None}
        for key, of in split.items()
    }
    return {
        "auc": {_key(key, r): [c.auc for c in seeds.values()] for key, of in split.items() for r, seeds in of.items()},
        "gap_rules_to_addon": _named(gaps, f"{TINYV} - cascade"),
        "gap_addon_to_oracle": _named(gaps, f"oracle - {TINYV}"),
        "intervals": {_key(key, name): interval_json(one) for key, of in gaps.items() for name, one in of.items()},
        "flat": _each(split, lambda c: statistics.fmean(s.flat for s in c.steps)),
        "hacked_at": _each(split, lambda c: hacked_at(c.steps)),
        "minutes": minutes,
        "alarm_at": _each(split, lambda c: alarm_at(c.steps)),
        "board_audit_at": _each(split, lambda c: c.board.audit if c.board else None),
        "board_spelling_at": _each(split, lambda c: c.board.spelling if c.board else None),
        "board_spelt": _each(split, lambda c: c.board.spelt if c.board else ""),
        "paid_wrong": _each(split, lambda c: wrong_share(c.steps)),
        "paid_wrong_end": _each(split, lambda c: wrong_share(c.steps[-ENDS:])),
        "accuracy_start": _each(split, lambda c: statistics.fmean(s.accuracy for s in c.steps[:3])),
        "accuracy_end": _each(split, lambda c: statistics.fmean(s.accuracy for s in c.steps[-ENDS:])),
        "refused_start": _each(split, lambda c: refused(c.steps[:ENDS])),
        "refused_end": _each(split, lambda c: refused(c.steps[-ENDS:])),
        "forms_end": {_key(k, r): forms(list(s.values())) for k, of in split.items() for r, s in of.items()},
        "cpu_s": _each(split, lambda c: c.steps[-1].cpu_s),
        "wall_s": _each(split, lambda c: c.steps[-1].wall_s),
        "verify_s": _each(split, lambda c: sum(s.verify_s for s in c.steps)),
        "undecided": _each(split, lambda c: sum(s.undecided for s in c.steps)),
        "curves": {_key(k, r): curve(list(s.values())) for k, of in split.items() for r, s in of.items()},
        "trl": {"auc": [r.auc for r in trl], "cpu_s": [r.cpu_s for r in trl], "curve": _trl_curve(trl)},
        "thumb": {_key(key, "").rstrip("/"): interval_json(one) for key, of in split.items() if (one := thumb(of))},
        "interval_method": "paired by seed, Student's t, two-sided 95 %",
    }


def by_setting(cells: Sequence[SweepCell]) -> dict[tuple[str, str], dict[str, dict[int, SweepCell]]]:
    """Return the cells by (family, loss), reward and seed."""
    found: dict[tuple[str, str], dict[str, dict[int, SweepCell]]] = defaultdict(lambda: defaultdict(dict))
    for cell in sorted(cells, key=lambda c: c.seed):
        found[cell.family, cell.loss][cell.reward][cell.seed] = cell
    return {key: dict(of) for key, of in found.items()}


def pairs(of: Cells) -> list[tuple[str, str]]:
    """Return the pairs of rewards to compare: the ladder, and every other reward against the oracle."""
    ladder = [*LADDER, (TINYV, "oracle"), ("cascade", "cascade_oracle")]
    return [*ladder, *((name, "oracle") for name in of if (name, "oracle") not in ladder and name != "oracle")]


def gap(of: Cells, less: str, more: str) -> SeedInterval | None:
    """Return the gap between two rewards over the seeds that both have; None where there is none."""
    seeds = sorted(set(of.get(less, {})) & set(of.get(more, {})))
    if not seeds:
        return None
    return paired([of[less][s].auc for s in seeds], [of[more][s].auc for s in seeds])


def refused(steps: Sequence[StepRecord]) -> float | None:
    """Return the mean share of right answers that were refused, over the steps that had any."""
    shares = [s.refused for s in steps if s.refused is not None]
    return statistics.fmean(shares) if shares else None


def thumb(of: Cells) -> SeedInterval | None:
    """Return the share of the oracle's area that is lost per unit of false negative rate; None without such runs.

    One point per rate and seed: x is the rate, y the share of the same seed's oracle area that is lost.
    """
    oracle = of.get("oracle", {})
    points = [
        (rate, 1 - cell.auc / oracle[seed].auc)
        for name, rate in RATES.items()
        for seed, cell in of.get(name, {}).items()
        if seed in oracle and oracle[seed].auc
    ]
    return through_origin(points) if points else None


def forms(cells: Sequence[SweepCell]) -> dict[str, float]:
    """Return the share of each spelling among the answers of the last steps."""
    counts: dict[str, int] = defaultdict(int)
    for cell in cells:
        for step in cell.steps[-ENDS:]:
            for name, count in step.forms.items():
                counts[name] += count
    return {name: count / sum(counts.values()) for name, count in counts.items()}


def curve(cells: Sequence[SweepCell]) -> list[dict[str, float]]:
    """Return per step the mean accuracy over seeds, with processor and wall time since the run's start in seconds."""
    return [
        {
            "accuracy": statistics.fmean(s.accuracy for s in at),
            "cpu_s": statistics.fmean(s.cpu_s for s in at),
            "wall_s": statistics.fmean(s.wall_s for s in at),
            "paid_wrong": wrong_share(at),
        }
        for at in zip(*(c.steps for c in cells), strict=False)
    ]


def interval_json(one: SeedInterval) -> dict[str, float | int | None]:
    """Return an interval as plain values."""
    return {"mean": one.mean, "low": one.low, "high": one.high, "seeds": one.n}


def _trl_curve(runs: Sequence[TrlRun]) -> list[float]:
    return [mean_interval(at).mean for at in zip(*(r.accuracy for r in runs), strict=False)]


def _named(gaps: Mapping[tuple[str, str], Mapping[str, SeedInterval]], name: str) -> dict[str, float]:
    return {_key(key, "").rstrip("/"): of[name].mean for key, of in gaps.items() if name in of}


def _each(split: Mapping[tuple[str, str], Cells], of: Callable[[SweepCell], Any]) -> dict[str, list[Any]]:
    return {_key(key, r): [of(c) for c in seeds.values()] for key, one in split.items() for r, seeds in one.items()}


def _key(key: tuple[str, str], name: str) -> str:
    family, loss = key
    return f"{family}/{name}" if loss == "grpo" else f"{family}/{name}/{loss}"
