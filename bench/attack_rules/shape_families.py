"""Families of ground truths that contain values: sets, pairs, intervals, matrices, named values."""

import random
from typing import Final

from bench.attack_rules.context import Context
from bench.attack_rules.drawing import PRIMES, DrawFamily, Drawn, fraction, small, surd
from bench.attack_rules.tree import TreeNode, const, div, mul, num, of, sqrt


def _sets(rng: random.Random) -> Drawn:
    size = rng.randint(2, 4)
    pool = rng.choice((range(-9, 30), range(1, 1200, 7)))
    items = [num(v) for v in rng.sample(pool, size)]
    if rng.random() < 0.3:
        items[0] = rng.choice((fraction(rng), surd(rng), mul(num(3), const("i"))))
    op = rng.choice(("set", "list"))
    return of(op, *items), rng.choice(("Find all solutions.", "Find all x.", "Find the set of all n.")), Context()


def _plus_minus(rng: random.Random) -> Drawn:
    middle, off = (
        rng.choice((num(0), small(rng))),
        rng.choice((small(rng), sqrt(num(rng.choice(PRIMES))), mul(num(2), const("i")))),
    )
    return of("pm", middle, off), rng.choice(("Find all x.", "Solve the quadratic.")), Context()


def _number_lists(rng: random.Random) -> Drawn:
    pool = rng.choice((range(1, 100), range(100, 1000), (10, 100, 1000, 5, 120, 720, 7, 777)))
    items = [num(v) for v in rng.sample(pool, rng.randint(2, 4))]
    return of("tuple", *items, name="terms"), "Find the first terms of the sequence, in order.", Context()


def _points_and_pairs(rng: random.Random) -> Drawn:
    def part() -> TreeNode:
        return rng.choice(
            (
                num(rng.randint(-20, 400)),
                num(rng.randint(100, 999)),
                fraction(rng),
                div(const("pi"), small(rng)),
                num(rng.randint(-9, 9)),
                mul(num(2), const("i")),
            )
        )

    size = rng.choice((2, 2, 2, 3))
    return (
        of("tuple", *(part() for _ in range(size))),
        rng.choice(("Find the point.", "Find the ordered pair (x, y).", "Convert to polar coordinates.")),
        Context(),
    )


def _named_values(rng: random.Random) -> Drawn:
    names = rng.choice((("x", "y"), ("m", "n"), ("a", "b", "c"), ("x",), ("p", "q")))
    values = rng.sample(range(-12, 40), len(names))
    inside = tuple(of("val", num(v), name=name) for name, v in zip(names, values, strict=True))
    return of("named", *inside), f"Solve the system for {' and '.join(names)}.", Context()


def _ordered_values(rng: random.Random) -> Drawn:
    a, b = sorted(rng.sample(range(-10, 90), 2))
    question = rng.choice(
        (
            "Find the values of m and n.",
            "Solve the system x + y = s, x - y = d for x and y.",
            "Find the possible minimum and maximum.",
            "Find the area and the perimeter.",
            "Find the angles A and B, respectively.",
        )
    )
    pair = (a, b) if "minimum" in question or rng.random() < 0.5 else (b, a)
    return of("tuple", *(num(v) for v in pair), name="terms"), question, Context()


def _intervals(rng: random.Random) -> Drawn:
    a, b = sorted(rng.sample(range(-12, 30), 2))
    low, high = num(a), num(b)
    kind = rng.choice(("()", "[]", "[)", "(]", "()"))
    infinity, below = TreeNode("words", (), "\\infty"), TreeNode("words", (), "-\\infty")
    forms = (
        of("interval", low, high, name=kind),
        of("interval", low, high, name="()"),
        of("interval", num(0), div(num(1), const("e")), name=kind),
        of("union", of("interval", below, low, name=f"({kind[1]}"), of("interval", high, infinity, name=f"{kind[0]})")),
        of("interval", low, infinity, name=f"{kind[0]})"),
        of("interval", below, high, name=f"({kind[1]}"),
        of("union", of("interval", below, low, name="()"), of("interval", low, infinity, name="()")),
        of("except", low, high),
        of("except", low),
    )
    question = rng.choice(
        (
            "For what values of x does the inequality hold?",
            "Find the range of x.",
            "Find the domain.",
            "Solve the inequality.",
        )
    )
    return rng.choice(forms), question, Context()


def _matrices(rng: random.Random) -> Drawn:
    cells = [[num(rng.randint(-9, 9)) for _ in range(2)] for _ in range(rng.choice((2, 2, 3)))]
    if rng.random() < 0.3:
        return of("vector", *(row[0] for row in cells), num(rng.randint(10, 20))), "Find the vector.", Context()
    return of("matrix", *(of("row", *row) for row in cells)), "Find the matrix.", Context()


def _ratios(rng: random.Random) -> Drawn:
    return of("ratio", *(num(v) for v in rng.sample(range(1, 30), rng.choice((2, 2, 3))))), "Find the ratio.", Context()


SHAPED: Final[dict[str, DrawFamily]] = {
    "sets": _sets,
    "plus minus": _plus_minus,
    "number lists": _number_lists,
    "points and pairs": _points_and_pairs,
    "named values": _named_values,
    "ordered values": _ordered_values,
    "intervals": _intervals,
    "matrices": _matrices,
    "ratios": _ratios,
}
