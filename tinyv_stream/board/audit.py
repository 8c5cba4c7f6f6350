"""Audit of a recorded run: which pairs are drawn for a judge, and what its labels say of the reward. Pure.

- Drawn at random, each pair of a cell alike (`rates.CELLS`); a rate weighs a pair by how often it was rewarded.
- Subsets (a `data_source`, a part of the run) take the pairs of the sample that occur in them: a sample of them too.
- A pair that the judges do not agree on, or cannot judge, is no label and is counted.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tinyv_stream.board.rates import ACCEPTED, CELLS, AuditRate, Noise, noise_of, rate, stage_noise
from tinyv_stream.types import Outcome

PARTS: Final = 5
_MOST_SOURCES: Final = 12


class Seen(msgspec.Struct, frozen=True):
    """`n` rewards of one pair in one cell, step and data source."""

    pair: str
    cell: str
    step: int
    data_source: str
    n: int = 1


class AuditFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of some rewards. None: a cell that occurs was not audited among them."""

    rewards: int
    decided: Mapping[str, int]
    """Per cell: how many of them."""
    noise: Noise | None
    wrong: Mapping[str, AuditRate | None]
    """Per cell: the share of rewards that are wrong."""
    stages: Mapping[str, Noise | None] = {}
    since: int = 0
    until: int = 0
    """First and last step, of a part of a run."""


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """The audit of one try of a run."""

    run: str
    judges: tuple[str, ...]
    labelled: int
    unsure: int
    """Drawn, and left out: the judges do not agree, or one cannot tell."""
    whole: AuditFigures
    by_source: Mapping[str, AuditFigures]
    course: Sequence[AuditFigures]


def drawn(seen: Iterable[Seen], size: int, seed: int) -> list[str]:
    """Return the pairs to be judged: `size` of each cell at most, at random, the same for the same seed."""
    cells: dict[str, set[str]] = defaultdict(set)
    for one in seen:
        cells[one.cell].add(one.pair)
    rng = random.Random(seed)  # noqa: S311 a sample, not a secret
    found = [pair for cell in CELLS for pair in rng.sample(sorted(cells[cell]), min(size, len(cells[cell])))]
    return list(dict.fromkeys(found))


def figures_of(
    rewards: Sequence[Seen], audited: Sequence[Seen], is_right: Mapping[str, bool], *, with_stages: bool = False
) -> AuditFigures:
    """Return what the labels say of `rewards`, whose pairs need not be named; `audited` are those of labelled pairs.

    `is_right` tells of each audited pair whether its answer is correct; `with_stages` is for the setup `addon` alone.
    """
    decided: Counter[str] = Counter()
    for one in rewards:
        decided[one.cell] += one.n
    said: dict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for one in audited:
        is_wrong = is_right[one.pair] != (one.cell in ACCEPTED)
        said[one.cell][one.pair, is_wrong] += one.n
    rates = {cell: rate([(is_wrong, n) for (_, is_wrong), n in said[cell].items()]) for cell in CELLS}
    steps = [one.step for one in rewards]
    return AuditFigures(
        rewards=sum(decided.values()),
        decided=decided,
        noise=noise_of(decided, rates),
        wrong=rates,
        stages=stage_noise(decided, rates) if with_stages else {},
        since=min(steps, default=0),
        until=max(steps, default=0),
    )


def course_of(
    rewards: Sequence[Seen], audited: Sequence[Seen], is_right: Mapping[str, bool], parts: int = PARTS
) -> list[AuditFigures]:
    """Return the figures of consecutive parts of a run, of about as many rewards each; whole steps."""
    per_step: Counter[int] = Counter()
    for one in rewards:
        per_step[one.step] += one.n
    total, done = sum(per_step.values()), 0
    ends: list[int] = []
    for step in sorted(per_step):
        done += per_step[step]
        if done * parts >= total * (len(ends) + 1):
            ends.append(step)
    found: list[AuditFigures] = []
    begins = min(per_step, default=0)
    for end in ends:
        some, known = ([one for one in all_ if begins <= one.step <= end] for all_ in (rewards, audited))
        found.append(figures_of(some, known, is_right))
        begins = end + 1
    return found


def report(
    run: str,
    seen: Sequence[Seen],
    is_right: Mapping[str, bool],
    *,
    judges: Sequence[str],
    unsure: int,
    with_stages: bool = True,
) -> AuditReport:
    """Return the whole audit of the rewards in `seen`, whose pairs are named.

    `with_stages` is for the setup `addon` alone: see `rates.stage_noise`.
    """
    sources: Counter[str] = Counter()
    for one in seen:
        sources[one.data_source] += one.n
    audited = [one for one in seen if one.pair in is_right]

    def of(source: str) -> AuditFigures:
        some, known = ([one for one in all_ if one.data_source == source] for all_ in (seen, audited))
        return figures_of(some, known, is_right)

    return AuditReport(
        run=run,
        judges=tuple(judges),
        labelled=len(is_right),
        unsure=unsure,
        whole=figures_of(seen, audited, is_right, with_stages=with_stages),
        by_source={source: of(source) for source, _ in sources.most_common(_MOST_SOURCES)},
        course=course_of(seen, audited, is_right),
    )


def agreed(verdicts: Sequence[Mapping[str, Outcome]]) -> dict[str, bool]:
    """Return whether each answer is correct, of those that all judges decide alike."""
    found: dict[str, bool] = {}
    for pair in verdicts[0] if verdicts else ():
        said = {one.get(pair) for one in verdicts}
        if said in ({Outcome.CORRECT}, {Outcome.INCORRECT}):
            found[pair] = said == {Outcome.CORRECT}
    return found
