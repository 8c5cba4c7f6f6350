"""Shares of a run's beginning and end: how many groups taught nothing, how many right answers were refused."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Final

from bench.learn.grpo import StepRecord

ENDS: Final = 10
"""Steps at the start and at the end that a share is given for."""
EARLY: Final = 5
"""First steps, whose flat groups are told apart: late ones are flat because they are solved."""


def accuracy_start(steps: Sequence[StepRecord]) -> float:
    """Return the mean true accuracy of the first `ENDS` steps."""
    return fmean(s.accuracy for s in steps[:ENDS])


def accuracy_end(steps: Sequence[StepRecord]) -> float:
    """Return the mean true accuracy of the last `ENDS` steps."""
    return fmean(s.accuracy for s in steps[-ENDS:])


def refused_start(steps: Sequence[StepRecord]) -> float | None:
    """Return the mean share of right answers that were refused in the first `ENDS` steps, over those that had any."""
    return _refused(steps[:ENDS])


def refused_end(steps: Sequence[StepRecord]) -> float | None:
    """Return the same of the last `ENDS` steps."""
    return _refused(steps[-ENDS:])


def flat(steps: Sequence[StepRecord]) -> float:
    """Return the share of groups that taught nothing."""
    return fmean(s.flat for s in steps)


def forms_end(runs: Sequence[Sequence[StepRecord]]) -> dict[str, float]:
    """Return the share of each spelling among the answers of the last `ENDS` steps of `runs`."""
    counts: dict[str, int] = defaultdict(int)
    for step in (step for steps in runs for step in steps[-ENDS:]):
        for name, count in step.forms.items():
            counts[name] += count
    return {name: count / sum(counts.values()) for name, count in counts.items()}


def at_time(steps: Sequence[StepRecord], wall_s: float) -> float | None:
    """Return the mean accuracy of the last `EARLY` steps that were over `wall_s` seconds after a run's start.

    None where none was.
    """
    over = [s.accuracy for s in steps if s.wall_s <= wall_s]
    return fmean(over[-EARLY:]) if over else None


def _refused(steps: Sequence[StepRecord]) -> float | None:
    shares = [s.refused for s in steps if s.refused is not None]
    return fmean(shares) if shares else None
