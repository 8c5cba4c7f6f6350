"""Invented reference answers in words and in everyday notation: times, money, dates, names, remainders, bases."""

import random
from collections.abc import Callable
from typing import Final

from tinyv_stream.lab.synth.forms.sentence import DAYS, MONTHS, NAMES
from tinyv_stream.lab.synth.forms.spoken import UNITS

_VERBS: Final = (
    *("wins", "will win the game", "served in the first game", "will receive the last token", "is the tallest"),
    *("has more coins", "arrives first", "told the truth", "has a winning strategy", "finished in second place"),
    *("won the race", "runs faster", "can always win", "got the highest score", "is older", "pays less"),
)
_SUBJECTS: Final = (
    "stopped clock",
    "first player",
    "second player",
    "round trip",
    "larger cube",
    "blue team",
    "river trip",
)
_PREDICATES: Final = ("wins", "is larger", "takes longer", "is correct", "comes first")
_THINGS: Final = (
    "function",
    "sequence",
    "number",
    "sum",
    "triangle",
    "product",
    "quotient",
    "graph",
    "series",
    "angle",
)
_QUALITIES: Final = (
    *("odd", "even", "increasing", "decreasing", "isosceles", "acute", "obtuse", "convergent", "divergent", "positive"),
    *("negative", "divisible by 3", "prime", "periodic", "bounded", "a circle", "an ellipse", "a parabola", "zero"),
)


def _clock(rng: random.Random) -> str:
    minute = rng.choice((0, 15, 30, 45, rng.randrange(60)))
    half = rng.choice(("\\text{ PM}", "\\text{ AM}", " PM", " AM", " p.m.", " a.m."))
    return f"{rng.randint(1, 12)}:{minute:02}{half}"


def _duration(rng: random.Random) -> str:
    hours, minutes = rng.randint(1, 12), rng.choice((15, 30, 45, 20, 10, rng.randint(1, 59)))
    return rng.choice((f"{hours} \\text{{ hours }} {minutes} \\text{{ minutes}}", f"{hours} hours {minutes} minutes"))


def _money(rng: random.Random) -> str:
    return f"\\${rng.randint(1, 99)}" + rng.choice(("", f".{rng.randint(0, 99):02}", f".{rng.choice((25, 50, 75))}"))


def _date(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return rng.choice(DAYS)
    return rng.choice(("{} {}", "\\text{{{} {}}}")).format(rng.choice(MONTHS), rng.randint(1, 28))


def _about_someone(rng: random.Random) -> str:
    return f"{rng.choice(NAMES)} {rng.choice(_VERBS)}" + rng.choice((".", ""))


def _about_something(rng: random.Random) -> str:
    if rng.random() < 0.4:
        return f"The {rng.choice(_SUBJECTS)} {rng.choice(_PREDICATES)}."
    return f"The {rng.choice(_THINGS)} {rng.choice(('', '$f(x+1)$ ', 'of the figure '))}is {rng.choice(_QUALITIES)}."


def _plain(rng: random.Random) -> str:
    return rng.choice(("Yes", "No", "\\text{Yes}", "\\text{No}", "True", "False", "\\emptyset", "\\text{no solution}"))


def _small(rng: random.Random) -> str:
    return str(rng.choice((rng.randint(0, 20), rng.randint(0, 120), rng.randint(100, 1500))))


def _sized(rng: random.Random) -> str:
    unit = rng.choice([rng.choice(row) for row in UNITS])
    number = rng.choice((_small(rng), _small(rng), f"{rng.uniform(0, 40):.1f}"))
    return f"{number}^\\circ" if unit == "^\\circ" else rng.choice((f"{number} {unit}", f"{number} \\text{{ {unit}}}"))


def _share(rng: random.Random) -> str:
    bottom = rng.choice((2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 20, 100, 36, 52))
    top = rng.randint(1, bottom - 1)
    return rng.choice((f"\\frac{{{top}}}{{{bottom}}}", f"{top}/{bottom}", f"{rng.randint(1, 100)}\\%"))


def _convention(rng: random.Random) -> str:
    base = rng.choice((2, 2, 2, 3, 5, 8))
    digits = str(rng.randint(1, base - 1)) + "".join(str(rng.randrange(base)) for _ in range(rng.randint(2, 6)))
    modulus, rest = rng.randint(2, 13), rng.randint(0, 12)
    period = "".join(rng.choice("0123456789") for _ in range(rng.choice((1, 2, 2, 3))))
    n, name = rng.randint(4, 20), rng.choice("nxm")
    low, high = sorted(rng.sample(range(-9, 20), 2))
    return rng.choice(
        (
            f"{digits}_{rng.choice((str(base), f'{{{base}}}'))}",
            f"0.{rng.choice(('', '', str(rng.randint(0, 9))))}\\overline{{{period}}}",
            f"{name} = {modulus}k + {rest % modulus}",
            f"{name} \\equiv {rest % modulus} \\pmod{{{modulus}}}",
            f"\\binom{{{n}}}{{{rng.randint(1, n - 1)}}}",
            f"{rng.randint(1, 99)}{'0' * rng.randint(3, 6)}",
            f"(-\\infty, {low}{rng.choice(')]')} \\cup {rng.choice('([')}{high}, \\infty)",
            f"{rng.choice('[(')}{low}, {high})",
            f"e^{rng.randint(2, 9)}",
            f"{rng.randint(1, 9)} {rng.choice('+-')} {rng.randint(2, 9)}i",
            f"x={low}, y={high}",
        )
    )


def _with_parts(rng: random.Random) -> str:
    a, b = rng.sample("abckmnpqxyz", 2)
    low, high, n = *sorted(rng.sample(range(-9, 20), 2)), rng.randint(2, 9)
    return rng.choice(
        (
            f"|{a}|",
            f"|{a} - {n}|",
            f"{n}|{a}{b}|",
            f"\\frac{{|{a}|}}{{{n}}}",
            f"|{a}| = {n}",
            f"\\lfloor {a}/{n} \\rfloor",
            f"\\max({a}, {b})",
            f"\\min({a}, {n})",
            f"\\gcd({a}, {b})",
            f"{a} \\neq {low}, {high}",
            f"{a} \\ne {low}",
            f"\\mathbb{{R}} \\setminus \\{{{low}, {high}\\}}",
            f"{rng.randint(-20, 60)}^\\circ {rng.choice('CF')}",
            f"1 + \\frac{{1}}{{2}} + \\cdots + \\frac{{1}}{{{rng.choice(('n', 'n', '2n'))}}}",
            f"{n}, {2 * n}, {3 * n}, \\ldots",
            f"\\pm {rng.randint(1, 3000)}",
            f"\\pm \\sqrt{{{rng.randint(2, 30)}}}",
            f"{low} \\pm \\sqrt{{{rng.randint(2, 30)}}}",
            f"{low} \\pm {n}i",
        )
    )


KINDS: Final[tuple[tuple[Callable[[random.Random], str], int], ...]] = (
    (_clock, 4),
    (_duration, 4),
    (_money, 4),
    (_date, 4),
    (_about_someone, 5),
    (_about_something, 5),
    (_plain, 1),
    (_small, 8),
    (_sized, 9),
    (_share, 6),
    (_convention, 10),
    (_with_parts, 8),
)
"""Makers with their weights, beside those of `invent`."""
