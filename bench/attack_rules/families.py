"""Families of ground truths: a seeded grammar that draws each together with its tree, question and context."""

import random
from collections.abc import Callable
from typing import Final

from bench.attack_rules.context import Context
from bench.attack_rules.tree import (
    Node, add, const, dec, div, fn, mul, neg, num, of, power, sqrt, sym,
)

Drawn = tuple[Node, str, Context]
Family = Callable[[random.Random], Drawn]

VALUE: Final = ("Compute the value.", "Find the exact value.", "Evaluate the expression.", "What is the result?", "")
_PRIMES: Final = (2, 3, 5, 6, 7, 10, 11, 13, 15, 17, 19)


def _value(rng: random.Random) -> str:
    return rng.choice(VALUE)


def _exact(node: Node, rng: random.Random) -> Drawn:
    return node, _value(rng), Context()


def _small(rng: random.Random, low: int = 2, high: int = 12) -> Node:
    return num(rng.randint(low, high))


def _fraction(rng: random.Random) -> Node:
    a, b = rng.sample(range(2, 30), 2)
    return div(num(a), num(b))


def _surd(rng: random.Random) -> Node:
    return mul(_small(rng), sqrt(num(rng.choice(_PRIMES))))


def integers(rng: random.Random) -> Drawn:
    value = rng.choice((rng.randint(-50, 99), rng.randint(100, 99_999), rng.randint(10**6, 10**18)))
    return _exact(num(value), rng)


def fractions(rng: random.Random) -> Drawn:
    found = _fraction(rng)
    return _exact(neg(found) if rng.random() < 0.3 else found, rng)


def mixed(rng: random.Random) -> Drawn:
    bottom = rng.randint(2, 12)
    return _exact(of("mixed", _small(rng, 1, 40), num(rng.randint(1, bottom - 1)), num(bottom)), rng)


def decimals(rng: random.Random) -> Drawn:
    text = f"{rng.randint(0, 2000)}.{rng.randint(1, 9999)}"
    asked = rng.choice(("Find the exact average.", "What is it as a decimal, exactly?", "Find the exact price in euros."))
    return dec(text), asked, Context(exact=True)


def repeating(rng: random.Random) -> Drawn:
    return _exact(of("rep", name=f"{rng.randint(0, 30)}.{rng.choice(('', '1', '25'))}({rng.choice((3, 6, 27, 18, 142857))})"), rng)


def powers(rng: random.Random) -> Drawn:
    a, b, c = _small(rng, 2, 9), _small(rng, 2, 40), _small(rng, 2, 5)
    forms = (power(a, b), power(a, power(b, c)), add(power(a, b), neg(c)), div(add(power(a, b), num(1)), c))
    forms += (mul(a, power(num(10), b)), mul(dec(f"{rng.randint(1, 9)}.{rng.randint(1, 99)}"), power(num(10), neg(b))))
    found = rng.choice(forms)
    return _exact(power(a, power(num(3), num(2))) if found == forms[1] else found, rng)


def surds(rng: random.Random) -> Drawn:
    a, b = _small(rng), _small(rng)
    forms = (
        _surd(rng), add(a, _surd(rng)), add(_surd(rng), neg(b)), div(add(a, neg(_surd(rng))), b),
        sqrt(add(a, sqrt(b))), add(sqrt(num(2)), sqrt(num(3))), mul(a, of("root", num(3), num(rng.choice(_PRIMES)))),
        div(a, add(_surd(rng), b)), div(sqrt(num(3)), b), power(div(sqrt(num(2)), num(2)), _small(rng, 3, 301)),
    )
    return _exact(rng.choice(forms), rng)


def logs(rng: random.Random) -> Drawn:
    a, b = _small(rng, 2, 9), num(rng.choice(_PRIMES))
    forms = (
        fn("ln", b), mul(a, fn("ln", b)), add(a, neg(fn("ln", b))), of("log", num(2), b), div(fn("ln", b), a),
        add(of("log", num(3), b), a), div(fn("ln", num(2)), fn("ln", num(3))), add(div(fn("ln", num(2)), num(2)), const("e")),
    )
    return _exact(rng.choice(forms), rng)


