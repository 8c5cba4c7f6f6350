"""Invented reference answers, so that structures which are rare in questions are seen often enough.

Random, but in the style of answer keys: short numbers, few elements, the usual letters. No question belongs to them.
"""

import random
from collections.abc import Callable
from typing import Final

from tinyv_stream.lab.synth.invent_said import KINDS as SAID


def _number(rng: random.Random) -> str:
    return (
        str(rng.choice((rng.randint(0, 12), rng.randint(0, 99), rng.randint(100, 2500))))
        if rng.random() < 0.9
        else f"{rng.uniform(0, 99):.2f}"
    )


def _fraction(rng: random.Random) -> str:
    a, b = rng.randint(1, 30), rng.randint(2, 30)
    return f"\\frac{{{a}}}{{{b}}}"


def _surd(rng: random.Random) -> str:
    k = rng.choice(("", "", "2", "3", "4", "5"))
    return f"{k}\\sqrt{{{rng.choice((2, 3, 5, 6, 7, 10, 11, 13, 17))}}}"


def _value(rng: random.Random) -> str:
    sign = "-" if rng.random() < 0.3 else ""
    kind = rng.choices((_number, _fraction, _surd), (6, 2, 2))[0]
    return sign + kind(rng)


def _small(rng: random.Random) -> str:
    return str(rng.randint(-12, 30))


def _sum(rng: random.Random) -> str:
    first = rng.choice((_number, _fraction, _surd))(rng)
    return f"{first} {rng.choice('+-')} {_surd(rng)}"


def _distinct(make: Callable[[random.Random], str], count: int, rng: random.Random) -> list[str]:
    out: list[str] = []
    for _ in range(count * 4):
        if len(out) < count and (new := make(rng)) not in out:
            out.append(new)
    return out


def _number_list(rng: random.Random) -> str:
    make = rng.choice((_small, _small, _value))
    parts = _distinct(make, rng.choice((2, 2, 2, 3, 3, 4, 5)), rng)
    return rng.choice((", ", ",", ", ")).join(parts)


def _tuple_list(rng: random.Random) -> str:
    size, count = rng.choice((2, 2, 2, 3)), rng.choice((1, 1, 2, 2, 3, 4))
    make = _small if count > 1 else rng.choice((_small, _value))
    tuples = _distinct(lambda r: "(" + rng.choice((",", ", ")).join(make(r) for _ in range(size)) + ")", count, rng)
    return ",".join(tuples)


def _interval_of(rng: random.Random) -> str:
    low, high = sorted(rng.sample(range(-12, 40), 2))
    ends = [str(low), str(high)]
    if rng.random() < 0.25:
        ends[rng.randrange(2)] = _value(rng)
    shape = rng.random()
    name = rng.choice("xxxamkt")
    sign, other = rng.choice(("\\leq", "\\leqslant", "<", "\\le")), rng.choice(("\\geq", "\\geqslant", ">", "\\ge"))
    if shape < 0.3:
        return f"{ends[0]} {sign} {name} {rng.choice((sign, '<'))} {ends[1]}"
    if shape < 0.5:
        return f"{name} {rng.choice((sign, other))} {ends[0]}"
    if shape < 0.65:
        return (
            f"(-\\infty, {ends[0]}{rng.choice(')]')} \\cup {rng.choice('([')}{ends[1]}, {rng.choice(('', '+'))}\\infty)"
        )
    if shape < 0.75:
        return f"{name} < {ends[0]} \\text{{ or }} {name} > {ends[1]}"
    if shape < 0.9:
        return f"[{ends[0]}, {ends[1]}{rng.choice('])')}"
    return f"{rng.choice(('[', '('))}{ends[0]}, {rng.choice(('', '+'))}\\infty)"


def _polynomial(rng: random.Random, name: str | None = None) -> str:
    name = name or rng.choice("xxxnta")
    degree = rng.choice((1, 1, 2, 2, 3))
    parts: list[str] = []
    for power in range(degree, -1, -1):
        k = rng.choice((0, 1, 1, 2, 3, rng.randint(1, 12), -1, -2, -rng.randint(1, 12)))
        if not k:
            continue
        body = (
            ""
            if power == 0
            else name
            if power == 1
            else f"{name}^{power}"
            if rng.random() < 0.5
            else f"{name}^{{{power}}}"
        )
        size = "" if abs(k) == 1 and body else str(abs(k))
        parts.append(("-" if k < 0 else "+") + " " + size + body)
    text = " ".join(parts) or f"+ {name}"
    return text.removeprefix("+ ").replace("- ", "-", 1) if text.startswith("- ") else text.removeprefix("+ ")


def _function(rng: random.Random) -> str:
    name = rng.choice("xxxnt")
    head = rng.choice((f"f({name})", f"f({name})", f"g({name})", "y", "S_n", "a_n", "k", "P(x)"))
    return f"{head} = {rng.choice((_polynomial, _quotient))(rng, name)}"


def _quotient(rng: random.Random, name: str | None = None) -> str:
    name = name or rng.choice("xnakm")
    top = rng.choice(
        (
            _polynomial(rng, name),
            f"{rng.randint(1, 9)}{name}",
            f"{name} + {rng.randint(1, 20)}",
            f"{name}({name} - {rng.randint(1, 9)})",
        )
    )
    bottom = rng.choice((str(rng.randint(2, 30)), f"{name} + {rng.randint(1, 9)}", f"{rng.randint(2, 9)}{name}"))
    return f"\\frac{{{top}}}{{{bottom}}}"


