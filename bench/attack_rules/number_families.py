"""Families of ground truths without letters: notations, roots, logarithms, complex and far sizes."""

import random
from typing import Final

from bench.attack_rules.context import Context
from bench.attack_rules.drawing import PRIMES, DrawFamily, Drawn, exact_value, fraction, small, surd
from bench.attack_rules.tree import add, const, dec, div, fn, mul, neg, num, of, power, sqrt, sym


def _integers(rng: random.Random) -> Drawn:
    value = rng.choice((rng.randint(-50, 99), rng.randint(100, 99_999), rng.randint(10**6, 10**18)))
    return exact_value(num(value), rng)


def _fractions(rng: random.Random) -> Drawn:
    found = fraction(rng)
    return exact_value(neg(found) if rng.random() < 0.3 else found, rng)


def _mixed(rng: random.Random) -> Drawn:
    bottom = rng.randint(2, 12)
    return exact_value(of("mixed", small(rng, 1, 40), num(rng.randint(1, bottom - 1)), num(bottom)), rng)


def _decimals(rng: random.Random) -> Drawn:
    text = f"{rng.randint(0, 2000)}.{rng.randint(1, 9999)}"
    asked = rng.choice(
        ("Find the exact average.", "What is it as a decimal, exactly?", "Find the exact price in euros.")
    )
    return dec(text), asked, Context(exact=True)


def _repeating(rng: random.Random) -> Drawn:
    return exact_value(
        of("rep", name=f"{rng.randint(0, 30)}.{rng.choice(('', '1', '25'))}({rng.choice((3, 6, 27, 18, 142857))})"), rng
    )


def _powers(rng: random.Random) -> Drawn:
    a, b, c = small(rng, 2, 9), small(rng, 2, 40), small(rng, 2, 5)
    forms = (power(a, b), power(a, power(b, c)), add(power(a, b), neg(c)), div(add(power(a, b), num(1)), c))
    forms += (mul(a, power(num(10), b)), mul(dec(f"{rng.randint(1, 9)}.{rng.randint(1, 99)}"), power(num(10), neg(b))))
    found = rng.choice(forms)
    return exact_value(power(a, power(num(3), num(2))) if found == forms[1] else found, rng)


def _surds(rng: random.Random) -> Drawn:
    a, b = small(rng), small(rng)
    forms = (
        surd(rng),
        add(a, surd(rng)),
        add(surd(rng), neg(b)),
        div(add(a, neg(surd(rng))), b),
        sqrt(add(a, sqrt(b))),
        add(sqrt(num(2)), sqrt(num(3))),
        mul(a, of("root", num(3), num(rng.choice(PRIMES)))),
        div(a, add(surd(rng), b)),
        div(sqrt(num(3)), b),
        power(div(sqrt(num(2)), num(2)), small(rng, 3, 301)),
    )
    return exact_value(rng.choice(forms), rng)


def _logs(rng: random.Random) -> Drawn:
    a, b = small(rng, 2, 9), num(rng.choice(PRIMES))
    forms = (
        fn("ln", b),
        fn("ln", div(a, b)),
        mul(a, fn("ln", b)),
        add(a, neg(fn("ln", b))),
        of("log", num(2), b),
        div(fn("ln", b), a),
        add(of("log", num(3), b), a),
        div(fn("ln", num(2)), fn("ln", num(3))),
        add(div(fn("ln", num(2)), num(2)), const("e")),
    )
    return exact_value(rng.choice(forms), rng)


def _trigonometric(rng: random.Random) -> Drawn:
    a, b = small(rng), small(rng, 3, 11)
    angle = div(const("pi"), b)
    forms = (
        fn("sin", angle),
        mul(a, fn("cos", angle)),
        fn("tan", div(mul(num(2), const("pi")), b)),
        fn("arctan", div(a, b)),
        add(num(1), neg(fn("cos", num(3)))),
        add(const("pi"), neg(fn("arctan", a))),
        fn("arcsin", div(num(1), a)),
    )
    return exact_value(rng.choice(forms), rng)


