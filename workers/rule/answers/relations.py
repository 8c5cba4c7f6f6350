"""Equations, inequalities, membership and set-builders -> labels, equations and ranges."""

import itertools
import re
from typing import Final

from workers.rule.answers.forms import Chain, Equation, Form, Inequality, Interval, Labelled, Ranges, Scalar, Sequence
from workers.rule.maths.clean import clean
from workers.rule.maths.equal import equal
from workers.rule.maths.read import read
from workers.rule.maths.tree import Node, Op, Sym, Unreadable, symbols
from workers.rule.maths.value import approximate

_EQUALS: Final = frozenset({"=", "\\approx", "\\equiv"})
_LESS: Final = frozenset({"<", "\\lt", "\\le", "<="})
_MORE: Final = frozenset({">", "\\gt", "\\ge", ">="})
_UNEQUAL: Final = frozenset({"\\ne", "!="})
_STRICT: Final = frozenset({"<", "\\lt", ">", "\\gt"})
SIGNS: Final = _EQUALS | _LESS | _MORE | _UNEQUAL | {"\\in"}

_INFINITY: Final = Sym("\\infty")
_MINUS_INFINITY: Final = Op("neg", (_INFINITY,))
_LABEL: Final = re.compile(
    r"(?:\\angle\s*|\\triangle\s*|\\overline\s*|\\vec\s*|\\hat\s*|m\s*\\angle\s*)?\{?"
    r"(?:[A-Za-z]'{0,3}|[A-Z]{2,4}|\\[A-Za-z]+|\|\s*[A-Z]{2}\s*\||\\text\s*\{[^{}]*\}|[A-Za-z]{4,}(?: [a-z]+){0,4})\}?"
    r"(?:\s*_\s*(?:\{[^{}]*\}|[A-Za-z0-9]))?'{0,3}(?:\s*\^\s*\{?\s*-1\s*\}?)?(?:\s*\(\s*([A-Za-z](?:\s*,\s*[A-Za-z])*|[^()]{1,12})\s*\))?"
)


def read_relation(parts: list[str], used: list[str], depth: int) -> Form:
    """Return the form of `a = b`, `a < x <= b`, `x in S`, `x != a`; raise Unreadable for mixtures."""
    if all(sign in _EQUALS for sign in used):
        return _equation(parts, used, depth)
    if used == ["\\in"]:
        return _member(parts[0], _read(parts[1], depth))
    if used[0] in _UNEQUAL and len(parts) == 2:
        left, right = read(parts[0]), read(parts[1])
        if isinstance(left, Sym) and left.name not in symbols(right):
            return named(all_but([right]), left.name)
        raise Unreadable("an inequality of expressions")
    if all(sign in _LESS for sign in used):
        return _chain(parts, used)
    if all(sign in _MORE for sign in used):
        return _chain(parts[::-1], used[::-1])
    raise Unreadable("mixed relations")


def label(text: str) -> tuple[str, str] | None:
    """Return (label, variable) if `text` is a name such as `x`, `a_n`, `AB`, `f(x)`, `Area`; None for an expression."""
    found = _LABEL.fullmatch(text.strip())
    if found is None or re.fullmatch(r"\\(?:pi|infty|frac|sqrt|text)\b.*", text.strip()):
        return None
    variable = (found[1] or "").strip()
    name = re.sub(r"\s+|[{}]|\\text|\\overline|\\vec|\\angle|\\triangle|\||^m(?=\\)", "", text).lower()
    if re.fullmatch(r"[A-Za-z]", variable):
        return re.sub(r"\([a-z]\)$", "", name), variable
    return name, ""


def interval(low: Node, high: Node, low_closed: bool, high_closed: bool) -> Ranges:  # noqa: FBT001 (both ends, in order)
    """Return the range between two trees; raise Unreadable for an infinite end that is closed or on the wrong side."""
    infinite = (low == _MINUS_INFINITY, high == _INFINITY)
    if _infinite(low) != infinite[0] or _infinite(high) != infinite[1]:
        raise Unreadable("infinity on the wrong side")
    if (infinite[0] and low_closed) or (infinite[1] and high_closed):
        raise Unreadable("closed at infinity")
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