def trigonometric(rng: random.Random) -> Drawn:
    a, b = _small(rng), _small(rng, 3, 11)
    angle = div(const("pi"), b)
    forms = (
        fn("sin", angle), mul(a, fn("cos", angle)), fn("tan", div(mul(num(2), const("pi")), b)), fn("arctan", div(a, b)),
        add(num(1), neg(fn("cos", num(3)))), add(const("pi"), neg(fn("arctan", a))), fn("arcsin", div(num(1), a)),
    )
    return _exact(rng.choice(forms), rng)


def with_e(rng: random.Random) -> Drawn:
    a, b, e = _small(rng), _small(rng), const("e")
    forms = (
        mul(a, e), add(a, neg(div(b, e))), power(e, a), power(e, neg(a)), div(add(e, neg(num(1))), e),
        add(a, power(e, num(2))), mul(a, power(e, b)), add(num(1), neg(power(e, neg(num(rng.choice((5, 50, 100))))))),
        div(num(1), e), div(power(e, num(2)), a), add(e, div(num(1), e)),
    )
    return _exact(rng.choice(forms), rng)


def with_pi(rng: random.Random) -> Drawn:
    a, b, pi = _small(rng), _small(rng), const("pi")
    forms = (
        mul(a, pi), div(mul(a, pi), b), add(pi, neg(a)), div(power(pi, num(2)), a), mul(a, sqrt(b), pi),
        add(div(pi, a), div(sqrt(num(3)), b)), mul(_fraction(rng), pi), add(mul(a, pi), sqrt(num(3))),
    )
    return _exact(rng.choice(forms), rng)


def tiny_and_huge(rng: random.Random) -> Drawn:
    big = num(rng.choice((100, 150, 200, 500, 2006)))
    root = sqrt(num(rng.choice((2, 3, 5, 7))))
    forms = (
        div(const("pi"), power(num(2), big)), div(root, power(num(2), big)), div(num(1), of("fact", big)),
        div(root, of("fact", num(rng.randint(40, 120)))), mul(power(num(10), neg(num(rng.randint(36, 90)))), const("pi")),
        mul(const("pi"), power(num(3), big)), div(add(power(num(2), big), num(1)), mul(num(3), power(num(2), add(big, num(1))))),
        power(const("e"), neg(num(rng.choice((90, 100, 150))))), of("fact", num(rng.randint(20, 60))),
        add(power(num(2), num(rng.randint(41, 99))), neg(num(1))), num(rng.randint(10**20, 10**29)),
    )
    return _exact(rng.choice(forms), rng)


def complex_numbers(rng: random.Random) -> Drawn:
    a, b, i = _small(rng), _small(rng), const("i")
    forms = (
        add(a, mul(b, i)), add(a, neg(mul(b, i))), mul(a, i), add(neg(a), mul(sqrt(num(3)), i)), add(_fraction(rng), neg(mul(_fraction(rng), i))),
        add(div(num(1), num(2)), neg(mul(div(sqrt(num(3)), num(2)), i))), mul(a, sqrt(num(2)), i), add(num(2), neg(i)), power(const("e"), div(mul(const("pi"), i), b)),
    )
    return rng.choice(forms), rng.choice(("Find z.", "Find the complex number z.", "Compute the value.")), Context()


def counting(rng: random.Random) -> Drawn:
    n = rng.randint(6, 30)
    k = rng.randint(2, 4)
    forms = (
        of("fact", num(n)), of("binom", num(n), num(k)), div(num(1), of("binom", num(n), num(k))), div(of("fact", num(n)), of("fact", num(k))),
        mul(of("fact", num(k)), of("fact", num(n))), of("dfact", num(n)), add(of("binom", num(n), num(k)), num(k)), div(num(1), of("fact", num(52))),
    )
    return _exact(rng.choice(forms), rng)


def _letter_pair(rng: random.Random) -> tuple[Node, Node]:
    a, b = rng.sample(("a", "b", "x", "y", "t", "u", "q"), 2)
    return sym(a), sym(b)


