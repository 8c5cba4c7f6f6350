"""Families of ground truths in letters: polynomials, roots, absolute values, whole numbers, sums, relations."""

import random
from typing import Final

from bench.attack_rules.context import Context
from bench.attack_rules.drawing import DrawFamily, Drawn, small
from bench.attack_rules.tree import TreeNode, add, const, div, fn, mul, neg, num, of, power, sqrt, sym


def _letter_pair(rng: random.Random) -> tuple[TreeNode, TreeNode]:
    a, b = rng.sample(("a", "b", "x", "y", "t", "u", "q"), 2)
    return sym(a), sym(b)


def _polynomials(rng: random.Random) -> Drawn:
    x, y = _letter_pair(rng)
    a, b, c = small(rng), small(rng), small(rng)
    forms = (
        add(mul(a, x), b),
        add(mul(a, x), neg(mul(b, y))),
        add(power(x, num(2)), mul(a, x), neg(b)),
        mul(add(x, a), add(x, neg(b))),
        add(mul(a, power(x, num(2))), neg(mul(b, x, y)), mul(c, power(y, num(2)))),
        mul(a, power(add(x, b), num(3))),
        mul(x, add(y, a)),
        add(mul(a, x, power(y, num(2))), neg(c)),
        power(add(x, neg(y)), num(2)),
        add(x, y, a),
    )
    return (
        rng.choice(forms),
        rng.choice(("Simplify.", "Expand and simplify.", "Write the expression.", "Find f.")),
        Context("open"),
    )


def _rational(rng: random.Random) -> Drawn:
    x, y = _letter_pair(rng)
    a, b = small(rng), small(rng)
    forms = (
        div(x, add(x, a)),
        div(add(x, a), b),
        div(add(power(x, num(2)), num(1)), add(x, neg(a))),
        div(add(power(x, num(3)), y), a),
        add(div(a, x), div(b, y)),
        div(mul(a, x), y),
        div(num(1), add(num(1), neg(x))),
        div(x, power(num(10), num(40))),
        div(mul(x, y), add(x, y)),
    )
    return (
        rng.choice(forms),
        rng.choice(("Simplify.", "Find the sum of the series.", "Express it in terms of the letters.")),
        Context("open"),
    )


def _roots_of_letters(rng: random.Random) -> Drawn:
    x, _ = _letter_pair(rng)
    a, b = small(rng), small(rng)
    forms = (
        sqrt(add(power(x, num(2)), a)),
        mul(x, sqrt(a)),
        div(x, sqrt(add(x, b))),
        power(x, div(num(1), num(2))),
        sqrt(div(a, x)),
        mul(a, of("root", num(3), x)),
        fn("ln", add(x, a)),
        add(fn("ln", x), neg(a)),
        of("log", num(2), x),
        power(x, div(num(3), num(2))),
        add(sqrt(x), a),
    )
    question = f"Simplify for positive {x.name}."
    return rng.choice(forms), question, Context("positive")


def _functions_of_letters(rng: random.Random) -> Drawn:
    x = sym(rng.choice("xt"))
    a, b, e = small(rng), small(rng), const("e")
    forms = (
        mul(a, fn("sin", x)),
        add(mul(a, power(fn("sin", x), num(2))), b),
        fn("cos", mul(a, x)),
        mul(power(e, mul(a, x)), x),
        div(x, power(e, x)),
        add(power(e, x), neg(x)),
        mul(x, fn("cos", x)),
        add(fn("arctan", x), b),
        add(fn("sin", mul(a, x)), fn("cos", mul(b, x))),
        fn("arctan", div(x, a)),
        add(mul(a, fn("sin", x)), neg(mul(b, fn("cos", x)))),
        power(num(2), add(x, a)),
    )
    return rng.choice(forms), rng.choice(("Find f'(x).", "Find f.", "Differentiate.")), Context("real")


def _absolute_values(rng: random.Random) -> Drawn:
    x, y = _letter_pair(rng)
    a = small(rng)
    forms = (
        of("abs", x),
        of("abs", add(x, neg(a))),
        add(of("abs", x), of("abs", y)),
        of("max", x, y),
        of("min", x, num(rng.randint(100, 9000))),
        div(of("abs", x), x),
        mul(a, of("abs", add(x, y))),
        mul(x, of("abs", x)),
        of("abs", mul(a, x)),
        sqrt(power(x, num(2))),
        sqrt(add(power(x, num(2)), power(y, num(2)))),
    )
    return (
        rng.choice(forms),
        rng.choice(("Find the distance.", "Simplify for real letters.", "Find the larger one.")),
        Context("real"),
    )


