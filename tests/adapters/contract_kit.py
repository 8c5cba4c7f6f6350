"""The contract: 200 rollouts, and the reward that every adapter must give for each.

The scripted engine obeys markers in an answer; the rule graders are the real ones, and refuse a marker.
"""

import asyncio
from typing import Final

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


def cases(count: int = 200, group: int = 8) -> list[Case]:
    """Return `count` samples in groups of equal questions; no two neighbours of a group end alike."""
    made: list[Case] = []
    for i in range(count):
        n = i // group + 10
        text, value = _ANSWERS[(i + n) % len(_ANSWERS)]
        made.append(Case(f"What is {n} + 0?", f"Sample {i}. {text % n}", str(n), value))
    return made


def rule_verdict_if_undecided(case: Case) -> float:
    """Return what a trainer without a word for "undecided" gets: the rules refuse every marker."""
    return 0.0 if case.value is None else case.value


def plain(url: str, run_id: str, chosen: list[Case], pool: str = "main") -> list[Reward]:
    """Return what the plain client gets for the same samples."""

    async def ask() -> list[Reward]:
        async with RewardClient(url, run_id=run_id, pool=pool, deadline_s=60.0) as client:
            tickets = [
                await client.submit(
                    Rollout(
                        question=c.question, completion=c.completion, ground_truth=c.ground_truth, data_source=SOURCE
                    )
                )
                for c in chosen
            ]
            return [await ticket for ticket in tickets]

    return asyncio.run(ask())
