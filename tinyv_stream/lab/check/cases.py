"""Cases of a verifier check: what is put to the model, and in which rounds. Deterministic; about half a minute of CPU.

- Attacks: every family, through the whole stage; and a part of each without the guard, which shows the model's own.
- Equal answers: the reference itself in harmless dress. A verifier that refuses everything resists every attack.
- Refused pairs: made by `synthesize` from the questions here, and kept only where the rule cascade refuses them, since
  that is all that a verifier is ever asked. Nearly all wrong ones are near misses.
- Determinism: the refused pairs again, in two other orders, few at a time and without the prefix cache.
"""

import itertools
import random
from collections.abc import Callable
from typing import Final

import msgspec

from tinyv_stream.control.judging import JudgedCase, Round
from tinyv_stream.lab import attacks
from tinyv_stream.lab.attack_questions import QUESTIONS
from tinyv_stream.lab.pairs import Pair, Question
from tinyv_stream.lab.synth.build import Recipe, synthesize
from tinyv_stream.lab.synth.refused import MOST_MADE, NO_QUESTION, refused

SEED: Final = 20_260_214
"""Of the pairs. Other than any that the shipped verifier was trained on or chosen by."""
_BARE: Final = 10
"""Attacks of each family that are tried without the guard."""
_FEW: Final = 7
"""Cases at once in the last order: other batches than those of all at once."""
_ALONE: Final = 24
_DRESSES: Final = ("{}", "${}$", "\\boxed{{{}}}", "{}.", "  {}  ")
"""Ways to write a reference without changing it."""


class CheckCases(msgspec.Struct, frozen=True, kw_only=True):
    """All cases with their rounds; places are those in `cases`."""

    cases: tuple[JudgedCase, ...]
    rounds: tuple[Round, ...]
    families: dict[str, range]
    """Of each attack family the places of its tries."""
    pairs: tuple[Pair, ...]
    """The refused pairs, in the order of the rounds about them."""


def check_cases(pairs: int, *, on_pair: Callable[[int], None] = lambda _: None) -> CheckCases:
    """Return the cases of a check with that many refused pairs, half of them right, or fewer if they are hard to find.

    `on_pair` is told how many there are.
    """
    cases: list[JudgedCase] = []
    families: dict[str, range] = {}
    for name in (*attacks.STRUCTURAL, *attacks.SEMANTIC):
        tried = [JudgedCase(question=q, ground_truth=r, model_answer=a) for q, r, a in attacks.tries(name)]
        families[name] = range(len(cases), len(cases) + len(tried))
        cases += tried
    equal = _add(cases, _equal())
    asked = _refused(pairs, on_pair)
    judged = _add(cases, [_case(pair) for pair in asked])
    orders = [random.Random(f"order {n}").sample(judged, len(judged)) for n in (1, 2)]  # noqa: S311 - no secret
    bare = itertools.chain.from_iterable(places[:_BARE] for places in families.values())
    rounds = (
        Round(name="attacks", cases=tuple(itertools.chain.from_iterable(families.values()))),
        Round(name="equal", cases=tuple(equal)),
        Round(name="pairs", cases=tuple(judged), forget=True),
        Round(name="order 1", cases=tuple(orders[0])),
        Round(name="order 2", cases=tuple(orders[1]), together=_FEW, forget=True),
        Round(name="bare", cases=tuple(bare), guard=False),
        Round(name="alone", cases=tuple(judged[:_ALONE]), together=1, forget=True),
    )
    return CheckCases(cases=tuple(cases), rounds=rounds, families=families, pairs=tuple(asked))


def _add(cases: list[JudgedCase], more: list[JudgedCase]) -> list[int]:
    """Append the cases and return their places."""
    first = len(cases)
    cases += more
    return list(range(first, len(cases)))


def _case(pair: Pair) -> JudgedCase:
    question = pair.question or NO_QUESTION
    return JudgedCase(question=question, ground_truth=pair.ground_truth, model_answer=pair.model_answer)


def _equal() -> list[JudgedCase]:
    dressed = itertools.product(QUESTIONS, _DRESSES)
    return [
        JudgedCase(question=question, ground_truth=reference, model_answer=dress.format(reference.strip("$")))
        for (question, reference), dress in dressed
    ]


def _refused(count: int, on_pair: Callable[[int], None]) -> list[Pair]:
    """Return pairs that the cascade does not accept: as many right as wrong, in turn."""
    questions = [Question(question=question, ground_truth=reference) for question, reference in QUESTIONS]
    made = synthesize(questions, Recipe(count=MOST_MADE * count, seed=SEED, invented=0.7))
    found: dict[bool, list[Pair]] = {True: [], False: []}
    for pair in refused(made, count):
        found[pair.label].append(pair)
        on_pair(sum(map(len, found.values())))
    least = min(map(len, found.values()))
    return [pair for both in zip(found[True][:least], found[False][:least], strict=True) for pair in both]
