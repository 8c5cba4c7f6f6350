"""Exact arithmetic on trees of whole numbers: a sum, product or power written as the number that it is."""

from fractions import Fraction

from bench.attack_rules.tree import TreeNode, div, neg, num

_MOST_DIGITS = 30


def exact(node: TreeNode) -> Fraction | None:
    """Return the value of a tree of numbers; None for anything else, and for what is out of reach."""
    if node.op in {"num", "dec", "thousands"}:
        return Fraction(node.name)
    args = [exact(child) for child in node.args]
    known = [found for found in args if found is not None]
    if len(known) != len(args) or not args:
        return None
    return _combined(node.op, known)


def _combined(op: str, args: list[Fraction]) -> Fraction | None:  # noqa: PLR0911 (a table of operations)
    first = args[0]
    if op == "add":
        return sum(args, Fraction(0))
    if op == "mul":
        return _product(args)
    if op == "neg":
        return -first
    if op == "abs":
        return abs(first)
    if op == "mixed":
        return first + args[1] / args[2] if args[2] else None
    if op == "div":
        return first / args[1] if args[1] else None
    return _power(first, args[1]) if op == "pow" else None


def _product(args: list[Fraction]) -> Fraction:
    found = Fraction(1)
    for factor in args:
        found *= factor
    return found


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    if exponent.denominator != 1 or abs(exponent) > 60 or (base == 0 and exponent <= 0):
        return None
    return base**exponent.numerator


def computed(node: TreeNode) -> TreeNode | None:
    """Return the tree as one number or fraction in lowest terms; None where it is none or too long."""
    found = exact(node)
    if found is None or node.op in {"num", "dec", "thousands"}:
        return None
    top, bottom = num(abs(found.numerator)), num(found.denominator)
    if len(top.name) + len(bottom.name) > _MOST_DIGITS:
        return None
    bare = top if found.denominator == 1 else div(top, bottom)
    return neg(bare) if found < 0 else bare
