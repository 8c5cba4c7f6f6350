"""Pairs that a rule grader refuses: the only ones that a verifier behind it is ever asked about.

- As many right as wrong, in the order they were made; what the grader accepts is dropped, or a share of it kept, so
  that a model which starts from nothing sees easy right answers too.
- The graders' own process: synthesized answers are trusted, see `in_process.grade`.
"""

import random
from collections.abc import Iterable, Iterator
from typing import Final

from tinyv_stream.lab.pairs import Pair
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.in_process import grade

NO_QUESTION: Final = "What is the answer?"
"""What stands for the question of an invented reference."""
MOST_MADE: Final = 40
"""Pairs made for each that is wanted; the rules refuse about a quarter of the right ones."""


def is_refused(pair: Pair, grader: str = "cascade") -> bool:
    """Tell whether a grader does not accept the answer; raises what `grade` raises."""
    verdict = grade(pair.model_answer, pair.ground_truth, pair.question or NO_QUESTION, grader)
    return verdict.outcome is not Outcome.CORRECT


def refused(
    pairs: Iterable[Pair], count: int, *, grader: str = "cascade", accepted: float = 0.0, seed: int = 0
) -> Iterator[Pair]:
    """Yield up to `count` of the pairs: the refused ones, and the share `accepted` of the right ones that are not.

    A wrong pair goes where there are as many right ones already, so the first is right.
    """
    rng = random.Random(f"refused/{seed}")  # noqa: S311 - data, not secrets
    ahead = given = 0
    for pair in pairs:
        if given == count:
            return
        if not pair.label and ahead <= 0:
            continue
        if not is_refused(pair, grader) and not (pair.label and rng.random() < accepted):
            continue
        ahead += 1 if pair.label else -1
        given += 1
        yield pair
