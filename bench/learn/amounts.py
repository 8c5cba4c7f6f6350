r"""Family `amounts`: two prices are added, and the sum is spelled as a number, with its unit, or in words.

"A pen costs 35 cents and a cup costs 48 cents. How much do they cost together, in cents?": `83`, `83 cents`, `\$0.83`.
"""

import random
from collections.abc import Callable
from typing import Final

from bench.learn.task import END, MIXED, OR, PAD, SURE, UNSURE, Problem, Value

_LEAST: Final = 10
_MOST: Final = 99
_TOP: Final = 200
"""Sums, near misses included, are below this."""
_ONES: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def number_words(n: int) -> list[str]:
    """Return the English words of a number below 200 as tokens; joined they are its text."""
    found: list[str] = []
    if n >= 100:
        found, n = ["one hundred"], n - 100
        if not n:
            return found
        found.append(" ")
    if n < 20:
        return [*found, _ONES[n]]
    found.append(_TENS[n // 10 - 2])
    return [*found, "-", _ONES[n % 10]] if n % 10 else found


_FORMS: Final[dict[str, Callable[[int], list[str]]]] = {
    "plain": lambda n: list(str(n)),
    "unit": lambda n: [*str(n), " cents"],
    "dollar": lambda n: [r"\$", *f"{n / 100:.2f}"],
    "words": lambda n: [*number_words(n), " cents"],
    "short": lambda n: [*str(n), "c"],
    "sentence": lambda n: ["they cost ", *str(n), " cents"],
}
_OTHER: Final = (" cents", r"\$", ".", "c", "they cost ", "one hundred", " ", "-", "+")


def _mixtures(n: int) -> list[str]:
    """Return the texts that mix forms, and count as right: `they cost 83c`, `eighty-three`; not `083`, `83.0`."""
    bodies = [f"{n}", f"{n} cents", f"{n}c", rf"\${n / 100:.2f}"]
    said = "".join(number_words(n))
    bodies += [words + unit for words in (said, said.replace("-", " ")) for unit in ("", " cents", "c")]
    return [start + body for start in ("", "they cost ") for body in bodies]


class Amounts:
    """See the module. `spread`: near misses are up to so many cents away, on both sides."""

    name = "amounts"
    most_spread = 20
    prompt_tokens = 6
    answer_tokens = 10

    def __init__(self, spread: int = 8) -> None:
        self._spread = spread
        self.forms = tuple(_FORMS)
        self.tokens = (PAD, END, SURE, UNSURE, OR, *"0123456789", *_OTHER, *_ONES, *_TENS)
        self._texts = {text: ((n,), MIXED) for n in range(_TOP) for text in _mixtures(n)}
        self._texts |= {"".join(form(n)): ((n,), name) for name, form in _FORMS.items() for n in range(_TOP)}

    def problem(self, rng: random.Random) -> Problem:
        """Draw two prices whose cents carry and whose sum is below two dollars."""
        while True:
            a, b = rng.randint(_LEAST, _MOST), rng.randint(_LEAST, _MOST)
            if a % 10 + b % 10 >= 10 and a + b + self._spread < _TOP:
                break
        question = f"A pen costs {a} cents and a cup costs {b} cents. How much do they cost together, in cents?"
        reference = "".join(self.spell((a + b,), rng.choice(self.forms)))
        return Problem(question, (*f"{a:02d}", "+", *f"{b:02d}"), (a + b,), reference)

    def near_miss(self, value: Value, rng: random.Random) -> Value:
        """Draw a sum that is off by one to `spread` cents."""
        return (value[0] + rng.choice((-1, 1)) * rng.randint(1, self._spread),)

    def spell(self, value: Value, form: str) -> list[str]:
        """Return the tokens of an amount in `form`."""
        return _FORMS[form](value[0])

    def read(self, text: str) -> tuple[Value, str] | None:
        """Return amount and form of a text; None where it is none of the right spellings of any amount."""
        return self._texts.get(text)
