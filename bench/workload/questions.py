"""Questions with ground truths: own ones made from a seed, or a user's file. Nothing is fetched."""

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.errors import InvalidInputError

_LONGEST_TRUTH: Final = 60
"""Longer ground truths of a file are left out: the disguises of `answers` would be no plausible answers."""


class WorkloadQuestion(msgspec.Struct, frozen=True):
    """One prompt. Other keys of a user's file are passed over."""

    question: str
    ground_truth: str


def bundled(count: int, seed: int) -> list[WorkloadQuestion]:
    """Return `count` different questions of five kinds, made from `seed`; each truth follows from its numbers."""
    rng = random.Random(f"questions {seed}")  # noqa: S311 a workload, not a secret
    found: dict[str, WorkloadQuestion] = {}
    while len(found) < count:
        made = rng.choice(_KINDS)(rng)
        found[made.question] = made
    return list(found.values())


def from_file(path: Path, count: int, seed: int) -> list[WorkloadQuestion]:
    """Return `count` questions of a JSON-lines file with `question` and `ground_truth`, drawn by `seed`.

    Raises InvalidInputError if the file cannot be read or holds too few.
    """
    try:
        rows = msgspec.json.Decoder(WorkloadQuestion).decode_lines(path.read_bytes())
    except (OSError, msgspec.MsgspecError) as exc:
        raise InvalidInputError(
            "--questions", str(path), f"give JSON lines with question, ground_truth ({exc})"
        ) from exc
    usable = [row for row in rows if row.question and 0 < len(row.ground_truth.strip()) <= _LONGEST_TRUTH]
    if len(usable) < count:
        raise InvalidInputError("--questions", str(path), f"give a file with at least {count} usable questions")
    return random.Random(f"questions {seed}").sample(usable, count)  # noqa: S311


def _rides(rng: random.Random) -> WorkloadQuestion:
    fare, ride, rides = rng.randint(20, 90), rng.randint(3, 12), rng.randint(5, 40)
    text = f"A city card costs {fare} coins, and each ride {ride} coins more. What do the card and {rides} rides cost?"
    return WorkloadQuestion(text, str(fare + ride * rides))


def _shares(rng: random.Random) -> WorkloadQuestion:
    mine, theirs, parts = rng.randint(2, 9), rng.randint(2, 9), rng.randint(11, 60)
    text = f"Two bakers share {parts * (mine + theirs)} rolls as {mine} to {theirs}. How many does the first get?"
    return WorkloadQuestion(text, str(parts * mine))


def _draws(rng: random.Random) -> WorkloadQuestion:
    red, blue, green = (rng.randint(2, 14) for _ in range(3))
    text = f"A bag holds {red} red, {blue} blue and {green} green beads. How likely is it that one drawn is not red?"
    chance = Fraction(blue + green, red + blue + green)
    return WorkloadQuestion(text, rf"\frac{{{chance.numerator}}}{{{chance.denominator}}}")


def _roots(rng: random.Random) -> WorkloadQuestion:
    low, high = sorted(rng.sample(range(-15, 16), 2))
    text = f"Find both solutions of $x^2 {-(low + high):+d}x {low * high:+d} = 0$, the smaller one first."
    return WorkloadQuestion(text, f"({low}, {high})")


def _products(rng: random.Random) -> WorkloadQuestion:
    first, second, factor = rng.randint(2, 9), rng.randint(2, 19), rng.randint(2, 9)
    text = f"Expand ${factor}(x + {first})(x + {second})$."
    return WorkloadQuestion(text, f"{factor}x^2 + {factor * (first + second)}x + {factor * first * second}")


_KINDS: Final[Sequence[Callable[[random.Random], WorkloadQuestion]]] = (_rides, _shares, _draws, _roots, _products)
