"""Subsets of the line: making them, joining them, intersecting them, taking points out of them.

- Ends are trees; they are ordered only where they are plain numbers, and `Unreadable` is raised where they are not.
"""

import itertools
import math
from typing import Final

from tinyv_stream.verifiers.rules.answers.forms import Form, Interval, Ranges, Scalar, Sequence
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.tree import Node, Op, Sym, Unreadable, symbols
from tinyv_stream.verifiers.rules.maths.value import approximate, exact

_INFINITY: Final = Sym("\\infty")
_MANY: Final = 40
"""Whole numbers in a set that are counted one by one."""
_MINUS_INFINITY: Final = Op("neg", (_INFINITY,))


def interval(low: Node, high: Node, low_closed: bool, high_closed: bool) -> Ranges:  # noqa: FBT001 (both ends, in order)
    """Return the range between two trees; raise Unreadable for ends the wrong way round, and for a closed infinity."""
    infinite = (low == _MINUS_INFINITY, high == _INFINITY)
    if _infinite(low) != infinite[0] or _infinite(high) != infinite[1]:
        raise Unreadable("infinity on the wrong side")
    if (infinite[0] and low_closed) or (infinite[1] and high_closed):
        raise Unreadable("closed at infinity")
    ends = exact(low), exact(high)
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        raise Unreadable("ends the wrong way round")
    return Ranges(
        (
            Interval(
                None if infinite[0] else low,
                None if infinite[1] else high,
                low_closed=low_closed,
                high_closed=high_closed,
            ),
        )
    )


def union(ranges: list[Ranges]) -> Ranges:
    """Return all the parts; raise Unreadable if they speak of different variables."""
    names = {r.variable for r in ranges if r.variable}
    if len(names) > 1:
        raise Unreadable("several variables")
    return Ranges(tuple(part for r in ranges for part in r.parts), names.pop() if names else "")


def all_of(ranges: list[Ranges], *, said_and: bool) -> Ranges:
    """Return what `x > a, x < b` leaves; apart, and without an "and" between them, they are alternatives."""
    found = ranges[0]
    try:
        for other in ranges[1:]:
            found = _both(found, other)
    except Unreadable:
        if said_and or any(symbols(end) for r in ranges for part in r.parts for end in _ends(part)):
            raise
        return union(ranges)
    return found


def all_but(points: list[Node]) -> Ranges:
    """Return the reals without some points; raise Unreadable for several points that are not plain numbers."""
    if len(points) > 1:
        points = sorted(points, key=lambda p: float(approximate(p, {}).real) if not symbols(p) else _no_order())
    ends: list[Node | None] = [None, *points, None]
    pairs = itertools.pairwise(ends)
    return Ranges(tuple(Interval(a, b, low_closed=False, high_closed=False) for a, b in pairs))


def without(ranges: Ranges, points: list[Node]) -> Ranges:
    """Return the ranges without some points, each of which must lie inside an open or unbounded part."""
    if ranges.parts == (Interval(None, None, low_closed=False, high_closed=False),):
        return named(all_but(points), ranges.variable)
    if len(points) != 1 or symbols(points[0]):
        raise Unreadable("a difference of sets")
    at = float(approximate(points[0], {}).real)
    parts: list[Interval] = []
    for part in ranges.parts:
        low = -1e300 if part.low is None else float(approximate(part.low, {}).real)
        high = 1e300 if part.high is None else float(approximate(part.high, {}).real)
        if low < at < high:
            parts.append(Interval(part.low, points[0], low_closed=part.low_closed, high_closed=False))
            parts.append(Interval(points[0], part.high, low_closed=False, high_closed=part.high_closed))
        else:
            parts.append(part)
    if len(parts) == len(ranges.parts):
        raise Unreadable("a difference of sets")
    return Ranges(tuple(parts), ranges.variable)


def whole_numbers(ranges: Ranges, domain: str) -> list[int]:
    """Return the integers (`Z`), positive (`N`) or not negative ones (`N0`) in bounds; raise Unreadable for many."""
    found: list[int] = []
    for part in ranges.parts:
        low, high = exact(part.low) if part.low else None, exact(part.high) if part.high else None
        if low is None or high is None or domain not in {"Z", "N", "N0"} or high - low > _MANY:
            raise Unreadable("a set of whole numbers without an end")
        inside = range(math.ceil(low), math.floor(high) + 1)
        found += [n for n in inside if (n != low or part.low_closed) and (n != high or part.high_closed)]
    return [n for n in found if domain == "Z" or n > (-1 if domain == "N0" else 0)]


def as_ranges(form: Form) -> Ranges:
    """Return an interval or a set of points as ranges; raise Unreadable for other forms."""
    if isinstance(form, Ranges):
        return form
    if isinstance(form, Sequence):
        nodes = [item.node for item in form.items if isinstance(item, Scalar) and not item.unit]
        if len(nodes) == len(form.items):
            if form.brackets == "{}":
                return Ranges(tuple(Interval(n, n, low_closed=True, high_closed=True) for n in nodes))
            if len(nodes) == 2 and form.brackets:
                closed = form.brackets == "[]"
                return interval(nodes[0], nodes[1], closed, closed)
    raise Unreadable("no range")


def named(ranges: Ranges, variable: str) -> Ranges:
    """Return the ranges with their variable named."""
    return Ranges(ranges.parts, variable)


def _both(one: Ranges, other: Ranges) -> Ranges:
    """Return an intersection; raise Unreadable for an empty one, and for ends that have no order."""
    parts = [found for a in one.parts for b in other.parts if (found := _overlap(a, b)) is not None]
    if not parts:
        raise Unreadable("an empty intersection")
    return Ranges(tuple(parts), one.variable)


def _overlap(one: Interval, other: Interval) -> Interval | None:
    low, low_closed = _inner((one.low, one.low_closed), (other.low, other.low_closed), 1)
    high, high_closed = _inner((one.high, one.high_closed), (other.high, other.high_closed), -1)
    if low is not None and high is not None and not (symbols(low) | symbols(high)):
        gap = approximate(high, {}) - approximate(low, {})
        if gap < 0 or (gap == 0 and not (low_closed and high_closed)):
            return None
    return Interval(low, high, low_closed=low_closed, high_closed=high_closed)


def _inner(one: tuple[Node | None, bool], other: tuple[Node | None, bool], sign: int) -> tuple[Node | None, bool]:
    """Return the inner of two ends: the larger of lower ones (`sign` 1), the smaller of upper ones (-1)."""
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if equal(one[0], other[0]):
        return one[0], one[1] and other[1]
    if symbols(one[0]) | symbols(other[0]):
        _no_order()
    return one if sign * (approximate(one[0], {}) - approximate(other[0], {})) > 0 else other


def _ends(part: Interval) -> list[Node]:
    return [end for end in (part.low, part.high) if end is not None]


def _infinite(node: Node) -> bool:
    return node == Sym("\\infty") or (isinstance(node, Op) and node.args == (Sym("\\infty"),))


def _no_order() -> float:
    raise Unreadable("points without an order")