def _with_e(rng: random.Random) -> Drawn:
    a, b, e = small(rng), small(rng), const("e")
    forms = (
        mul(a, e),
        add(a, neg(div(b, e))),
        power(e, a),
        power(e, neg(a)),
        div(add(e, neg(num(1))), e),
        add(a, power(e, num(2))),
        mul(a, power(e, b)),
        add(num(1), neg(power(e, neg(num(rng.choice((5, 50, 100))))))),
        div(num(1), e),
        div(power(e, num(2)), a),
        add(e, div(num(1), e)),
    )
    return exact_value(rng.choice(forms), rng)


def _with_pi(rng: random.Random) -> Drawn:
    a, b, pi = small(rng), small(rng), const("pi")
    forms = (
        mul(a, pi),
        div(mul(a, pi), b),
        add(pi, neg(a)),
        div(power(pi, num(2)), a),
        mul(a, sqrt(b), pi),
        add(div(pi, a), div(sqrt(num(3)), b)),
        mul(fraction(rng), pi),
        add(mul(a, pi), sqrt(num(3))),
    )
    return exact_value(rng.choice(forms), rng)


def _tiny_and_huge(rng: random.Random) -> Drawn:
    big = num(rng.choice((100, 150, 200, 500, 2006)))
    root = sqrt(num(rng.choice((2, 3, 5, 7))))
    forms = (
        div(const("pi"), power(num(2), big)),
        div(root, power(num(2), big)),
        div(num(1), of("fact", big)),
        div(root, of("fact", num(rng.randint(40, 120)))),
        mul(power(num(10), neg(num(rng.randint(36, 90)))), const("pi")),
        mul(const("pi"), power(num(3), big)),
        div(add(power(num(2), big), num(1)), mul(num(3), power(num(2), add(big, num(1))))),
        power(const("e"), neg(num(rng.choice((90, 100, 150))))),
        of("fact", num(rng.randint(20, 60))),
        add(power(num(2), num(rng.randint(41, 99))), neg(num(1))),
        num(rng.randint(10**20, 10**29)),
    )
    return exact_value(rng.choice(forms), rng)


def _complex_numbers(rng: random.Random) -> Drawn:
    a, b, i = small(rng), small(rng), const("i")
    forms = (
        add(a, mul(b, i)),
        add(a, neg(mul(b, i))),
        mul(a, i),
        add(neg(a), mul(sqrt(num(3)), i)),
        add(fraction(rng), neg(mul(fraction(rng), i))),
        add(div(num(1), num(2)), neg(mul(div(sqrt(num(3)), num(2)), i))),
        mul(a, sqrt(num(2)), i),
        add(num(2), neg(i)),
        power(const("e"), div(mul(const("pi"), i), b)),
    )
    return rng.choice(forms), rng.choice(("Find z.", "Find the complex number z.", "Compute the value.")), Context()


def _counting(rng: random.Random) -> Drawn:
    n = rng.randint(6, 30)
    k = rng.randint(2, 4)
    forms = (
        of("fact", num(n)),
        of("binom", num(n), num(k)),
        div(num(1), of("binom", num(n), num(k))),
        div(of("fact", num(n)), of("fact", num(k))),
        mul(of("fact", num(k)), of("fact", num(n))),
        of("dfact", num(n)),
        add(of("binom", num(n), num(k)), num(k)),
        div(num(1), of("fact", num(52))),
    )
    return exact_value(rng.choice(forms), rng)


def _integrals(rng: random.Random) -> Drawn:
    x = sym("x")
    a, b = small(rng, 1, 5), small(rng, 1, 4)
    body = rng.choice((power(x, b), fn("sin", x), power(const("e"), x), mul(a, x), add(power(x, num(2)), a)))
    return (
        of("integral", num(0), rng.choice((a, const("pi"))), body, name="x"),
        "Write the integral for the area.",
        Context(),
    )


NUMBERS: Final[dict[str, DrawFamily]] = {
    "integers": _integers,
    "fractions": _fractions,
    "mixed": _mixed,
    "decimals": _decimals,
    "repeating": _repeating,
    "powers": _powers,
    "surds": _surds,
    "logs": _logs,
    "trigonometric": _trigonometric,
    "with e": _with_e,
    "with pi": _with_pi,
    "tiny and huge": _tiny_and_huge,
    "complex numbers": _complex_numbers,
    "counting": _counting,
    "integrals": _integrals,
}
