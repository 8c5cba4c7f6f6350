r"""Family `roots`: the two solutions of a quadratic equation, as a set, a list, in words.

"Solve x^2-15x+56=0.": `\{7,8\}`, `7\text{ and }8`, `x is 7 or 8`. The order of the two is free.
"""

import random
from collections.abc import Callable
from typing import Final

from bench.learn.task import END, MIXED, OR, PAD, SURE, UNSURE, Problem, Value

_MOST: Final = 15
_SPELLED: Final = 19
"""Largest root that the oracle's table has."""

_FORMS: Final[dict[str, Callable[[int, int], list[str]]]] = {
    "plain": lambda p, q: [*str(p), ", ", *str(q)],
    "set": lambda p, q: [r"\{", *str(p), ",", *str(q), r"\}"],
    "and": lambda p, q: [*str(p), r"\text{ and }", *str(q)],
    "sentence": lambda p, q: ["the roots are ", *str(p), " and ", *str(q)],
    "label": lambda p, q: ["roots: ", *str(p), ", ", *str(q)],
    "is": lambda p, q: ["x is ", *str(p), " or ", *str(q)],
}
_OTHER: Final = (", ", r"\{", ",", r"\}", r"\text{ and }", "the roots are ", " and ", "roots: ", "x is ", " or ", "+")


def _mixtures(p: int, q: int) -> list[str]:
    r"""Return the texts that mix forms, and count as right: `7,8`, `the roots are 7\text{ and }8`; not `08, 7`."""
    bodies = [f"{p}{between}{q}" for between in (", ", ",", r"\text{ and }", " and ", " or ")]
    bodies += [rf"\{{{p}{between}{q}\}}" for between in (", ", ",")]
    return [start + body for start in ("", "the roots are ", "roots: ", "x is ") for body in bodies]


class Roots:
    """See the module. `spread`: in a near miss one root or both are up to so far away, on both sides."""

    name = "roots"
    most_spread = 14
    prompt_tokens = 7
    answer_tokens = 13

    def __init__(self, spread: int = 2) -> None:
        self._spread = spread
        self.forms = tuple(_FORMS)
        self.tokens = (PAD, END, SURE, UNSURE, OR, *"0123456789", *_OTHER)
        self._texts = {
            text: ((min(p, q), max(p, q)), MIXED)
            for p in range(1, _SPELLED + 1)
            for q in range(1, _SPELLED + 1)
            if p != q
            for text in _mixtures(p, q)
        }
        self._texts |= {
            "".join(form(p, q)): ((min(p, q), max(p, q)), name)
            for name, form in _FORMS.items()
            for p in range(1, _SPELLED + 1)
            for q in range(1, _SPELLED + 1)
            if p != q
        }

    def problem(self, rng: random.Random) -> Problem:
        """Draw two different roots from 1 to 15; the question shows their sum and their product."""
        p, q = sorted(rng.sample(range(1, _MOST + 1), 2))
        question = f"Solve x^2-{p + q}x+{p * q}=0."
        reference = "".join(self.spell((p, q), rng.choice(self.forms)))
        return Problem(question, (*f"{p + q:02d}", "+", *f"{p * q:03d}"), (p, q), reference)

    def near_miss(self, value: Value, rng: random.Random) -> Value:
        """Draw another pair of different roots, each up to `spread` away."""
        while True:
            p, q = (n + rng.randint(-self._spread, self._spread) for n in value)
            pair = (min(p, q), max(p, q))
            if pair != value and 1 <= pair[0] < pair[1] <= _SPELLED:
                return pair

    def spell(self, value: Value, form: str) -> list[str]:
        """Return the tokens of a pair in `form`."""
        return _FORMS[form](*value)

    def read(self, text: str) -> tuple[Value, str] | None:
        """Return the pair in ascending order and the form; None where the text is no right spelling of any pair."""
        return self._texts.get(text)
