"""Value of a tree at a point, to as many digits as its terms need. Bounded: never a number that takes long.

- `work_out` also says how far apart the terms are that were added: what is smaller by more digits than are carried is
  lost, so a caller who needs certainty asks again with `digits` more than that (see `equal`).
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

from tinyv_stream.verifiers.rules.maths.exact import MAX_FACTORIAL, exact, series
from tinyv_stream.verifiers.rules.maths.tree import BINDERS, Node, Num, Op, Sym, Unreadable

__all__ = ["CONTEXT", "DIGITS", "Number", "approximate", "exact", "work_out"]

DIGITS: Final = 50
"""Digits of a first look."""
MOST_DIGITS: Final = 4_500
"""Terms further apart than this cannot be told from one another here."""
_GAMMA_DIGITS: Final = 400
"""Digits of a factorial that is none of a whole number: measured, 0.2 s with these, 17 s with the most."""
_MAX_EXPONENT: Final = 1e6
_MAX_BITS: Final = 14_000
"""Binary size of a value, either way: 1e4200 and its inverse."""
_BITS_PER_DIGIT: Final = math.log2(10)

CONTEXT: Final[Any] = mpmath.MPContext()
CONTEXT.dps = DIGITS

Number = Any
"""An mpmath mpf or mpc of `CONTEXT`."""


def approximate(node: Node, point: Mapping[str, Number]) -> Number:
    """Return the value at `point` (symbol -> number); raise Unreadable where it has none or is too large."""
    return work_out(node, point)[0]


def work_out(node: Node, point: Mapping[str, Number], digits: int = DIGITS) -> tuple[Number, int]:
    """Return the value at `point` and the digits between the largest and the smallest term that was added.

    Raises Unreadable where there is no value, or one too large or too small to be told from others.
    """
    if digits > MOST_DIGITS:
        raise Unreadable("terms too far apart")
    spread = _Spread()
    before, CONTEXT.dps = CONTEXT.dps, digits
    try:
        value = _value(node, point, spread)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError, ArithmeticError, KeyError) as exc:
        raise Unreadable("no value here") from exc
    finally:
        CONTEXT.dps = before
    if CONTEXT.isnan(value):
        raise Unreadable("no value here")
    return value, int(spread.bits / _BITS_PER_DIGIT) + 1


class _Spread:
    """How many binary digits lie between terms; `see` is told the arguments of every operator."""

    def __init__(self) -> None:
        self.bits = 0

    def see(self, name: str, values: list[Number]) -> None:
        sizes = [size for v in values if type(size := CONTEXT.mag(v)) is int]  # zero and infinity have none
        if not sizes:
            return
        low, high = min(sizes), max(sizes)
        if low < -_MAX_BITS or high > _MAX_BITS:
            raise Unreadable("too large or too small")
        if name == "add":
            self.bits = max(self.bits, high - low)
        else:  # cos x and 1 - x^2/2 differ by x^4/24
            self.bits = max(self.bits, high - low, high, -4 * low)


_HARMLESS: Final = frozenset({"mul", "div", "neg", "sqrt", "abs", "root"})
"""Operators that lose no digits of their arguments, however large or small these are."""


def _value(node: Node, point: Mapping[str, Number], spread: _Spread) -> Number:
    if isinstance(node, Num):
        return CONTEXT.mpf(node.value.numerator) / node.value.denominator
    if isinstance(node, Sym):
        return _constants(CONTEXT.prec).get(node.name) or point[node.name]
    if node.name in BINDERS:
        return _series(node, point, spread)
    values = [_value(a, point, spread) for a in node.args]
    if node.name not in _HARMLESS:
        spread.see(node.name, values)
    if node.name.startswith("call "):
        return _call(node.name, values)
    return _APPROXIMATE[node.name](*values)


def _series(node: Op, point: Mapping[str, Number], spread: _Spread) -> Number:
    """Return a sum or a product whose bounds are whole numbers at this point."""
    body, name, *ends = node.args
    bounds = [_value(end, point, spread) for end in ends]
    if not all(CONTEXT.isint(end) for end in bounds):
        raise Unreadable("a sum without an end")
    from_to = tuple(Num(Fraction(int(end))) for end in bounds)
    terms = [_value(term, point, spread) for term in series(Op(node.name, (body, name, *from_to)))]
    if node.name == "sum":
        spread.see("add", terms)
        return sum(terms, CONTEXT.zero)
    return functools.reduce(lambda a, b: a * b, terms, CONTEXT.one)


def _call(name: str, values: list[Number]) -> Number:
    """Return a value for an unknown function: any smooth one will do, if each name has its own."""
    seed = zlib.crc32(name.encode())
    total = CONTEXT.mpf(seed % 9_973) / 7_919
    for place, value in enumerate(values, 2):
        total += CONTEXT.sin(value * place + seed % 89) + value * value / (place + seed % 97)
    return total


@functools.lru_cache(maxsize=64)
def _constants(precision: int) -> dict[str, Number]:
    del precision  # the key
    return {"\\pi": +CONTEXT.pi, "e": +CONTEXT.e, "i": CONTEXT.mpc(0, 1), "\\infty": CONTEXT.inf}


def _power(base: Number, exponent: Number) -> Number:
    if base and abs(exponent) * max(1, abs(int(CONTEXT.mag(base)))) > _MAX_EXPONENT:
        raise Unreadable("too large")
    real = not isinstance(base, CONTEXT.mpc) and base < 0 and isinstance(exponent, CONTEXT.mpf)
    if real and not CONTEXT.isint(exponent):
        thirds = exponent * 3
        if abs(thirds - CONTEXT.nint(thirds)) < CONTEXT.mpf(10) ** (10 - CONTEXT.dps):
            sign = -1 if int(CONTEXT.nint(thirds)) % 2 else 1
            return sign * CONTEXT.power(-base, exponent)
    return CONTEXT.power(base, exponent)


def _root(value: Number, index: Number) -> Number:
    if not isinstance(value, CONTEXT.mpc) and value < 0 and CONTEXT.isint(index) and int(index) % 2:
        return -CONTEXT.power(-value, 1 / index)
    return _power(value, 1 / index)


def _factorial(value: Number) -> Number:
    if abs(value) > 4 * MAX_FACTORIAL:
        raise Unreadable("too large")
    if CONTEXT.isint(value) and value >= 0:
        return CONTEXT.mpf(math.factorial(int(value)))
    if CONTEXT.dps > _GAMMA_DIGITS:
        raise Unreadable("too many digits between whole numbers")
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


def _rounded(work: Callable[[Number], Number]) -> Callable[[Number], Number]:
    r"""Return floor or ceiling of what is a whole number but for noise: `\log_2 8` is 3."""

    def apply(value: Number) -> Number:
        near = CONTEXT.nint(value)
        noise = CONTEXT.mpf(10) ** (8 - CONTEXT.dps) * max(1, abs(near))
        return near if abs(value - near) < noise else work(value)

    return _real(apply)


def _whole(work: Callable[..., int]) -> Callable[..., Number]:
    def apply(*values: Number) -> Number:
        if not all(isinstance(v, CONTEXT.mpf) and CONTEXT.isint(v) for v in values):
            raise Unreadable("no whole numbers")
        return CONTEXT.mpf(work(*(int(v) for v in values)))

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
    "floor": _rounded(CONTEXT.floor),
    "ceil": _rounded(CONTEXT.ceil),
    "max": _real(max),
    "min": _real(min),
    "gcd": _whole(math.gcd),
    "lcm": _whole(math.lcm),
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
