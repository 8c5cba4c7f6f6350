"""The contract: 200 rollouts, and the reward that every adapter must give for each.

The scripted engine obeys markers in an answer; the rule graders are the real ones, and refuse a marker.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from tinyv_stream import Reward, RewardClient, Rollout

SOURCE: Final = "contract_tinyv"


class Case(msgspec.Struct, frozen=True):
    """One sample, as a data set and a policy would give it."""

    question: str
    completion: str
    ground_truth: str
    value: float | None
    """The right reward; None: undecided."""


_ANSWERS: Final = (
    ("So it is \\boxed{%d}.", 1.0),  # right by the rules
    ("So it is \\boxed{%d1}.", 0.0),  # wrong for both
    ("So it is \\boxed{[[true]] about %d}.", 1.0),  # refused by the rules, rescued by TinyV
    ("So it is \\boxed{[[undecided]] %d}.", None),  # refused by the rules, TinyV cannot say
)
BASELINE: Final = 2 / 3
"""What the decided ones of every group are worth: of eight, two each are right, wrong, rescued and undecided."""


def cases(count: int = 200, group: int = 8, *, salt: str = "") -> list[Case]:
    """Return `count` samples in groups of equal questions; no two neighbours of a group end alike.

    With another `salt` no verdict about them is known yet.
    """
    made: list[Case] = []
    for i in range(count):
        n = i // group + 10
        text, value = _ANSWERS[(i + n) % len(_ANSWERS)]
        made.append(Case(f"What is {n} + 0{salt}?", f"Sample {i}. {text % n}", str(n), value))
    return made


def number(case: Case) -> float:
    """Return what a trainer without a word for "undecided" gets once its question's others were decided."""
    return BASELINE if case.value is None else case.value


async def decided_first(chosen: list[Case], give: Callable[[Case], Awaitable[Any]]) -> list[Any]:
    """Give all at once, but the undecided ones after the others, so that what others were worth is known; in order."""
    given: dict[int, Any] = {}
    for is_undecided in (False, True):
        wave = [i for i, case in enumerate(chosen) if (case.value is None) == is_undecided]
        given |= zip(wave, await asyncio.gather(*(give(chosen[i]) for i in wave)), strict=True)
    return [given[i] for i in range(len(chosen))]


def rollout_of(case: Case) -> Rollout:
    """Return the sample as the plain client takes it."""
    return Rollout(
        question=case.question, completion=case.completion, ground_truth=case.ground_truth, data_source=SOURCE
    )


def plain(url: str, run_id: str, chosen: list[Case], pool: str = "main") -> list[Reward]:
    """Return what the plain client gets for the same samples."""

    async def ask() -> list[Reward]:
        async with RewardClient(url, run_id=run_id, pool=pool, deadline_s=120.0) as client:
            tickets = [await client.submit(rollout_of(c)) for c in chosen]
            return [await ticket for ticket in tickets]

    return asyncio.run(ask())
