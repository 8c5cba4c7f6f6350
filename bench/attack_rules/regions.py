# pyright: basic
# mpmath has no types.
# ruff: noqa: ANN401 (as above)
"""Sets of points that an equation or an inequality describes, compared by members.

Curves are told apart by a point that lies on one of them alone: it is found by solving for one letter. No formula is
compared, so a factor, a square or an absolute value of one side does not make another curve.
"""

import functools
from fractions import Fraction
from typing import Any, Final, Literal

from bench.attack_rules.evaluate import HIGH, NoValueError, value
from bench.attack_rules.points import points
from bench.attack_rules.tree import TreeNode, add, letters, neg

Same = Literal["different", "equal", "unsure"]
_ROWS: Final = 6


def same_region(truth: TreeNode, answer: TreeNode) -> Same:
    """Return whether two relations of one kind hold at the same points."""
    return _curves(truth, answer) if truth.op == "equation" else _halves(truth, answer)


def _difference(node: TreeNode) -> TreeNode:
    return add(node.args[0], neg(node.args[1]))


def _curves(truth: TreeNode, answer: TreeNode) -> Same:
    here, there = _difference(truth), _difference(answer)
    if letters(here) != letters(there):
        return _other_letters(here, there)
    common = 0
    for curve, other in ((here, there), (there, here)):
        for point in _on(curve):
            try:
                off = abs(value(other, point, HIGH))
            except NoValueError:
                continue
            if off > HIGH.mpf(10) ** -30:
                return "different"
            common += 1
    return "equal" if common >= _ROWS else "unsure"


def _other_letters(here: TreeNode, there: TreeNode) -> Same:
    # A letter that only one of the two has: the other holds whatever that letter is.
    names = tuple(sorted(letters(here) | letters(there)))
    for curve, other in ((here, there), (there, here)):
        for point in _on(curve):
            full = {name: point.get(name, Fraction(37, 11)) for name in names}
            try:
                if abs(value(other, full, HIGH)) > HIGH.mpf(10) ** -30:
                    return "different"
            except NoValueError:
                continue
    return "unsure"


@functools.lru_cache(maxsize=2000)
def _on(curve: TreeNode) -> tuple[dict[str, Fraction], ...]:
    """Return real points of the curve, each to more than 60 digits."""
    names = sorted(letters(curve))
    found: list[dict[str, Fraction]] = []
    for row, point in enumerate(points(names, "real")):
        for name in names:
            root = _root(curve, point, name, Fraction(2 * row - 9, 2))
            if root is not None:
                found.append({**point, name: root})
                break
        if len(found) == _ROWS:
            break
    return tuple(found)


def _root(curve: TreeNode, point: dict[str, Fraction], name: str, start: Fraction) -> Fraction | None:
    def at(x: Any) -> Any:
        return value(curve, {**point, name: Fraction(int(x * 2**300), 2**300)}, HIGH)

    try:
        first = HIGH.mpf(start.numerator) / start.denominator
        root = HIGH.findroot(at, (first, first + 1), solver="secant", tol=HIGH.mpf(10) ** -150, maxsteps=40)
    except (ValueError, ZeroDivisionError, NoValueError, TypeError):
        return None
    return None if HIGH.im(root) != 0 else Fraction(int(HIGH.re(root) * 2**300), 2**300)


def _halves(truth: TreeNode, answer: TreeNode) -> Same:
    here, there = _difference(truth), _difference(answer)
    names = tuple(sorted(letters(here) | letters(there)))
    apart = HIGH.mpf(10) ** -60
    scaled: set[Any] = set()
    for point in (*points(names, "real"), *_grid(names)):
        try:
            a, b = value(here, point, HIGH), value(there, point, HIGH)
        except NoValueError:
            return "unsure"
        if HIGH.im(a) != 0 or HIGH.im(b) != 0 or abs(a) < apart or abs(b) < apart:
            continue
        if (HIGH.re(a) < 0) != (HIGH.re(b) < 0):
            return "different"
        scaled.add(HIGH.nstr(HIGH.re(a) / HIGH.re(b), 40))
    return "equal" if len(scaled) == 1 else "unsure"


def _grid(names: tuple[str, ...]) -> list[dict[str, Fraction]]:
    """Return points close together, so that bounds that differ by one are told apart."""
    return [
        {name: Fraction((7 * step + 3 * at * step) % 83 - 41, 2) + Fraction(1, 4) for at, name in enumerate(names)}
        for step in range(83)
    ]
