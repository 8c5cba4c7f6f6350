"""Exact value of a tree: a fraction where there is one, nothing where not. Bounded: never a number that takes long."""
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownLambdaType=false
# The lambdas of the table take as many fractions as their operator.

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.maths.tree import BINDERS, Node, Num, Op, Sym, Unreadable, substitute

_MAX_BITS: Final = 20_000
"""Bits of an exact number: 6,000 digits."""
MAX_FACTORIAL: Final = 500
MAX_TERMS: Final = 300
"""Terms of a sum or product that are added up one by one."""


def exact(node: Node) -> Fraction | None:  # noqa: PLR0911 (one way out per kind of node)
    """Return the rational value of a tree without symbols, roots or functions; None if it has any."""
    if isinstance(node, Num):
        return node.value
    if isinstance(node, Sym):
        return None
    if node.name in BINDERS:
        return _exact_series(node)
    work = _EXACT.get(node.name)
    if work is None:
        return None
    values: list[Fraction] = []
    for arg in node.args:
        value = exact(arg)
        if value is None:
            return None
        values.append(value)
    try:
        return _bounded(work(*values))
    except (ZeroDivisionError, ValueError):
        return None


def series(node: Op) -> list[Node]:
    """Return the terms of a sum or product with whole-numbered bounds; raise Unreadable for any other."""
    body, name, low, high = node.args
    first, last = exact(low), exact(high)
    if first is None or last is None or first.denominator != 1 or last.denominator != 1 or not isinstance(name, Sym):
        raise Unreadable("a sum without an end")
    if last < first - 1 or last - first >= MAX_TERMS:
        raise Unreadable("bounds the wrong way round, or too many terms")
    return [substitute(body, name.name, Num(Fraction(k))) for k in range(int(first), int(last) + 1)]


def _exact_series(node: Op) -> Fraction | None:
    try:
        terms = [exact(term) for term in series(node)]
    except Unreadable:
        return None
    found = [term for term in terms if term is not None]
    if len(found) != len(terms):
        return None
    return _bounded(sum(found, Fraction(0)) if node.name == "sum" else math.prod(found, start=Fraction(1)))


def _bounded(value: Fraction | None) -> Fraction | None:
    if value is not None and value.numerator.bit_length() + value.denominator.bit_length() > _MAX_BITS:
        raise Unreadable("too large")
    return value


def _exact_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    if exponent.denominator != 1:
        return _exact_root(base**exponent.numerator, exponent.denominator) if base > 0 and abs(exponent) < 50 else None
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent.numerator) > _MAX_BITS and base not in {0, 1, -1}:
        raise Unreadable("too large")
    return base**exponent.numerator


def _exact_root(value: Fraction, index: int) -> Fraction | None:
    if value < 0 or not 2 <= index <= 60:
        return None
    roots: list[int] = []
    for part in (value.numerator, value.denominator):
        root = round(part ** (1 / index)) if part.bit_length() < 900 else -1
        if root < 0 or root**index != part:
            return None
        roots.append(root)
    return Fraction(roots[0], roots[1])


def _exact_factorial(value: Fraction) -> Fraction | None:
    if value.denominator != 1 or value < 0:
        return None
    if value > MAX_FACTORIAL:
        raise Unreadable("too large")
    return Fraction(math.factorial(int(value)))


def _exact_binomial(top: Fraction, bottom: Fraction) -> Fraction | None:
    if top.denominator != 1 or bottom.denominator != 1 or not 0 <= bottom <= top:
        return None
    if top > 4 * MAX_FACTORIAL:
        raise Unreadable("too large")
    return Fraction(math.comb(int(top), int(bottom)))


def _whole(work: Callable[..., int]) -> Callable[..., Fraction | None]:
    def apply(*values: Fraction) -> Fraction | None:
        return Fraction(work(*(int(v) for v in values))) if all(v.denominator == 1 for v in values) else None

    return apply


_EXACT: Final[dict[str, Callable[..., Fraction | None]]] = {
    "add": lambda *v: sum(v, Fraction(0)),
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": _exact_power,
    "sqrt": lambda a: _exact_root(a, 2),
    "root": lambda a, n: _exact_root(a, int(n)) if n.denominator == 1 else None,
    "fact": _exact_factorial,
    "binom": _exact_binomial,
    "abs": lambda a: max(a, -a),
    "floor": lambda a: Fraction(math.floor(a)),
    "ceil": lambda a: Fraction(math.ceil(a)),
    "max": lambda *v: max(v),
    "min": lambda *v: min(v),
    "gcd": _whole(math.gcd),
    "lcm": _whole(math.lcm),
}
