"""Comparison of two values without shape: at points of the domain, or as numbers."""

from typing import Literal

from bench.attack_rules.context import Context
from bench.attack_rules.evaluate import HIGH, NoValueError, differs, is_real, value
from bench.attack_rules.exact import exact
from bench.attack_rules.points import ROWS, points
from bench.attack_rules.tree import TreeNode, letters, mul, num

Judged = Literal["different", "equal", "unsure"]


def values(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Return whether two expressions have the same value at every point of the domain."""
    names = sorted(letters(truth) | letters(answer))
    if not names:
        return numbers(truth, answer, context)
    equal = 0
    for point in points(names, context.domain):
        found = differs(truth, answer, point)
        if found is None:
            continue
        real = is_real(truth, point), is_real(answer, point)
        alike = real == (False, False) and context.domain == "number"  # a truth that is itself complex
        if real != (True, True) and not alike and context.domain != "complex":
            if context.domain != "open" and found and set(real) == {True, False}:
                return "different"
            continue
        if found:
            return "different"
        equal += 1
    return "equal" if equal >= ROWS // 2 else "unsure"


def numbers(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Return whether two numbers are the same; a decimal that rounds the other is open unless asked for exactly."""
    found = differs(truth, answer, {})
    if found is None:
        return "unsure"
    if not found:
        return "equal"
    if not context.exact and (_rounds(truth, answer, context) or _rounds(answer, truth, context)):
        return "unsure"
    return "different"


def _rounds(decimal: TreeNode, other: TreeNode, context: Context) -> bool:
    """Return whether a written decimal may be meant for the other value: within one unit of its last place."""
    bare = decimal.args[0] if decimal.op == "neg" else decimal
    if bare.op == "pct":
        return _rounds(bare.args[0], mul(num(100), other), context)
    near = (bare.name, 1) if context.rounded and bare.op == "num" else _decimal_near(bare)
    if near is None or (_whole(decimal) and _whole(other)):
        return False
    text, scale = near
    unit = HIGH.mpf(10) ** -len(text.partition(".")[2])
    try:
        first, second = value(decimal, {}, HIGH), value(other, {}, HIGH)
    except NoValueError:
        return False
    return bool(abs(first - second) <= unit * scale)


def _decimal_near(node: TreeNode) -> tuple[str, int] | None:
    if node.op == "dec":
        return node.name, 1
    if node.op == "rep":
        return node.name.replace("(", "").rstrip(")"), 1
    return None


def _whole(node: TreeNode) -> bool:
    """Return whether it is a whole number; of two that differ none rounds the other."""
    found = exact(node)
    return found is not None and found.denominator == 1
