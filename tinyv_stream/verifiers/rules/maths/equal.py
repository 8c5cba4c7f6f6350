"""Equality of two trees as functions: by exact numbers where possible, else by values at fixed points.

- Points are of both signs and of very different sizes, around every number that is written, and whole numbers for
  letters of whole numbers (see `points`). All at which both have a value must agree, and there must be enough of them.
- Digits are added until every term counts: a difference is judged by the size of the terms, never by a fixed noise. If
  it is none, it shrinks with every digit that is added.
- False if they differ at a point; None if it cannot be told.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# mpmath carries no types.

import functools
import itertools
from fractions import Fraction
from typing import Any, Final

from tinyv_stream.verifiers.rules.maths.points import Domains, Point, points
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Unreadable, substitute, symbols
from tinyv_stream.verifiers.rules.maths.value import CONTEXT, DIGITS, Number, exact, work_out

_NEEDED: Final = 3
_SHARE: Final = 4
"""One in so many points must have a value on both sides."""
_SPARE: Final = 30
"""Digits that every term of a sum keeps."""
_MORE: Final = 40
"""Digits added to see whether a difference shrinks."""
_APART: Final[Any] = CONTEXT.mpf(10) ** -6
_TOGETHER: Final[Any] = CONTEXT.mpf(10) ** -20
_NOISE: Final[Any] = CONTEXT.mpf(10) ** -42
"""What 50 digits leave of an equality, far below any term that they keep."""
_TINY: Final[Any] = CONTEXT.mpf(10) ** -24
"""Values that may be what is left where terms cancel."""
_NOWHERE: Final[Domains] = {}


def equal(left: Node, right: Node, domains: Domains = _NOWHERE) -> bool | None:
    """Say whether both trees have the same value everywhere in `domains`; None if that cannot be told."""
    if left == right:
        return True
    ours, theirs = exact(left), exact(right)
    if ours is not None and theirs is not None:
        return ours == theirs
    if not (symbols(left) | symbols(right)):
        return _same_at(left, right, {})
    agreed = seen = 0
    for point in points(left, right, domains):
        same = _same_at(left, right, point)
        if same is False:
            return False
        agreed += same is True
        seen += 1
    return True if agreed >= max(_NEEDED, seen // _SHARE) else None


def proportional(left: Node, right: Node, domains: Domains = _NOWHERE, *, positive: bool) -> bool | None:
    """Say whether one tree is the other times a constant, which has to be positive where that is asked for."""
    names = symbols(left)
    if names != symbols(right) or not names:
        return None
    for point in itertools.islice(points(left, right, domains), 6):
        ours, theirs = (_at(tree, point) for tree in (left, right))
        try:
            factor = work_out(ours, {})[0] / work_out(theirs, {})[0]
        except (Unreadable, ZeroDivisionError):
            continue
        if not factor or factor.imag or (positive and factor < 0):
            return None
        return equal(Op("mul", (left, theirs)), Op("mul", (right, ours)), domains)
    return None


def _at(tree: Node, point: Point) -> Node:
    return functools.reduce(lambda node, item: substitute(node, item[0], Num(item[1])), point.items(), tree)


def close(left: Number, right: Number) -> bool:
    """Say whether two values agree to 20 digits."""
    if CONTEXT.isinf(left) or CONTEXT.isinf(right):
        return bool(left == right)
    return bool(abs(left - right) <= _TOGETHER * max(abs(left), abs(right)))


def _same_at(left: Node, right: Node, point: Point) -> bool | None:
    where = {name: _number(value) for name, value in point.items()}
    try:
        ours, wide = work_out(left, where)
        theirs, other = work_out(right, where)
        if CONTEXT.isinf(ours) or CONTEXT.isinf(theirs):
            return bool(ours == theirs)
        gap, size, spread = abs(ours - theirs), max(abs(ours), abs(theirs)), max(wide, other)
        if spread + _SPARE <= DIGITS and size > _TINY:
            if gap > _APART * size:
                return False
            if gap <= _NOISE * size:
                return True
        return _shrinks(left, right, where, spread)
    except Unreadable:
        return None


def _shrinks(left: Node, right: Node, where: dict[str, Number], spread: int) -> bool | None:
    """Say whether the difference shrinks as digits are added, as noise does; raise Unreadable past the limits."""
    digits = DIGITS + spread
    fine = digits + _MORE
    first, second = (work_out(left, where, d)[0] - work_out(right, where, d)[0] for d in (digits, fine))
    if not second:
        return True
    if not first:
        first, second = second, work_out(left, where, fine + _MORE)[0] - work_out(right, where, fine + _MORE)[0]
    return bool(CONTEXT.mag(first) - CONTEXT.mag(second) > 3 * (_MORE - 10))


@functools.lru_cache(maxsize=4096)
def _number(value: Fraction) -> Number:
    # the same dyadic number at every precision
    return CONTEXT.mpf(value.numerator) / value.denominator
