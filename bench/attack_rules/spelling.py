"""Spellings of one text: which of several right ways it is written in, drawn once for the whole text."""

import random
from typing import Final, NamedTuple


class Spelling(NamedTuple):
    """What a text looks like where several ways are right."""

    frac: str = "\\frac"
    """A fraction command, or `/`."""
    times: str = ""
    """The sign between factors; empty: none where none is needed."""
    upright: bool = False
    left: bool = False
    space: bool = False
    tight: bool = False
    """No space behind commas."""
    shuffled: int = 0
    """Seed of the order of terms and factors; 0: as they stand."""
    brackets: bool = False
    """Every argument of a function in brackets."""


PLAIN: Final = Spelling()


def spelling(rng: random.Random) -> Spelling:
    """Draw a spelling."""
    return Spelling(
        frac=rng.choice(("\\frac", "\\frac", "\\dfrac", "\\tfrac", "/")),
        times=rng.choice(("", "", "\\cdot ", "\\times ")),
        upright=rng.random() < 0.4,
        left=rng.random() < 0.3,
        space=rng.random() < 0.4,
        tight=rng.random() < 0.3,
        shuffled=rng.choice((0, rng.randint(1, 999))),
        brackets=rng.random() < 0.4,
    )
