"""Rollouts of a chaos run and the right reward of each: a pure function of a number and a seed.

The scripted TinyV engine reads its verdict off the question, so a check whose grader was killed (undecided, then
TinyV) ends as it would have without the kill, and every reward has one right value.
"""

import random
from typing import Final

import msgspec

from tinyv_stream.types import Rollout, Status

TRUE: Final = "(TinyV says true)"
FALSE: Final = "(TinyV says false)"
POISON: Final = "(kills its process in stage {stage})"

KINDS: Final = {"fast": 5, "maths": 2, "rescued": 4, "refused": 3, "shared": 4}
"""Weights of the harmless kinds."""


class ChaosCase(msgspec.Struct, frozen=True):
    """One rollout and what must come back."""

    rollout: Rollout
    kind: str
    value: float | None
    status: Status = Status.OK


def make_cases(count: int, seed: int, *, poison: int) -> list[ChaosCase]:
    """Return `count` cases, `poison` of them deadly, in the order of submission."""
    dice = random.Random(seed)  # noqa: S311 repeatable, not secret
    kinds = dice.choices(list(KINDS), weights=list(KINDS.values()), k=count)
    # Early ones: a poison rollout needs four dead workers before it is a dead letter.
    for n in dice.sample(range(count // 2), min(poison, count // 2)):
        kinds[n] = dice.choice(("poison_rule", "poison_tinyv"))
    return [_case(n, kind, dice.randrange(8)) for n, kind in enumerate(kinds)]


def of_gateway(cases: list[ChaosCase]) -> list[ChaosCase]:
    """Return the cases that go by HTTP: every fourth."""
    return cases[3::4]


def of_library(cases: list[ChaosCase]) -> list[ChaosCase]:
    """Return the others."""
    return [case for n, case in enumerate(cases) if n % 4 != 3]


def read_off(prompt: str) -> float | None:
    """Return P(true) as the question in a prompt prescribes: the rule of the scripted engine."""
    if TRUE in prompt:
        return 1.0
    return 0.0 if FALSE in prompt else None


def _case(n: int, kind: str, group: int) -> ChaosCase:
    if kind == "fast":
        return _make(n, kind, f"What is {n}? {TRUE}", f"{n}.0", f"{n}", 1.0)
    if kind == "maths":
        return _make(n, kind, f"Double x+{n}. {TRUE}", f"2(x+{n})", f"2x+{2 * n}", 1.0)
    if kind == "rescued":
        return _make(n, kind, f"Spell {n}. {TRUE}", f"word{n}", f"{n + 7}", 1.0)
    if kind == "refused":
        return _make(n, kind, f"Spell {n}. {FALSE}", f"word{n}", f"{n + 7}", 0.0)
    if kind == "shared":
        # Many equal questions: asked of TinyV once, parked behind one another, answered from the cache.
        ask = f"Which of batch {n // 200}, number {group}? {TRUE if group % 2 else FALSE}"
        return _make(n, kind, ask, f"choice{group}", "another", float(group % 2))
    text = POISON.format(stage=kind.removeprefix("poison_"))
    case = _make(n, kind, f"Number {n} {text}", f"word{n}", f"{n + 7}", None)
    return msgspec.structs.replace(case, status=Status.FAILED)


def _make(n: int, kind: str, question: str, answer: str, truth: str, value: float | None) -> ChaosCase:  # noqa: PLR0917 a row of a table
    rollout = Rollout(
        rollout_id=f"r{n}",
        question=question,
        completion=f"Let me think. {'So it is. ' * (n % 40)}The answer is \\boxed{{{answer}}}.",
        ground_truth=truth,
        data_source="chaos_tinyv",
    )
    return ChaosCase(rollout, kind, value)
