r"""Simulated answers of a policy: the right answer, the right answer in words, or a wrong one.

- A false negative is the ground truth with words around it that the rules do not see through.
- Wrong answers of one question come from a short list, the likely slips first: completions of a group repeat them.
"""

import random
import re
from typing import Final

_WORDED: Final = (
    "both ways lead to {} again",
    "what remains is {} and no more",
    "everything cancels but {}",
    "hence one finds {} at last",
    "we get {} here",
    "so {} is reached",
)
_INTEGER: Final = re.compile(r"-?\d{1,9}")
_NUMBER: Final = re.compile(r"\d+")
SLIPS: Final = 8
"""Different wrong answers per question."""


def disguises(truth: str, rng: random.Random) -> list[str]:
    """Return the ways in which this question's policy writes the right answer in words, the most usual first."""
    return [form.format(truth) for form in rng.sample(_WORDED, len(_WORDED))]


def slips(truth: str, rng: random.Random) -> list[str]:
    """Return `SLIPS` different wrong answers, of the same shape as the truth where it holds a number."""
    found: dict[str, None] = {}
    while len(found) < SLIPS:
        made = _slip(truth, rng)
        if made != truth:
            found[made] = None
    return list(found)


def likely(options: list[str], exponent: float, rng: random.Random) -> str:
    """Return one option, the n-th with a weight of 1/n^exponent."""
    return rng.choices(options, [n**-exponent for n in range(1, len(options) + 1)])[0]


def _slip(truth: str, rng: random.Random) -> str:
    if _INTEGER.fullmatch(truth):
        number = int(truth)
        return str(
            number + rng.choice((-1, 1)) * rng.choice((1, 2, 3, 5, 10, max(1, abs(number) // 2), abs(number) + 1))
        )
    numbers = list(_NUMBER.finditer(truth))
    if not numbers:
        return f"{truth} {rng.choice('+-')} {rng.randint(1, 9)}"
    hit = rng.choice(numbers)
    return truth[: hit.start()] + str(int(hit[0]) + rng.randint(1, 9)) + truth[hit.end() :]
