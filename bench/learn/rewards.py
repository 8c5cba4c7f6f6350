"""Reward sources of the learning benchmark: the oracle and its spoiled kinds, the rules, and rules with one behind.

- Spoiled at random: a right answer is refused, a wrong one paid, each with its probability, drawn again every time.
- Spoiled systematically: one spelling is always refused (`blind`), one spelling is paid whatever it says (`gullible`).
- Rules are the product's graders, in this process; the stage behind them is an oracle here (a perfect TinyV) and the
  pool in `pool_reward`.
"""

import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from bench.learn.faulty import AnyOf, RestIgnored
from bench.learn.grpo import GradedText, RewardSource
from bench.learn.task import TaskFamily
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.rules.graders import Check, load

_REMEMBERED: Final = 200_000
TINYV: Final = "cascade_tinyv"
"""`cascade`, then TinyV, through a pool."""
BLIND: Final = "plain"
"""Spelling that the blind oracle refuses: the one that a policy would like best."""
GULLIBLE: Final = "sentence"
"""Spelling that the gullible oracle pays whatever it says."""


class Oracle:
    """The truth, with false negatives at a rate of `fn` and false positives at `fp`."""

    def __init__(self, seed: int = 0, *, fn: float = 0.0, fp: float = 0.0) -> None:
        self._rng = random.Random(f"oracle {seed}")  # noqa: S311 draws, not secrets
        self._fn, self._fp = fn, fp

    def __call__(self, answers: Sequence[GradedText], step: int) -> list[float | None]:
        """Return 1 for right answers, but for the mistakes that are drawn."""
        del step
        return [float(self._rng.random() >= self._fn if a.right else self._rng.random() < self._fp) for a in answers]


class ByForm:
    """The truth, but for one spelling, whose answers get `value` whatever they say."""

    def __init__(self, family: TaskFamily, form: str, value: float) -> None:
        self._family, self._form, self._value = family, form, value

    def __call__(self, answers: Sequence[GradedText], step: int) -> list[float | None]:
        """Return 1 for right answers, and `value` for those in the one spelling."""
        del step
        return [self._one(a) for a in answers]

    def _one(self, answer: GradedText) -> float:
        read = self._family.read(answer.text)
        return self._value if read is not None and read[1] == self._form else float(answer.right)


class HalfOfPairs:
    """The truth about half of all pairs of spellings, reference's and answer's; of the others it refuses everything.

    Like a small verifier that knows some rewritings and not others, always the same ones.
    """

    def __init__(self, family: TaskFamily) -> None:
        pairs = [(mine, theirs) for mine in family.forms for theirs in family.forms]
        rng = random.Random(f"half {family.name}")  # noqa: S311 draws, not secrets
        self._family, self._known = family, frozenset(rng.sample(pairs, len(pairs) // 2))

    def __call__(self, answers: Sequence[GradedText], step: int) -> list[float | None]:
        """Return 1 for right answers in a pair of spellings that it knows."""
        del step
        return [float(a.right and self._knows(a)) for a in answers]

    def _knows(self, answer: GradedText) -> bool:
        reference, told = self._family.read(answer.problem.reference), self._family.read(answer.text)
        return reference is not None and told is not None and (reference[1], told[1]) in self._known


class Rules:
    """One of the product's rule graders, as its worker calls it. What it cannot decide is refused, as by the pool."""

    def __init__(self, name: str) -> None:
        self._grader = load(name)
        self._known = lru_cache(_REMEMBERED)(self._grade)

    def __call__(self, answers: Sequence[GradedText], step: int) -> list[float | None]:
        """Return 1 for what the grader calls correct, 0 for incorrect, None where it is undecided."""
        del step
        return [self._known(a.text, a.problem.reference, a.problem.question) for a in answers]

    def _grade(self, text: str, reference: str, question: str) -> float | None:
        check = Check(self._grader.extract(completion_of(text)), reference, question)
        verdict = self._grader.fast(check) or self._grader.grade(check)
        if verdict is None or verdict.outcome is Outcome.UNDECIDED:
            return None
        return float(verdict.outcome is Outcome.CORRECT)


class Behind:
    """Rules first, then `second` about what they did not accept: an add-on, as in the pool."""

    def __init__(self, rules: RewardSource, second: RewardSource) -> None:
        self._rules, self._second = rules, second
        self.asked: frozenset[int] = frozenset()
        """Numbers of the last step's answers that the second was asked about."""

    def __call__(self, answers: Sequence[GradedText], step: int) -> list[float | None]:
        """Return the rules' 1, else what the second says."""
        told = list(self._rules(answers, step))
        left = [n for n, value in enumerate(told) if not value]
        self.asked = frozenset(left)
        for n, value in zip(left, self._second([answers[n] for n in left], step), strict=True):
            told[n] = value
        return told


def completion_of(text: str) -> str:
    """Return a policy's answer as a completion, in the box that graders look for."""
    return rf"\boxed{{{text}}}"


Make = Callable[[TaskFamily, int], RewardSource]
"""(family, seed) -> a source."""

SOURCES: Final[dict[str, Make]] = {
    "prime": lambda _, __: Rules("prime"),
    "cascade": lambda _, __: Rules("cascade"),
    "cascade_oracle": lambda _, seed: Behind(Rules("cascade"), Oracle(seed)),
    "cascade_half": lambda family, _: Behind(Rules("cascade"), HalfOfPairs(family)),
    "oracle": lambda _, seed: Oracle(seed),
    "fn30": lambda _, seed: Oracle(seed, fn=0.3),
    "fn60": lambda _, seed: Oracle(seed, fn=0.6),
    "fn80": lambda _, seed: Oracle(seed, fn=0.8),
    "fp1": lambda _, seed: Oracle(seed, fp=0.01),
    "fp5": lambda _, seed: Oracle(seed, fp=0.05),
    "fp20": lambda _, seed: Oracle(seed, fp=0.2),
    "blind": lambda family, _: ByForm(family, BLIND, 0.0),
    "gullible": lambda family, _: ByForm(family, GULLIBLE, 1.0),
    "any_of": lambda family, _: AnyOf(family),
    "rest_ignored": lambda _, __: RestIgnored(),
}
"""Those that need no pool. `TINYV` is `pool_reward`'s."""
