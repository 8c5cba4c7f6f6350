"""Result of the learning benchmark: areas by reward, paired gaps with intervals, what was flat, what was hacked.

Steps are counted from 0, as on the board. Rewards come in the order of the cells.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from bench.learn import shares
from bench.learn.cell import SweepCell
from bench.learn.hacking import alarm_at, hacked_at, wrong_share
from bench.learn.rewards import TINYV
from bench.learn.stats import SeedInterval, mean_interval, paired
from bench.learn.thumb import Cells, thumb, thumb_by_rate, thumb_checks
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

Split = Mapping[tuple[str, str], Cells]
"""(family, loss) -> its cells."""


def result(cells: Sequence[SweepCell], trl: Sequence[TrlRun], minutes: float) -> dict[str, Any]:
    """Return everything measured. Keys of areas are `family/reward`, with `/dr_grpo` behind where that was the loss."""
    split = by_setting(cells)
    gaps = {
        key: {f"{more} - {less}": one for less, more in pairs(of) if (one := gap(of, less, more)) is not None}
        for key, of in split.items()
    }
    return {
        "auc": _each(split, lambda c: c.auc),
        "gap_rules_to_addon": _named(gaps, f"{TINYV} - cascade"),
        "gap_addon_to_oracle": _named(gaps, f"oracle - {TINYV}"),
        "intervals": {_key(key, name): one for key, of in gaps.items() for name, one in of.items()},
        "flat": _each(split, lambda c: shares.flat(c.steps)),
        "flat_early": _each(split, lambda c: shares.flat(c.steps[: shares.EARLY])),
        "flat_end": _each(split, lambda c: shares.flat(c.steps[-shares.ENDS :])),
        "hacked_at": _each(split, lambda c: hacked_at(c.steps)),
        "minutes": minutes,
        "alarm_at": _each(split, lambda c: alarm_at(c.steps)),
        "board_audit_at": _each(split, lambda c: c.board.audit if c.board else None),
        "board_spelling_at": _each(split, lambda c: c.board.spelling if c.board else None),
        "board_spelt": _each(split, lambda c: c.board.spelt if c.board else ""),
        "paid_wrong": _each(split, lambda c: wrong_share(c.steps)),
        "paid_wrong_end": _each(split, lambda c: wrong_share(c.steps[-shares.ENDS :])),
        "accuracy_start": _each(split, lambda c: shares.accuracy_start(c.steps)),
        "accuracy_end": _each(split, lambda c: shares.accuracy_end(c.steps)),
        "refused_start": _each(split, lambda c: shares.refused_start(c.steps)),
        "refused_end": _each(split, lambda c: shares.refused_end(c.steps)),
        "forms_end": _all(split, lambda of: shares.forms_end([c.steps for c in of])),
        "cpu_s": _each(split, lambda c: c.steps[-1].cpu_s),
        "wall_s": _each(split, lambda c: c.steps[-1].wall_s),
        "verify_s": _each(split, lambda c: sum(s.verify_s for s in c.steps)),
        "undecided": _each(split, lambda c: sum(s.undecided for s in c.steps)),
        "curves": _all(split, curve),
        "equal_time": {_key(key): one for key, of in split.items() if (one := equal_time(of))},
        "trl": {"auc": [r.auc for r in trl], "cpu_s": [r.cpu_s for r in trl], "curve": _trl_curve(trl)},
        "thumb": {_key(key): one for key, of in split.items() if (one := thumb(of))},
        "thumb_by_rate": {_key(key): one for key, of in split.items() if (one := thumb_by_rate(of))},
        "thumb_checks": {_key(key): one for key, of in split.items() if (one := thumb_checks(of))},
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


def equal_time(of: Cells) -> dict[str, list[float | None]]:
    """Return by seed the accuracy of `cascade` at its end, and of rules + TinyV after as much wall time of its own.

    Each is a mean over five steps. Empty where a seed does not have both.
    """
    rules, addon = of.get("cascade", {}), of.get(TINYV, {})
    both = {s: (c.steps, addon[s].steps, c.steps[-1].wall_s) for s, c in rules.items() if s in addon}
    if not both:
        return {}
    return {
        "cascade": [shares.at_time(mine, end) for mine, _, end in both.values()],
        TINYV: [shares.at_time(theirs, end) for _, theirs, end in both.values()],
    }


def curve(cells: Iterable[SweepCell]) -> list[dict[str, float]]:
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


def _trl_curve(runs: Sequence[TrlRun]) -> list[float]:
    return [mean_interval(at).mean for at in zip(*(r.accuracy for r in runs), strict=False)]


def _named(gaps: Mapping[tuple[str, str], Mapping[str, SeedInterval]], name: str) -> dict[str, float]:
    return {_key(key): of[name].mean for key, of in gaps.items() if name in of}


def _all(split: Split, of: Callable[[Iterable[SweepCell]], Any]) -> dict[str, Any]:
    return {_key(key, r): of(seeds.values()) for key, one in split.items() for r, seeds in one.items()}


def _each(split: Split, of: Callable[[SweepCell], Any]) -> dict[str, list[Any]]:
    return _all(split, lambda cells: [of(c) for c in cells])


def _key(key: tuple[str, str], name: str = "") -> str:
    family, loss = key
    parts = (family, name, "" if loss == "grpo" else loss)
    return "/".join(part for part in parts if part)
