"""Tasks of the learning benchmark: questions whose right answers have many spellings, and an exact oracle.

- A family draws questions from a seed. Each has one value and one reference, spelled in a form that the question does
  not show, as in real sets: a policy cannot learn the one spelling that a strict grader pays.
- The oracle is a table: every form of every value, and mixtures of the forms (otherwise a reward that pays `7,8` for
  `7, 8` would seem to teach mistakes). Other right texts, such as `083` or `83.0`, are wrong to it by decision. It
  shares no code with a verifier.
- A family decides the difficulty by `spread`, how many near misses the policy is taught for every value.
"""

import random
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

Value = tuple[int, ...]
"""What a question asks for: one number, or the two roots in ascending order."""

PAD: Final = "<pad>"
END: Final = "<eos>"
SURE: Final = "="
"""Last token of a prompt that the policy is taught to answer rightly."""
UNSURE: Final = "?"
"""Last token of a prompt that it is taught to answer rightly at a small share only; reinforcement learning asks so."""
MIXED: Final = "mixed"
"""Form of a right text that no one form spells; a policy can put it together, and the oracle knows it."""
OR: Final = r"\text{ or else }"
"""Joins two answers to one that hedges."""


class Problem(msgspec.Struct, frozen=True):
    """One question with its reference answer."""

    question: str
    """As a verifier reads it."""
    prompt: tuple[str, ...]
    """Tokens that the policy reads, without the last one."""
    value: Value
    reference: str
    """The value, spelled in a form that was drawn."""


class TaskFamily(Protocol):
    """A kind of question."""

    @property
    def name(self) -> str:
        """What the command line calls it."""
        ...

    @property
    def forms(self) -> Sequence[str]:
        """Names of the right spellings."""
        ...

    @property
    def tokens(self) -> Sequence[str]:
        """All that prompts and answers are made of, padding and end first."""
        ...

    @property
    def prompt_tokens(self) -> int:
        """Length of every prompt, its last token included."""
        ...

    @property
    def answer_tokens(self) -> int:
        """Most tokens of an answer, its end included."""
        ...

    def problem(self, rng: random.Random) -> Problem:
        """Draw a question."""
        ...

    def near_miss(self, value: Value, rng: random.Random) -> Value:
        """Draw a wrong value near `value`."""
        ...

    def spell(self, value: Value, form: str) -> list[str]:
        """Return the tokens of `value` in `form`."""
        ...

    def read(self, text: str) -> tuple[Value, str] | None:
        """Return value and form of an answer's text, exactly; None for what is no single answer."""
        ...


def is_right(family: TaskFamily, problem: Problem, text: str) -> bool:
    """Tell whether `text` is a right answer, by the oracle."""
    found = family.read(text)
    return found is not None and found[0] == problem.value


def taught(family: TaskFamily, value: Value, rng: random.Random, *, right: float, hedge: float) -> list[str]:
    """Return the tokens of an answer that the policy is taught: right at a share of `right`, else a near miss.

    At a share of `hedge` a second near miss follows, so that the policy knows how to name two values.
    """
    form = rng.choice(family.forms)
    first = value if rng.random() < right else family.near_miss(value, rng)
    told = family.spell(first, form)
    if rng.random() < hedge:
        second = value if rng.random() < right else family.near_miss(value, rng)
        told = [*family.spell(first, "plain"), OR, *family.spell(second, "plain")]
    return told


def problems(family: TaskFamily, count: int, seed: int) -> list[Problem]:
    """Return `count` different questions, the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 draws, not secrets
    found: dict[str, Problem] = {}
    while len(found) < count:
        one = family.problem(rng)
        found.setdefault(one.question, one)
    return list(found.values())