def polynomials(rng: random.Random) -> Drawn:
    x, y = _letter_pair(rng)
    a, b, c = _small(rng), _small(rng), _small(rng)
    forms = (
        add(mul(a, x), b), add(mul(a, x), neg(mul(b, y))), add(power(x, num(2)), mul(a, x), neg(b)), mul(add(x, a), add(x, neg(b))),
        add(mul(a, power(x, num(2))), neg(mul(b, x, y)), mul(c, power(y, num(2)))), mul(a, power(add(x, b), num(3))), mul(x, add(y, a)),
        add(mul(a, x, power(y, num(2))), neg(c)), power(add(x, neg(y)), num(2)), add(x, y, a),
    )
    return rng.choice(forms), rng.choice(("Simplify.", "Expand and simplify.", "Write the expression.", "Find f.")), Context("open")


def rational(rng: random.Random) -> Drawn:
    x, y = _letter_pair(rng)
    a, b = _small(rng), _small(rng)
    forms = (
        div(x, add(x, a)), div(add(x, a), b), div(add(power(x, num(2)), num(1)), add(x, neg(a))), div(add(power(x, num(3)), y), a),
        add(div(a, x), div(b, y)), div(mul(a, x), y), div(num(1), add(num(1), neg(x))), div(x, power(num(10), num(40))), div(mul(x, y), add(x, y)),
    )
    return rng.choice(forms), rng.choice(("Simplify.", "Find the sum of the series.", "Express it in terms of the letters.")), Context("open")


def roots_of_letters(rng: random.Random) -> Drawn:
    x, _ = _letter_pair(rng)
    a, b = _small(rng), _small(rng)
    forms = (
        sqrt(add(power(x, num(2)), a)), mul(x, sqrt(a)), div(x, sqrt(add(x, b))), power(x, div(num(1), num(2))), sqrt(div(a, x)),
        mul(a, of("root", num(3), x)), fn("ln", add(x, a)), add(fn("ln", x), neg(a)), of("log", num(2), x), power(x, div(num(3), num(2))), add(sqrt(x), a),
    )
    question = f"Simplify for positive {x.name}."
    return rng.choice(forms), question, Context("positive")


def functions_of_letters(rng: random.Random) -> Drawn:
    x = sym(rng.choice("xt"))
    a, b, e = _small(rng), _small(rng), const("e")
    forms = (
        mul(a, fn("sin", x)), add(mul(a, power(fn("sin", x), num(2))), b), fn("cos", mul(a, x)), mul(power(e, mul(a, x)), x), div(x, power(e, x)),
        add(power(e, x), neg(x)), mul(x, fn("cos", x)), add(fn("arctan", x), b), add(fn("sin", mul(a, x)), fn("cos", mul(b, x))), fn("arctan", div(x, a)),
        add(mul(a, fn("sin", x)), neg(mul(b, fn("cos", x)))), power(num(2), add(x, a)),
    )
    return rng.choice(forms), rng.choice(("Find f'(x).", "Find f.", "Differentiate.")), Context("real")


def absolute_values(rng: random.Random) -> Drawn:
    x, y = _letter_pair(rng)
    a = _small(rng)
    forms = (
        of("abs", x), of("abs", add(x, neg(a))), add(of("abs", x), of("abs", y)), of("max", x, y), of("min", x, num(rng.randint(100, 9000))),
        div(of("abs", x), x), mul(a, of("abs", add(x, y))), mul(x, of("abs", x)), of("abs", mul(a, x)),
    )
    return rng.choice(forms), rng.choice(("Find the distance.", "Simplify for real letters.", "Find the larger one.")), Context("real")


