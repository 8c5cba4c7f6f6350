# pyright: basic
# mpmath has no types.
# ruff: noqa: ANN401 (as above)
"""Values of trees with mpmath, at two precisions so that rounding is told from value.

A sum that cancels leaves noise that shrinks with the precision; a value, however small, stays. So no absolute
tolerance is needed: pi/2^200 and 1/2004! are as far from 0 as they are.
"""

import functools
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from mpmath.ctx_mp import MPContext

from bench.attack_rules.tree import TreeNode

LOW: Final[Any] = MPContext()
HIGH: Final[Any] = MPContext()
LOW.dps, HIGH.dps = 120, 300
_QUAD_DIGITS: Final = 20
_MOST_TERMS: Final = 40


class NoValueError(ArithmeticError):
    """The tree has no value at this point, or none that is within reach."""


ExactPoint = Mapping[str, Fraction]


def differs(first: TreeNode, second: TreeNode, point: ExactPoint) -> bool | None:
    """Return whether two trees differ at a point; None where one has no value there or rounding hides it."""
    try:
        low = value(first, point, LOW) - value(second, point, LOW)
        high = value(first, point, HIGH) - value(second, point, HIGH)
    except (NoValueError, ZeroDivisionError, ValueError, OverflowError):
        return None
    if high == 0 and low == 0:
        return False
    integral = _has_integral(first) or _has_integral(second)
    size, change = abs(high), abs(high - low)
    if integral:
        scale = max(abs(value(first, point, HIGH)), abs(value(second, point, HIGH)))
        if HIGH.mpf(10) ** -16 * scale < size <= HIGH.mpf(10) ** -6 * scale:
            return None
        return bool(size > HIGH.mpf(10) ** -6 * scale)
    if change <= size * HIGH.mpf(10) ** -12:
        return True
    noise = HIGH.mpf(10) ** -280 * abs(value(first, point, HIGH))
    return False if size <= abs(low) * HIGH.mpf(10) ** -100 or size <= noise else None


def is_real(node: TreeNode, point: ExactPoint) -> bool | None:
    """Return whether the value is real (to 100 digits); None where there is none."""
    try:
        found = value(node, point, LOW)
    except (NoValueError, ZeroDivisionError, ValueError, OverflowError):
        return None
    return bool(abs(LOW.im(found)) <= abs(found) * LOW.mpf(10) ** -100)


def value(node: TreeNode, point: ExactPoint, mp: Any) -> Any:
    """Return the value at a point; raises NoValueError."""
    found = _cached(node, tuple(sorted(point.items())), mp)
    if found is None:
        raise NoValueError
    return found


@functools.lru_cache(maxsize=20_000)
def _cached(node: TreeNode, items: tuple[tuple[str, Fraction], ...], mp: Any) -> Any:
    try:
        found = _value(node, dict(items), mp)
    except (NoValueError, ZeroDivisionError, ValueError, OverflowError, NotImplementedError):
        return None
    return found if mp.isfinite(found) else None


def _value(node: TreeNode, point: dict[str, Fraction], mp: Any) -> Any:
    op = node.op
    if op in _LEAVES:
        return _LEAVES[op](node, point, mp)
    if op in {"sum", "prod", "integral"}:
        return _bound(node, point, mp)
    args = [_value(child, point, mp) for child in node.args]
    if op == "fn":
        return _function(node.name, args[0], mp)
    if op not in _RULES:
        raise NoValueError
    return _RULES[op](mp, *args)


def _letter(node: TreeNode, point: dict[str, Fraction], mp: Any) -> Any:
    if node.name not in point:
        raise NoValueError
    found = point[node.name]
    return mp.mpf(found.numerator) / found.denominator


def _constant(node: TreeNode, _point: dict[str, Fraction], mp: Any) -> Any:
    return {"pi": +mp.pi, "e": mp.e + 0, "i": mp.mpc(0, 1)}[node.name]


def _decimal(node: TreeNode, _point: dict[str, Fraction], mp: Any) -> Any:
    found = Fraction(node.name)
    return mp.mpf(found.numerator) / found.denominator


def repeating(text: str) -> Fraction:
    """Return the value of `12.3(45)`: whole, fixed digits, repeated digits in brackets."""
    head, tail = text.rstrip(")").split("(")
    fixed = len(head.partition(".")[2])
    return Fraction(head + ("0" if head.endswith(".") else "")) + Fraction(int(tail), (10 ** len(tail) - 1) * 10**fixed)


def _repeating(node: TreeNode, _point: dict[str, Fraction], mp: Any) -> Any:
    found = repeating(node.name)
    return mp.mpf(found.numerator) / found.denominator


_LEAVES: Final = {
    "thousands": lambda node, _point, mp: mp.mpf(int(node.name)),
    "num": lambda node, _point, mp: mp.mpf(int(node.name)),
    "dec": _decimal,
    "sci": _decimal,
    "rep": _repeating,
    "sym": _letter,
    "const": _constant,
}


def _power(mp: Any, base: Any, exponent: Any) -> Any:
    if abs(exponent) > 100_000 or (base == 0 and mp.re(exponent) <= 0):
        raise NoValueError
    if mp.im(exponent) == 0 and mp.isint(mp.re(exponent)):
        return base ** int(mp.re(exponent))
    return mp.power(base, exponent)


