"""Families of ground truths with units, words and other forms: quantities, times, choices, dates, notations."""

import math
import random
from typing import Final

from bench.attack_rules.context import Context
from bench.attack_rules.drawing import DrawFamily, Drawn, small
from bench.attack_rules.tree import dec, num, of, sym
from bench.attack_rules.units import UNITS

NOTATIONS: Final = (
    ("Which derivative?", "\\frac{\\partial <0>}{\\partial <1>}", "uvf", "xyt"),
    ("Which derivative?", "\\frac{\\mathrm{d}<0>}{\\mathrm{d}<1>}", "yz", "xt"),
    ("Express the term.", "\\frac{<0>'}{<1>}", "abc", "xyz"),
    ("Which segments are parallel?", "\\overline{A<0>}\\parallel\\overline{C<1>}", "BEF", "DGH"),
    ("Find the sum.", "1+\\frac{1}{2}+\\cdots+\\frac{1}{<0>+<1>}", "nmk", "abc"),
    ("Find the sum.", "<0>+<0>^2+\\cdots+<0>^{<1>}", "xqr", "nmk"),
    ("What follows?", "<0> \\Rightarrow <1>", "abp", "cdq"),
    ("Find the vector.", "2\\mathbf{<0>}-3\\mathbf{<1>}", "ik", "jm"),
    ("Express the area.", "\\frac{1}{2}\\mathbf{<0>}\\cdot\\mathbf{<1>}", "abc", "uvw"),
    ("Express OM.", "\\frac{1}{2}\\vec{O<0>}+\\frac{1}{3}\\vec{O<1>}", "ACE", "BDF"),
    ("Which angle is it?", "\\angle <0>B<1>", "ADE", "CFG"),
    ("Which term is it?", "<0>_{<1>}", "axS", "nkm"),
    ("Write the first terms.", "<0>, <0>^2, <1>, \\ldots", "xab", "yzc"),
)
"""Question, template and the letters of its two places: what has no value, only a form."""


def _times(rng: random.Random) -> Drawn:
    clock = of("time", num(rng.randint(1, 12)), num(rng.choice((0, 5, 10, 15, 20, 30, 40, 45, 50))))
    return (
        clock,
        rng.choice(("At what time does the train arrive?", "When do they meet?", "At what time did it leave?")),
        Context(),
    )


def _quantities(rng: random.Random) -> Drawn:
    unit = rng.choice(("m", "km", "cm", "g", "kg", "s", "h", "m/s", "km/h", "m^2", "cm^2", "L"))
    value = rng.choice((num(rng.randint(2, 400)), dec(f"{rng.randint(1, 40)}.{rng.randint(1, 9)}")))
    if rng.random() < 0.5:
        return (
            value,
            f"How much is it in {UNITS[unit].word}? Other parts are in other units.",
            Context(asked_unit=unit, measured=True),
        )
    return of("unit", value, name=unit), "Find the quantity.", Context(measured=True)


def _percentages(rng: random.Random) -> Drawn:
    value = rng.choice((num(rng.randint(2, 99)), dec(f"{rng.randint(1, 99)}.{rng.randint(1, 9)}")))
    return of("pct", value), "What percent is it?", Context(measured=True)


def _angles(rng: random.Random) -> Drawn:
    if rng.random() < 0.4:
        return small(rng, 1, 9), "Find the angle in radians.", Context(asked_unit="rad", measured=True)
    return of("deg", num(rng.randint(5, 179))), "Find the angle in degrees.", Context(measured=True)


def _choices(rng: random.Random) -> Drawn:
    return (
        of("choice", name=rng.choice("ABCDE")),
        "Which is right? (A) one (B) two (C) three (D) four (E) five",
        Context(),
    )


def _words(rng: random.Random) -> Drawn:
    rows = (
        ("Is the number prime?", ("Yes", "No")),
        ("Is it even or odd?", ("odd", "even")),
        ("Find all real x.", ("no real solutions", "all real numbers")),
        ("Who is a thief?", ("A is a thief", "B is a thief", "C is a thief")),
        ("Who wins?", ("Player A wins", "Player B wins", "the second player")),
        ("Which shape is it?", ("circle", "ellipse", "parabola", "hyperbola")),
        ("Which day is it?", ("Monday", "Tuesday", "Sunday")),
        ("Does the series converge?", ("converges", "diverges")),
        ("Is the function increasing?", ("increasing", "decreasing")),
    )
    question, pool = rng.choice(rows)
    return of("words", name=f"\\text{{{rng.choice(pool)}}}"), question, Context()


def _money(rng: random.Random) -> Drawn:
    return of("money", name=f"\\${rng.randint(2, 900)}"), "Find the price.", Context(measured=True)


def _dates(rng: random.Random) -> Drawn:
    month = rng.choice(("January", "March", "May", "August", "December"))
    return of("date", name=f"\\text{{{month} {rng.randint(1, 28)}}}"), "Which date is it?", Context()


def _bases(rng: random.Random) -> Drawn:
    base = rng.choice((2, 3, 5, 8))
    digits = "".join(str(rng.randint(1, base - 1)) for _ in range(rng.randint(3, 6)))
    return of("base", num(base), name=digits), f"Write the sum in base {base}.", Context(base=base)


def _notations(rng: random.Random) -> Drawn:
    question, template, first, second = rng.choice(NOTATIONS)
    return of("notation", sym(rng.choice(first)), sym(rng.choice(second)), name=template), question, Context()


def _words_of_the_question(rng: random.Random) -> Drawn:
    """Draw a number whose question names what may be wrongly put behind it."""
    a = rng.randint(3, 9)
    question, value = rng.choice(
        (
            (f"What is {a} squared?", a * a),
            (f"What is {a} cubed?", a**3),
            (f"Compute {a} factorial.", math.factorial(a)),
            (f"Which digit is in the tenths place of {a}.{a}1?", a),
            (f"How many halves make {a}? What is the half of {4 * a}?", 2 * a),
            ("How many more does Ann have? Say less if fewer.", a),
            (f"Which number does not divide {a * a + 1}?", a),
            (f"What is 2 pi times {a} / pi?", 2 * a),
        )
    )
    return num(value), question, Context()


WORDED: Final[dict[str, DrawFamily]] = {
    "times": _times,
    "words of the question": _words_of_the_question,
    "quantities": _quantities,
    "percentages": _percentages,
    "angles": _angles,
    "choices": _choices,
    "words": _words,
    "money": _money,
    "dates": _dates,
    "bases": _bases,
    "notations": _notations,
}