def _letters(rng: random.Random) -> str:
    a, b, c = rng.sample("abcdmnpqr", 3)
    k, e = rng.randint(2, 9), rng.randint(2, 5)
    return rng.choice(
        (
            f"{a}{b} + {b}{c} + {c}{a}",
            f"\\frac{{{k}{a}{b}}}{{{a} + {b}}}",
            f"{k}{a}^{e} - {b}^2",
            f"\\sqrt{{{a}^2 + {b}^2}}",
            f"{k}^{{{a} - {b}}}",
            f"({a} + {k})({b} - {e})",
            f"\\frac{{{a}^2 - {b}^2}}{{{k}{c}}}",
            f"{a}^{{{k}}}{b}",
            f"\\frac{{{k}({a} - {b})}}{{{e}}}",
            f"{k}\\pi {a}^2",
            f"\\frac{{{a}}}{{{b}}} - {k}",
            f"\\frac{{\\pi {a}^{e}}}{{{k}}}",
        )
    )


def _special(rng: random.Random) -> str:
    n, k = rng.randint(2, 12), rng.randint(1, 11)
    name = rng.choice("xnkat")
    return rng.choice(
        (
            f"\\frac{{{k}\\pi}}{{{n}}}",
            f"\\frac{{\\pi}}{{{n}}}",
            f"{rng.choice((15, 30, 36, 45, 60, 72, 75, 90, 105, 120, 135, 150))}^{{\\circ}}",
            f"{k}^{{\\circ}}",
            f"\\ln {n} - \\ln {k}",
            f"\\log_{{{n}}} {k + 1}",
            f"\\arctan {_fraction(rng)}",
            f"{k} + {n}i",
            f"\\binom{{{n + 3}}}{{{rng.randint(1, 4)}}}",
            f"{n}^{{{k % 5 + 2}}}",
            f"x = {k} + 2k\\pi",
            f"{_fraction(rng)} + k\\pi",
            f"\\sin {n}{name} + \\cos {name}",
            f"{k} \\times 10^{{{rng.randint(-6, 9)}}}",
            f"{n}!",
            f"{rng.randint(1, 40)}:{rng.randint(1, 40)}",
            f"{_number(rng)}\\%",
            f"{_value(rng)} \\pm {_surd(rng)}",
            f"\\pm {_number(rng)}",
            f"\\frac{{-{k} \\pm \\sqrt{{{n * 10 + 7}}}}}{{{rng.randint(2, 8)}}}",
            f"\\frac{{{_surd(rng)} - {k}}}{{{n}}}",
            f"{rng.uniform(1, 999):.{rng.choice((1, 2, 2, 3))}f}",
            f"{rng.randint(1, 9)}\\frac{{{rng.randint(1, 5)}}}{{{rng.randint(6, 12)}}}",
            f"{rng.randint(1000, 999999)}",
        )
    )


def _labelled(rng: random.Random) -> str:
    names = rng.choice(("xy", "ab", "xyz", "abc", "mn", "pq", "kb"))
    return ", ".join(f"{n}={_value(rng)}" for n in names)


def _vector(rng: random.Random) -> str:
    cells = [_value(rng) for _ in range(rng.choice((2, 3, 3)))]
    rows = " \\\\ ".join(cells)
    return f"\\begin{{pmatrix}} {rows} \\end{{pmatrix}}"


def _sized(rng: random.Random) -> str:
    unit = rng.choice(
        ("cm", "m", "km/h", "hours", "minutes", "cm^2", "kg", "degrees", "units", "days", "m/s", "dollars")
    )
    return rng.choice(
        (
            f"{_number(rng)} \\text{{ {unit}}}",
            f"{_number(rng)} {unit}",
            f"{_number(rng)}\\, \\text{{{unit}}}",
            f"\\${_number(rng)}",
        )
    )


_PEOPLE: Final = ("Alice", "Bob", "Petya", "Vasya", "Anna", "Carlos", "Mira", "the first player", "the second player")
_THINGS: Final = ("number", "triangle", "function", "sequence", "line", "figure", "quadrilateral", "sum")
_QUALITIES: Final = (
    "odd",
    "even",
    "equilateral",
    "isosceles",
    "increasing",
    "decreasing",
    "convergent",
    "a square",
    "a rhombus",
    "a circle",
    "an ellipse",
    "perpendicular",
    "parallel",
    "positive",
    "negative",
    "acute",
    "obtuse",
)


def _words(rng: random.Random) -> str:
    return rng.choice(
        (
            f"{rng.choice(_PEOPLE)} wins",
            f"The {rng.choice(_THINGS)} is {rng.choice(_QUALITIES)}.",
            f"\\text{{{rng.choice(_QUALITIES)}}}",
            rng.choice(
                ("Yes", "No", "True", "False", "\\text{Yes}", "odd", "even", "Monday", "Friday", "first", "second")
            ),
            rng.choice("ABCDE"),
            f"{rng.choice('ABCDE')}. {_value(rng)}",
            f"{rng.choice(_PEOPLE)} has a winning strategy",
        )
    )


def _surd_sum(rng: random.Random) -> str:
    return rng.choice((_sum(rng), _surd(rng), _fraction(rng), f"\\frac{{{_sum(rng)}}}{{{rng.randint(2, 9)}}}"))


_KINDS: Final = (
    (_number_list, 12),
    (_tuple_list, 12),
    (_interval_of, 12),
    (_function, 8),
    (_polynomial, 4),
    (_quotient, 4),
    (_letters, 7),
    (_special, 14),
    (_labelled, 5),
    (_vector, 4),
    (_sized, 4),
    (_words, 6),
    (_surd_sum, 7),
    *SAID,
)


def invent(rng: random.Random) -> str:
    """Return one reference answer."""
    make = rng.choices([k for k, _ in _KINDS], [w for _, w in _KINDS])[0]
    text = make(rng)
    return f"${text}$" if rng.random() < 0.12 else text
