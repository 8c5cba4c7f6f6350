r"""Spellings of one text: which of several right ways it is written in, drawn once for the whole text."""

import random
from typing import Final, NamedTuple


class Spelling(NamedTuple):
    """What a text looks like where several ways are right."""

    frac: str = "\\frac"
    """A fraction command, or `/`."""
    times: str = ""
    """The sign between factors; empty: none where none is needed."""
    upright: str = ""
    """The command around i and e; empty: none."""
    thousands: str = "{,}"
    """What stands between groups of three digits."""
    left: bool = False
    space: bool = False
    tight: bool = False
    """No space behind commas."""
    shuffled: int = 0
    """Seed of the order of terms and factors; 0: as they stand."""
    brackets: bool = False
    """Every argument of a function in brackets."""
    short: bool = False
    """No braces around a single sign: `\\frac12`, `x^2`, `\\sqrt3`."""
    round_roots: bool = False
    """`\\sqrt(2)` for `\\sqrt{2}`."""
    plain: bool = False
    """As on a keyboard: `sqrt(2)*pi`, `x^(n+1)`."""


PLAIN: Final = Spelling()
_PLAIN_SHARE: Final = 0.07


def spelling(rng: random.Random) -> Spelling:
    """Draw a spelling."""
    if rng.random() < _PLAIN_SHARE:
        return Spelling(frac="/", times="*", brackets=True, plain=True, space=rng.random() < 0.5)
    return Spelling(
        frac=rng.choice(("\\frac", "\\frac", "\\dfrac", "\\tfrac", "/")),
        times=rng.choice(("", "", "\\cdot ", "\\times ")),
        upright=rng.choice(("", "", "", "\\mathrm", "\\mathrm", "\\text", "\\operatorname")),
        thousands=rng.choice((",", "{,}", "\\,", "\\ ")),
        left=rng.random() < 0.3,
        space=rng.random() < 0.4,
        tight=rng.random() < 0.3,
        shuffled=rng.choice((0, rng.randint(1, 999))),
        brackets=rng.random() < 0.4,
        short=rng.random() < 0.15,
        round_roots=rng.random() < 0.05,
    )