def integer_letters(rng: random.Random) -> Drawn:
    n, m = sym("n"), sym("m")
    a, b = _small(rng, 2, 7), _small(rng, 2, 9)
    half = div(n, a)
    forms = (
        of("floor", half), add(of("floor", half), num(1)), of("ceil", half), add(n, neg(of("floor", half))), of("floor", of("log", num(2), n)),
        of("ceil", sqrt(n)), power(neg(num(1)), n), mul(power(neg(num(1)), add(n, num(1))), n), of("fact", n), of("fact", add(n, num(1))),
        of("gcd", n, m), of("lcm", n, m), of("mod", n, a), of("binom", n, num(2)), div(mul(n, add(n, num(1))), num(2)), power(num(2), n),
        add(power(num(2), n), neg(num(1))), mul(n, power(num(2), add(n, neg(num(1))))), of("binom", add(n, m), m), of("dfact", n), div(add(power(n, num(2)), neg(n)), num(2)),
        mul(of("floor", half), of("ceil", div(n, b))),
    )
    question = rng.choice(("Find the number for a positive integer n.", "How many are there, for positive integers n and m?", "Find the maximum in terms of the positive integer n."))
    return rng.choice(forms), question, Context("natural")


def bare_letters(rng: random.Random) -> Drawn:
    a, b, c = (sym(x) for x in rng.sample(("a", "b", "c", "k", "x", "y"), 3))
    forms = (add(a, b, c), add(a, b), add(a, neg(b)), mul(num(2), a), add(mul(a, b), c), mul(a, b), add(a, b, neg(num(1))), add(mul(num(2), a), mul(num(2), b)))
    question = rng.choice(("Find the perimeter of the triangle.", "Write the number of handshakes.", "How many edges has the graph?", "Find the sum."))
    return rng.choice(forms), question, Context("real")


def sums_and_products(rng: random.Random) -> Drawn:
    k, n = sym("k"), sym("n")
    a = _small(rng, 2, 6)
    body = rng.choice((power(k, num(2)), mul(k, add(k, a)), div(num(1), k), power(a, k), of("binom", n, k)))
    op = rng.choice(("sum", "sum", "prod")) if body.op != "binom" else "sum"
    low = num(rng.choice((1, 1, 2))) if body.op != "binom" else num(0)
    high = rng.choice((n, add(n, neg(num(1))), num(rng.randint(5, 20)))) if body.op != "binom" else n
    return of(op, low, high, body, name="k"), "Express the quantity for a positive integer n.", Context("natural")


def integrals(rng: random.Random) -> Drawn:
    x = sym("x")
    a, b = _small(rng, 1, 5), _small(rng, 1, 4)
    body = rng.choice((power(x, b), fn("sin", x), power(const("e"), x), mul(a, x), add(power(x, num(2)), a)))
    return of("integral", num(0), rng.choice((a, const("pi"))), body, name="x"), "Write the integral for the area.", Context()


def sets(rng: random.Random) -> Drawn:
    size = rng.randint(2, 4)
    pool = rng.choice((range(-9, 30), range(1, 1200, 7)))
    items = [num(v) for v in rng.sample(pool, size)]
    if rng.random() < 0.3:
        items[0] = rng.choice((_fraction(rng), _surd(rng), mul(num(3), const("i"))))
    op = rng.choice(("set", "list"))
    return of(op, *items), rng.choice(("Find all solutions.", "Find all x.", "Find the set of all n.")), Context()


def plus_minus(rng: random.Random) -> Drawn:
    middle, off = rng.choice((num(0), _small(rng))), rng.choice((_small(rng), sqrt(num(rng.choice(_PRIMES))), mul(num(2), const("i"))))
    return of("pm", middle, off), rng.choice(("Find all x.", "Solve the quadratic.")), Context()


def number_lists(rng: random.Random) -> Drawn:
    pool = rng.choice((range(1, 100), range(100, 1000), (10, 100, 1000, 5, 120, 720, 7, 777)))
    items = [num(v) for v in rng.sample(pool, rng.randint(2, 4))]
    return of("tuple", *items, name="terms"), "Find the first terms of the sequence, in order.", Context()


def points_and_pairs(rng: random.Random) -> Drawn:
    def part() -> Node:
        return rng.choice((num(rng.randint(-20, 400)), num(rng.randint(100, 999)), _fraction(rng), div(const("pi"), _small(rng)), num(rng.randint(-9, 9)), mul(num(2), const("i"))))

    size = rng.choice((2, 2, 2, 3))
    return of("tuple", *(part() for _ in range(size))), rng.choice(("Find the point.", "Find the ordered pair (x, y).", "Convert to polar coordinates.")), Context()