def _factorial(mp: Any, found: Any) -> Any:
    return mp.mpf(math.factorial(_whole(mp, found, 0, 3000)))


def _double_factorial(mp: Any, found: Any) -> Any:
    return mp.mpf(math.prod(range(_whole(mp, found, 0, 3000), 0, -2)))


def _whole(mp: Any, found: Any, least: int, most: int) -> int:
    if mp.im(found) != 0 or not mp.isint(mp.re(found)) or not least <= mp.re(found) <= most:
        raise NoValueError
    return int(mp.re(found))


def _whole_any(mp: Any, found: Any) -> int:
    return _whole(mp, found, -(10**12), 10**12)


def _real(mp: Any, found: Any) -> Any:
    if abs(mp.im(found)) > 0:
        raise NoValueError
    return mp.re(found)


def _rounded(mp: Any, found: Any, which: str) -> Any:
    real = _real(mp, found)
    near = mp.nint(real)
    if abs(real - near) < mp.mpf(10) ** -80:  # log_2 8 and the like: an integer but for rounding
        return near
    return mp.floor(real) if which == "floor" else mp.ceil(real)


def _mod(mp: Any, a: Any, b: Any) -> Any:
    if _real(mp, b) == 0:
        raise NoValueError
    return mp.mpf(_whole_any(mp, a) % _whole_any(mp, b))


def _binomial(mp: Any, n: Any, k: Any) -> Any:
    return mp.mpf(math.comb(_whole(mp, n, 0, 3000), _whole(mp, k, 0, 3000)))


def _mixed(_mp: Any, whole: Any, top: Any, bottom: Any) -> Any:
    return whole + top / bottom


def _log(mp: Any, base: Any, found: Any) -> Any:
    if base in {0, 1} or found == 0:
        raise NoValueError
    return mp.log(found) / mp.log(base)


def _root(mp: Any, degree: Any, found: Any) -> Any:
    whole = _whole(mp, degree, 2, 1000)
    if mp.im(found) == 0 and mp.re(found) < 0 and whole % 2:
        return -mp.power(-mp.re(found), mp.mpf(1) / whole)
    return mp.power(found, mp.mpf(1) / whole)


_RULES: Final[dict[str, Any]] = {
    "add": lambda mp, *args: mp.fsum(args),
    "mul": lambda mp, *args: functools.reduce(lambda a, b: a * b, args, mp.mpf(1)),
    "neg": lambda _mp, a: -a,
    "div": lambda _mp, a, b: a / b,
    "pow": _power,
    "sqrt": lambda mp, a: mp.sqrt(a),
    "root": _root,
    "abs": lambda _mp, a: abs(a),
    "floor": lambda mp, a: _rounded(mp, a, "floor"),
    "ceil": lambda mp, a: _rounded(mp, a, "ceil"),
    "fact": _factorial,
    "dfact": _double_factorial,
    "binom": _binomial,
    "gcd": lambda mp, a, b: mp.mpf(math.gcd(_whole_any(mp, a), _whole_any(mp, b))),
    "lcm": lambda mp, a, b: mp.mpf(math.lcm(_whole_any(mp, a), _whole_any(mp, b))),
    "mod": _mod,
    "max": lambda mp, *args: max(_real(mp, a) for a in args),
    "min": lambda mp, *args: min(_real(mp, a) for a in args),
    "mixed": _mixed,
    "log": _log,
    "group": lambda _mp, a: a,
    "pct": lambda _mp, a: a / 100,
    "deg": lambda mp, a: a * mp.pi / 180,
}


def _function(name: str, found: Any, mp: Any) -> Any:
    if name in {"arcsin", "arccos", "arctan"}:
        return {"arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan}[name](found)
    if name == "ln" and found == 0:
        raise NoValueError
    table = {"sin": mp.sin, "cos": mp.cos, "tan": mp.tan, "ln": mp.log, "exp": mp.exp, "lg": mp.log10}
    table |= {"cot": mp.cot, "sec": mp.sec, "sinh": mp.sinh, "cosh": mp.cosh}
    if mp.fabs(found) > 10**6 and name in {"exp", "sinh", "cosh"}:
        raise NoValueError
    return table[name](found)


def _bound(node: TreeNode, point: dict[str, Fraction], mp: Any) -> Any:
    low, high = (_value(child, point, mp) for child in node.args[:2])
    body = node.args[2]
    if node.op == "integral":
        small = MPContext()
        small.dps = _QUAD_DIGITS
        inside = lambda x: _value(body, {**point, node.name: Fraction(int(x * 2**60), 2**60)}, small)  # noqa: E731
        if mp.im(low) != 0 or mp.im(high) != 0:
            raise NoValueError
        found = small.quad(inside, [small.mpf(mp.re(low)), small.mpf(mp.re(high))])
        return mp.mpf(_real(small, found))
    start, stop = _whole_any(mp, low), _whole_any(mp, high)
    if stop - start > _MOST_TERMS or stop < start - 1:
        raise NoValueError
    found = [_value(body, {**point, node.name: Fraction(k)}, mp) for k in range(start, stop + 1)]
    return _RULES["add" if node.op == "sum" else "mul"](mp, *found)


def _has_integral(node: TreeNode) -> bool:
    return node.op == "integral" or any(_has_integral(child) for child in node.args)
