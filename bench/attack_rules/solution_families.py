"""Families of ground truths that stand for many: general solutions, functions, stated signs, and rarer spellings."""

import random
from typing import Final

from bench.attack_rules.context import Context
from bench.attack_rules.drawing import PRIMES, DrawFamily, Drawn, exact_value, fraction, small
from bench.attack_rules.tree import add, const, div, fn, mul, neg, num, of, power, sqrt, sym


def _periodic_solutions(rng: random.Random) -> Drawn:
    pi = const("pi")
    base = rng.choice((div(pi, small(rng)), mul(fraction(rng), pi), neg(div(pi, num(3)))))
    period = rng.choice((pi, mul(num(2), pi), div(pi, num(2))))
    return of("solutions", base, period, name="k"), "Solve the equation for all real x.", Context()


def _functions(rng: random.Random) -> Drawn:
    x, a, b = sym("x"), small(rng), small(rng)
    forms = (add(mul(a, x), b), mul(a, power(x, num(2))), div(x, add(x, a)), add(power(num(2), x), neg(b)), num(0))
    forms += (mul(a, power(const("e"), mul(num(-2), x))), div(x, power(const("e"), x)), add(a, neg(x)))
    question = rng.choice(("Find f(x).", "Find all functions f on the reals.", "Find the function f."))
    return of("function", rng.choice(forms), name="f(x)"), question, Context("real")


def _differential_equations(rng: random.Random) -> Drawn:
    x, a = sym("x"), small(rng, 2, 6)
    e = const("e")
    forms = (
        power(e, mul(a, x)),
        power(e, neg(mul(a, x))),
        power(e, power(x, num(2))),
        power(x, a),
        fn("cos", mul(a, x)),
    )
    return (
        of("multiple", rng.choice(forms), name="C"),
        "Find the general solution y of the equation.",
        Context("positive"),
    )


def _negative_letters(rng: random.Random) -> Drawn:
    t = sym(rng.choice("tqxa"))
    a = small(rng)
    forms = (
        sqrt(power(t, num(2))),
        of("abs", t),
        neg(t),
        fn("ln", power(t, num(2))),
        mul(a, of("abs", t)),
        sqrt(add(power(t, num(2)), mul(num(-2), t), num(1))),
        add(of("abs", t), a),
        div(of("abs", t), t),
        fn("arctan", t),
        mul(t, sqrt(power(t, num(2)))),
    )
    return rng.choice(forms), f"Simplify for {t.name} < 0.", Context("negative")


def _scientific(rng: random.Random) -> Drawn:
    exponent = rng.choice((rng.randint(5, 30), -rng.randint(5, 30)))
    node = of("sci", name=f"{rng.randint(1, 9)}.{rng.randint(1, 99)}e{exponent}")
    return node, "Find the exact constant.", Context(exact=True)


def _leading_zeros(rng: random.Random) -> Drawn:
    return of("num", name=f"{rng.randint(1, 99):03d}"), "Find the last three digits.", Context()


def _temperatures(rng: random.Random) -> Drawn:
    node = of("temperature", name=f"{rng.randint(-20, 90)}^\\circ\\text{{C}}")
    return node, "Find the temperature.", Context(measured=True)


def _probabilities(rng: random.Random) -> Drawn:
    names = rng.choice((("P(A)", "P(B)"), ("p_1", "p_2"), ("\\alpha", "\\beta"), ("\\mathrm{P}(A)", "\\mathrm{P}(B)")))
    values = fraction(rng), fraction(rng)
    inside = tuple(of("val", value, name=name) for name, value in zip(names, values, strict=True))
    return of("named", *inside), f"Find {names[0]} and {names[1]}.", Context()


def _nested(rng: random.Random) -> Drawn:
    a, b, c = small(rng), small(rng), num(rng.choice(PRIMES))
    forms = (
        div(num(1), add(num(1), div(num(1), add(a, div(num(1), b))))),
        sqrt(add(a, sqrt(add(b, sqrt(c))))),
        power(add(sqrt(a), sqrt(c)), num(3)),
        div(add(sqrt(a), neg(sqrt(c))), add(sqrt(a), sqrt(c))),
        fn("ln", div(add(a, sqrt(c)), b)),
        add(mul(a, sqrt(c)), neg(mul(b, fn("ln", c))), const("pi")),
        mul(div(const("pi"), a), add(b, neg(sqrt(c)))),
        of("log", a, add(power(num(2), b), num(1))),
    )
    return exact_value(rng.choice(forms), rng)


def _vectors(rng: random.Random) -> Drawn:
    """Draw a vector in bold units: a form whose letters say which part is which."""
    parts = rng.sample(range(2, 12), 3)
    node = of("vectorsum", *(num(part) for part in parts), name=rng.choice(("\\mathbf", "\\vec", "\\hat")))
    return node, "Find the cross product.", Context()


SOLVED: Final[dict[str, DrawFamily]] = {
    "periodic solutions": _periodic_solutions,
    "functions": _functions,
    "differential equations": _differential_equations,
    "negative letters": _negative_letters,
    "scientific": _scientific,
    "leading zeros": _leading_zeros,
    "temperatures": _temperatures,
    "probabilities": _probabilities,
    "nested": _nested,
    "vectors": _vectors,
}