def named_values(rng: random.Random) -> Drawn:
    names = rng.choice((("x", "y"), ("m", "n"), ("a", "b", "c"), ("x",), ("p", "q")))
    values = rng.sample(range(-12, 40), len(names))
    inside = tuple(of("val", num(v), name=name) for name, v in zip(names, values, strict=True))
    return of("named", *inside), f"Solve the system for {' and '.join(names)}.", Context()


def ordered_values(rng: random.Random) -> Drawn:
    a, b = sorted(rng.sample(range(-10, 90), 2))
    question = rng.choice(("Find the values of m and n.", "Find the possible minimum and maximum.", "Find the area and the perimeter.", "Find the angles A and B, respectively."))
    pair = (a, b) if "minimum" in question or rng.random() < 0.5 else (b, a)
    return of("tuple", *(num(v) for v in pair), name="terms"), question, Context()


def intervals(rng: random.Random) -> Drawn:
    a, b = sorted(rng.sample(range(-12, 30), 2))
    low, high = num(a), num(b)
    kind = rng.choice(("()", "[]", "[)", "(]", "()"))
    infinity, below = Node("words", (), "\\infty"), Node("words", (), "-\\infty")
    forms = (
        of("interval", low, high, name=kind), of("interval", low, high, name="()"),
        of("interval", num(0), div(num(1), const("e")), name=kind),
        of("union", of("interval", below, low, name=f"({kind[1]}"), of("interval", high, infinity, name=f"{kind[0]})")),
        of("interval", low, infinity, name=f"{kind[0]})"), of("interval", below, high, name=f"({kind[1]}"),
        of("union", of("interval", below, low, name="()"), of("interval", low, infinity, name="()")),
        of("except", low, high), of("except", low),
    )
    question = rng.choice(("For what values of x does the inequality hold?", "Find the range of x.", "Find the domain.", "Solve the inequality."))
    return rng.choice(forms), question, Context()


def matrices(rng: random.Random) -> Drawn:
    cells = [[num(rng.randint(-9, 9)) for _ in range(2)] for _ in range(rng.choice((2, 2, 3)))]
    if rng.random() < 0.3:
        return of("vector", *(row[0] for row in cells), num(rng.randint(10, 20))), "Find the vector.", Context()
    return of("matrix", *(of("row", *row) for row in cells)), "Find the matrix.", Context()


def ratios(rng: random.Random) -> Drawn:
    return of("ratio", *(num(v) for v in rng.sample(range(1, 30), rng.choice((2, 2, 3))))), "Find the ratio.", Context()


def times(rng: random.Random) -> Drawn:
    clock = of("time", num(rng.randint(1, 12)), num(rng.choice((0, 5, 10, 15, 20, 30, 40, 45, 50))))
    return clock, rng.choice(("At what time does the train arrive?", "When do they meet?", "At what time did it leave?")), Context()


def quantities(rng: random.Random) -> Drawn:
    unit = rng.choice(("m", "km", "cm", "g", "kg", "s", "h", "m/s", "km/h", "m^2", "cm^2", "L"))
    value = rng.choice((num(rng.randint(2, 400)), dec(f"{rng.randint(1, 40)}.{rng.randint(1, 9)}")))
    from bench.attack_rules.units import UNITS

    if rng.random() < 0.5:
        return value, f"How much is it in {UNITS[unit].word}? Other parts are in other units.", Context(asked_unit=unit, measured=True)
    return of("unit", value, name=unit), "Find the quantity.", Context(measured=True)


def percentages(rng: random.Random) -> Drawn:
    value = rng.choice((num(rng.randint(2, 99)), dec(f"{rng.randint(1, 99)}.{rng.randint(1, 9)}")))
    return of("pct", value), "What percent is it?", Context(measured=True)