def _integer_letters(rng: random.Random) -> Drawn:
    n, m = sym("n"), sym("m")
    a, b = small(rng, 2, 7), small(rng, 2, 9)
    half = div(n, a)
    forms = (
        of("floor", half),
        add(of("floor", half), num(1)),
        of("ceil", half),
        add(n, neg(of("floor", half))),
        of("floor", of("log", num(2), n)),
        of("ceil", sqrt(n)),
        power(neg(num(1)), n),
        mul(power(neg(num(1)), add(n, num(1))), n),
        of("fact", n),
        of("fact", add(n, num(1))),
        of("gcd", n, m),
        of("lcm", n, m),
        of("mod", n, a),
        of("binom", n, num(2)),
        div(mul(n, add(n, num(1))), num(2)),
        power(num(2), n),
        add(power(num(2), n), neg(num(1))),
        mul(n, power(num(2), add(n, neg(num(1))))),
        of("binom", add(n, m), m),
        of("dfact", n),
        div(add(power(n, num(2)), neg(n)), num(2)),
        mul(of("floor", half), of("ceil", div(n, b))),
    )
    question = rng.choice(
        (
            "Find the number for a positive integer n.",
            "How many are there, for positive integers n and m?",
            "Find the maximum in terms of the positive integer n.",
        )
    )
    return rng.choice(forms), question, Context("natural")


def _bare_letters(rng: random.Random) -> Drawn:
    a, b, c = (sym(x) for x in rng.sample(("a", "b", "c", "k", "x", "y"), 3))
    forms = (
        add(a, b, c),
        add(a, b),
        add(a, neg(b)),
        mul(num(2), a),
        add(mul(a, b), c),
        mul(a, b),
        add(a, b, neg(num(1))),
        add(mul(num(2), a), mul(num(2), b)),
    )
    question = rng.choice(
        (
            "Find the perimeter of the triangle.",
            "Write the number of handshakes.",
            "How many edges has the graph?",
            "Find the sum.",
        )
    )
    return rng.choice(forms), question, Context("positive")


def _sums_and_products(rng: random.Random) -> Drawn:
    k, n = sym("k"), sym("n")
    a = small(rng, 2, 6)
    body = rng.choice((power(k, num(2)), mul(k, add(k, a)), div(num(1), k), power(a, k), of("binom", n, k)))
    op = rng.choice(("sum", "sum", "prod")) if body.op != "binom" else "sum"
    low = num(rng.choice((1, 1, 2))) if body.op != "binom" else num(0)
    high = rng.choice((n, add(n, neg(num(1))), num(rng.randint(5, 20)))) if body.op != "binom" else n
    return of(op, low, high, body, name="k"), "Express the quantity for a positive integer n.", Context("natural")


def _equations(rng: random.Random) -> Drawn:
    x, y = sym("x"), sym("y")
    a, b, c = (num(v) for v in rng.sample(range(2, 15), 3))
    forms = (
        of("equation", add(mul(a, x), mul(b, y), neg(c)), num(0)),
        of("equation", y, add(mul(a, x), b)),
        of("equation", add(power(x, num(2)), power(y, num(2))), c),
        of("less", x, a),
        of("lesseq", x, neg(b)),
        of("lesseq", add(x, mul(a, y)), b),
        of("equation", power(y, num(2)), mul(a, x)),
        of("less", a, x),
        of("equation", add(of("abs", x), of("abs", y)), a),
        of("equation", add(mul(a, x), neg(mul(b, y)), mul(c, sym("z"))), num(1)),
    )
    return (
        rng.choice(forms),
        rng.choice(("Find an equation of the curve.", "Find the line.", "Describe the region.")),
        Context(),
    )


def _antiderivatives(rng: random.Random) -> Drawn:
    x, a, b = sym("x"), small(rng), small(rng, 2, 6)
    body = rng.choice(
        (
            div(power(x, b), b),
            mul(a, fn("sin", x)),
            mul(a, power(const("e"), x)),
            add(power(x, num(2)), mul(a, x)),
            mul(a, fn("ln", x)),
            fn("arctan", x),
        )
    )
    return of("antiderivative", body, name="x"), "Find the indefinite integral.", Context("open")


LETTERS: Final[dict[str, DrawFamily]] = {
    "polynomials": _polynomials,
    "rational": _rational,
    "roots of letters": _roots_of_letters,
    "functions of letters": _functions_of_letters,
    "absolute values": _absolute_values,
    "integer letters": _integer_letters,
    "bare letters": _bare_letters,
    "sums and products": _sums_and_products,
    "equations": _equations,
    "antiderivatives": _antiderivatives,
}