def both(one: Ranges, other: Ranges) -> Ranges:
    """Return `x > a and x < b` as one interval; raise Unreadable for anything harder."""
    if one.variable != other.variable or len(one.parts) != 1 or len(other.parts) != 1:
        raise Unreadable("an intersection")
    lower, upper = one.parts[0], other.parts[0]
    if lower.low is None:
        lower, upper = upper, lower
    if lower.low is None or lower.high is not None or upper.high is None or upper.low is not None:
        raise Unreadable("an intersection")
    part = Interval(lower.low, upper.high, low_closed=lower.low_closed, high_closed=upper.high_closed)
    return Ranges((part,), one.variable)


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


def builder(variable: str, condition: Form) -> Form:
    """Return what `{variable | condition}` means."""
    name = variable.split("\\in", maxsplit=1)[0].strip()
    if isinstance(condition, Ranges):
        if condition.variable not in {"", name}:
            raise Unreadable("a set-builder of several variables")
        return named(condition, name)
    if isinstance(condition, Labelled):
        value = condition.value
        return Sequence("{}", value.items if isinstance(value, Sequence) else (value,))
    raise Unreadable("a set-builder")


def named(ranges: Ranges, variable: str) -> Ranges:
    """Return the ranges with their variable named."""
    return Ranges(ranges.parts, variable)


def _read(text: str, depth: int) -> Form:
    from workers.rule.answers.reading import read_form  # the two call one another

    return read_form(text, depth + 1)


def _member(name: str, form: Form) -> Form:
    if isinstance(form, Sequence) and form.brackets == "{}":
        return Labelled(name.strip().lower(), form)
    return named(as_ranges(form), name.strip())


def _equation(parts: list[str], used: list[str], depth: int) -> Form:
    if "\\approx" in used[(label(parts[0]) is not None) :]:  # `exact ~ rounded`: the exact value is the answer
        parts = parts[: used.index("\\approx", label(parts[0]) is not None) + 1]
        if len(parts) == 1:
            return _read(parts[0], depth)
    if (names := _tuple_of_names(parts[0])) is not None and len(parts) == 2:
        return Labelled(names, _read(parts[1], depth))
    found = label(parts[0])
    if found is not None and parts[-1]:
        return Labelled(found[0], _read(parts[-1], depth), found[1])
    if len(parts) == 2 and (found := label(parts[1])) is not None and not symbols(read(parts[0])):
        return Labelled(found[0], _read(parts[0], depth), found[1])
    trees = [read(clean(part)) for part in parts]
    if all(equal(a, b) for a, b in itertools.pairwise(trees)):
        return _read(parts[-1], depth)
    if len(trees) != 2:
        raise Unreadable("a chain of equations")
    return Equation(Op("add", (trees[0], Op("neg", (trees[1],)))))


def _tuple_of_names(text: str) -> str | None:
    if not (text.startswith("(") and text.endswith(")")):
        return None
    names = [label(part) for part in text[1:-1].split(",")]
    return re.sub(r"\s", "", text) if len(names) > 1 and all(names) else None


def _chain(parts: list[str], used: list[str]) -> Form:
    """Read an ascending chain of two or three parts."""
    trees = [read(part) for part in parts]
    strict = [sign in _STRICT for sign in used]
    if len(trees) == 3 and isinstance(trees[1], Sym):
        name = trees[1].name
        if name not in symbols(trees[0]) | symbols(trees[2]):
            return named(interval(trees[0], trees[2], not strict[0], not strict[1]), name)
    if len(trees) != 2:
        return Chain(tuple("<" if s else "<=" for s in strict), tuple(trees))
    low, high = trees
    if isinstance(high, Sym) and high.name not in symbols(low):
        part = Interval(low, None, low_closed=not strict[0], high_closed=False)
        return Ranges((part,), high.name)
    if isinstance(low, Sym) and low.name not in symbols(high):
        return Ranges((Interval(None, high, low_closed=False, high_closed=not strict[0]),), low.name)
    return Inequality(Op("add", (high, Op("neg", (low,)))), strict[0])


def _no_order() -> float:
    raise Unreadable("points without an order")


def _infinite(node: Node) -> bool:
    return node == Sym("\\infty") or (isinstance(node, Op) and node.args == (Sym("\\infty"),))