def angles(rng: random.Random) -> Drawn:
    if rng.random() < 0.4:
        return _small(rng, 1, 9), "Find the angle in radians.", Context(asked_unit="rad", measured=True)
    return of("deg", num(rng.randint(5, 179))), "Find the angle in degrees.", Context(measured=True)


def equations(rng: random.Random) -> Drawn:
    x, y = sym("x"), sym("y")
    a, b, c = (num(v) for v in rng.sample(range(2, 15), 3))
    forms = (
        of("equation", add(mul(a, x), mul(b, y), neg(c)), num(0)), of("equation", y, add(mul(a, x), b)),
        of("equation", add(power(x, num(2)), power(y, num(2))), c), of("less", x, a), of("lesseq", x, neg(b)), of("lesseq", add(x, mul(a, y)), b),
        of("equation", power(y, num(2)), mul(a, x)), of("less", a, x), of("equation", add(of("abs", x), of("abs", y)), a),
        of("equation", add(mul(a, x), neg(mul(b, y)), mul(c, sym("z"))), num(1)),
    )
    return rng.choice(forms), rng.choice(("Find an equation of the curve.", "Find the line.", "Describe the region.")), Context()


def antiderivatives(rng: random.Random) -> Drawn:
    x, a, b = sym("x"), _small(rng), _small(rng, 2, 6)
    body = rng.choice((div(power(x, b), b), mul(a, fn("sin", x)), mul(a, power(const("e"), x)), add(power(x, num(2)), mul(a, x)), mul(a, fn("ln", x)), fn("arctan", x)))
    return of("antiderivative", body, name="x"), "Find the indefinite integral.", Context("positive")


def choices(rng: random.Random) -> Drawn:
    return of("choice", name=rng.choice("ABCDE")), "Which is right? (A) one (B) two (C) three (D) four (E) five", Context()


def words(rng: random.Random) -> Drawn:
    rows = (
        ("Is the number prime?", ("Yes", "No")), ("Is it even or odd?", ("odd", "even")), ("Find all real x.", ("no real solutions", "all real numbers")),
        ("Who is a thief?", ("A is a thief", "B is a thief", "C is a thief")), ("Who wins?", ("Player A wins", "Player B wins", "the second player")),
        ("Which shape is it?", ("circle", "ellipse", "parabola", "hyperbola")), ("Which day is it?", ("Monday", "Tuesday", "Sunday")),
        ("Does the series converge?", ("converges", "diverges")), ("Is the function increasing?", ("increasing", "decreasing")),
    )
    question, pool = rng.choice(rows)
    return of("words", name=f"\\text{{{rng.choice(pool)}}}"), question, Context()


def money(rng: random.Random) -> Drawn:
    return of("money", name=f"\\${rng.randint(2, 900)}"), "Find the price.", Context(measured=True)


def dates(rng: random.Random) -> Drawn:
    month = rng.choice(("January", "March", "May", "August", "December"))
    return of("date", name=f"\\text{{{month} {rng.randint(1, 28)}}}"), "Which date is it?", Context()


def bases(rng: random.Random) -> Drawn:
    base = rng.choice((2, 3, 5, 8))
    digits = "".join(str(rng.randint(1, base - 1)) for _ in range(rng.randint(3, 6)))
    return of("base", num(base), name=digits), f"Write the sum in base {base}.", Context(base=base)


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


def notations(rng: random.Random) -> Drawn:
    question, template, first, second = rng.choice(NOTATIONS)
    return of("notation", sym(rng.choice(first)), sym(rng.choice(second)), name=template), question, Context()


FAMILIES: Final[dict[str, Family]] = {
    f.__name__.replace("_", " "): f
    for f in (
        integers, fractions, mixed, decimals, repeating, powers, surds, logs, trigonometric, with_e, with_pi, tiny_and_huge,
        complex_numbers, counting, polynomials, rational, roots_of_letters, functions_of_letters, absolute_values,
        integer_letters, bare_letters, sums_and_products, integrals, sets, plus_minus, number_lists, points_and_pairs,
        named_values, ordered_values, intervals, matrices, ratios, times, quantities, percentages, angles, equations,
        antiderivatives, choices, words, money, dates, bases, notations,
    )
}
