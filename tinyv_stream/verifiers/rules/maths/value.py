"""Value of a tree: exact where it can be, to 50 digits where not. Bounded: never a number that takes long.

- `exact` gives a Fraction or None; `approximate` gives an mpmath number at a point, possibly complex.
- A power or factorial past the limits raises `Unreadable`: a tower is nobody's final answer.
- Nothing here decides equality; see `equal`.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
# pyright: reportUnknownLambdaType=false
# mpmath carries no types.

import functools
import math
import zlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

import mpmath

from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Sym, Unreadable

DIGITS: Final = 50
"""Far more than any comparison asks for: what is left after terms of 1e12 cancel must still count as nothing."""
_MAX_BITS: Final = 20_000
"""Bits of an exact number: 6,000 digits."""
_MAX_VALUE: Final = 1e12
_MAX_EXPONENT: Final = 1e6
_MAX_FACTORIAL: Final = 500

CONTEXT: Final[Any] = mpmath.MPContext()
CONTEXT.dps = DIGITS

Number = Any
"""An mpmath mpf or mpc of `CONTEXT`."""


def exact(node: Node) -> Fraction | None:
    """Return the rational value of a tree without symbols, roots or functions; None if it has any."""
    if isinstance(node, Num):
        return node.value
    if isinstance(node, Sym):
        return None
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


def approximate(node: Node, point: Mapping[str, Number]) -> Number:
    """Return the value at `point` (symbol -> number); raise Unreadable where it has none or is too large."""
    try:
        value = _value(node, point)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError, ArithmeticError) as exc:
        raise Unreadable("no value here") from exc
    if CONTEXT.isnan(value) or (abs(value) > _MAX_VALUE and not CONTEXT.isinf(value)):
        raise Unreadable("no value here, or one that would hide its smaller terms")
    return value


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
    if value > _MAX_FACTORIAL:
        raise Unreadable("too large")
    return Fraction(math.factorial(int(value)))


def _exact_binomial(top: Fraction, bottom: Fraction) -> Fraction | None:
    if top.denominator != 1 or bottom.denominator != 1 or not 0 <= bottom <= top:
        return None
    if top > 4 * _MAX_FACTORIAL:
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


def _value(node: Node, point: Mapping[str, Number]) -> Number:
    if isinstance(node, Num):
        return CONTEXT.mpf(node.value.numerator) / node.value.denominator
    if isinstance(node, Sym):
        return _constants().get(node.name) or point[node.name]
    values = [_value(a, point) for a in node.args]
    if node.name.startswith("call "):
        return _call(node.name, values)
    return _APPROXIMATE[node.name](*values)


def _call(name: str, values: list[Number]) -> Number:
    """Return a value for an unknown function: any smooth one will do, if each name has its own."""
    seed = zlib.crc32(name.encode())
    total = CONTEXT.mpf(seed % 9_973) / 7_919
    for place, value in enumerate(values, 2):
        total += CONTEXT.sin(value * place + seed % 89) + value * value / (place + seed % 97)
    return total


@functools.cache
def _constants() -> dict[str, Number]:
    return {"\\pi": +CONTEXT.pi, "e": +CONTEXT.e, "i": CONTEXT.mpc(0, 1), "\\infty": CONTEXT.inf}


def _power(base: Number, exponent: Number) -> Number:
    size = abs(exponent) * max(1, abs(CONTEXT.log(abs(base)))) if base != 0 else 0
    if size > _MAX_EXPONENT:
        raise Unreadable("too large")
    real = not isinstance(base, CONTEXT.mpc) and base < 0 and isinstance(exponent, CONTEXT.mpf)
    if real and exponent != int(exponent):
        thirds = exponent * 3
        if abs(thirds - CONTEXT.nint(thirds)) < CONTEXT.mpf(10) ** -30:
            sign = -1 if int(CONTEXT.nint(thirds)) % 2 else 1
            return sign * CONTEXT.power(-base, exponent)
    return CONTEXT.power(base, exponent)


def _root(value: Number, index: Number) -> Number:
    if not isinstance(value, CONTEXT.mpc) and value < 0 and index == int(index) and int(index) % 2:
        return -CONTEXT.power(-value, 1 / index)
    return _power(value, 1 / index)


def _factorial(value: Number) -> Number:
    if abs(value) > _MAX_FACTORIAL:
        raise Unreadable("too large")
    return CONTEXT.factorial(value)


def _small(work: Callable[[Number], Number]) -> Callable[[Number], Number]:
    def apply(value: Number) -> Number:
        if abs(value) > _MAX_EXPONENT:
            raise Unreadable("too large")
        return work(value)

    return apply


def _real(work: Callable[..., Number]) -> Callable[..., Number]:
    def apply(*values: Number) -> Number:
        if any(isinstance(v, CONTEXT.mpc) for v in values):
            raise Unreadable("a complex number has no order")
        return work(*values)

    return apply


def _sum(*values: Number) -> Number:
    return sum(values[1:], values[0])


_SOME_BASE: Final[Any] = CONTEXT.mpf("1.3187046158250933729101736645")
r"""`\log` alone has no known base: ratios of logarithms hold in any, `\log 100 = 2` does not."""

_APPROXIMATE: Final[dict[str, Callable[..., Number]]] = {
    "add": _sum,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": _power,
    "sqrt": CONTEXT.sqrt,
    "root": _root,
    "fact": _factorial,
    "binom": lambda a, b: _factorial(a) / (_factorial(b) * _factorial(a - b)),
    "abs": abs,
    "floor": _real(CONTEXT.floor),
    "ceil": _real(CONTEXT.ceil),
    "max": _real(max),
    "min": _real(min),
    "exp": _small(CONTEXT.exp),
    "ln": CONTEXT.ln,
    "log": lambda a: CONTEXT.ln(a) * _SOME_BASE,
    "lg": lambda a: CONTEXT.ln(a) / CONTEXT.ln(10),
    "logb": lambda a, b: CONTEXT.ln(a) / CONTEXT.ln(b),
    "sin": _small(CONTEXT.sin),
    "cos": _small(CONTEXT.cos),
    "tan": _small(CONTEXT.tan),
    "cot": _small(CONTEXT.cot),
    "sec": _small(CONTEXT.sec),
    "csc": _small(CONTEXT.csc),
    "sinh": _small(CONTEXT.sinh),
    "cosh": _small(CONTEXT.cosh),
    "tanh": _small(CONTEXT.tanh),
    "coth": _small(CONTEXT.coth),
    "arcsin": CONTEXT.asin,
    "arccos": CONTEXT.acos,
    "arctan": CONTEXT.atan,
    "arccot": CONTEXT.acot,
}
