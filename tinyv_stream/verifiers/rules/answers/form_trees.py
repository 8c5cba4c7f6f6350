r"""Sizes of a read expression: how much of it there is, its factors, its denominators.

An answer to "simplify" or "expand" may have no more of anything than the ground truth has: terms, brackets, roots,
quotients, numbers and letters.
"""

from fractions import Fraction
from typing import Final

import msgspec

from tinyv_stream.verifiers.rules.answers.polynomials import polynomial
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Sym, symbols, walk
from tinyv_stream.verifiers.rules.maths.value import exact

_ROOTS: Final = frozenset({"sqrt", "root"})
_NUMBER: Final = "#"


class FormSize(msgspec.Struct, frozen=True):
    """What an expression has of each kind; `largest` is the largest whole number in it."""

    leaves: int
    """Numbers other than 1, letters, names of functions, signs of square roots."""
    sums: int
    brackets: int
    roots: int
    quotients: int
    repeats: int
    """Factors of one product with the same base, numbers among themselves too: `x \\cdot x`, `2 \\cdot 3`."""
    largest: Fraction

    def is_within(self, other: "FormSize") -> bool:
        """Say whether it has no more of anything."""
        ours, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return all(a <= b for a, b in zip(ours, theirs, strict=True))


def size(node: Node) -> FormSize:
    """Return what an expression has of each kind."""
    parts = list(walk(node))
    operators = [part for part in parts if isinstance(part, Op)]
    numbers = [part for part in parts if isinstance(part, Num)]
    leaves = sum(abs(part.value) != 1 for part in numbers) + sum(isinstance(part, Sym) for part in parts)
    return FormSize(
        leaves=leaves + sum(part.name not in {"add", "mul", "div", "neg", "pow", "root"} for part in operators),
        sums=sum(len(part.args) - 1 for part in operators if part.name == "add"),
        brackets=sum(_brackets(part) for part in operators),
        roots=sum(_is_root(part) for part in operators),
        quotients=sum(_quotients(part) for part in operators),
        repeats=sum(_repeats(part) for part in operators),
        largest=max((abs(part.value) for part in numbers if part.places is None), default=Fraction(0)),
    )


def is_no_larger(answer: Node, gold: Node) -> bool:
    """Say whether an answer has no more of anything than the ground truth, no roots below, and is not rounded."""
    ours, theirs = size(gold), size(answer)
    if isinstance(answer, Num) and isinstance(gold, Num):
        return True
    if _is_rounded(answer, gold) or (is_rational_below(gold) and not is_rational_below(answer)):
        return False
    return theirs.is_within(ours)


def is_rational_below(node: Node) -> bool:
    """Say whether no root stands in a denominator, nor a quotient under a root, nor a root to a negative power."""
    for part in walk(node):
        if not isinstance(part, Op):
            continue
        if part.name == "div" and _has_root(part.args[1]):
            return False
        if part.name == "pow" and _is_negative(part.args[1]) and (_is_root(part) or _has_root(part.args[0])):
            return False
        if _is_root(part) and any(isinstance(inner, Op) and _is_quotient(inner) for inner in walk(part.args[0])):
            return False
    return True


def is_rationalized(answer: Node, gold: Node) -> bool:
    """Say whether an answer has no root below, and is not rounded."""
    return is_rational_below(answer) and not _is_rounded(answer, gold)


def _is_rounded(answer: Node, gold: Node) -> bool:
    """Say whether an answer has decimals where the ground truth has roots, or another value that has none."""
    irrational = _has_root(gold) or (exact(gold) is None and not symbols(gold))
    return irrational and _has_decimals(answer) and not _has_decimals(gold)


def _has_decimals(node: Node) -> bool:
    return any(isinstance(part, Num) and part.places is not None for part in walk(node))


def is_one_fraction(node: Node) -> bool:
    """Say whether it is one quotient, with none inside of it and no negative power."""
    inside = node.args[0] if isinstance(node, Op) and node.name == "neg" else node
    if not isinstance(inside, Op) or inside.name != "div":
        return False
    parts = [part for arg in inside.args for part in walk(arg)]
    return not any(isinstance(part, Op) and _is_quotient(part) for part in parts)


def sum_factors(node: Node) -> int | None:
    """Return how many factors are sums with a letter in them, each as often as its power; None if one is unknown."""
    if isinstance(node, Op) and node.name == "neg":
        return sum_factors(node.args[0])
    if isinstance(node, Op) and node.name in {"mul", "div"}:
        parts = [sum_factors(arg) for arg in node.args]
        known = [part for part in parts if part is not None]
        if len(known) != len(parts) or (node.name == "div" and known[1]):
            return None
        return sum(known)
    if isinstance(node, Op) and node.name == "pow":
        inner, power = sum_factors(node.args[0]), exact(node.args[1])
        if inner is None or power is None or power.denominator != 1 or power < 0:
            return None
        return inner * int(power)
    found = polynomial(node)
    return None if found is None else int(len(found) > 1)


def flat(node: Node, name: str) -> list[Node]:
    """Return the terms of a sum, or the factors of a product, through those inside of it."""
    if not (isinstance(node, Op) and node.name == name):
        return [node]
    return [part for arg in node.args for part in flat(arg, name)]


def _brackets(part: Op) -> int:
    if part.name not in {"mul", "neg", "pow", "add"}:
        return 0
    inside = part.args[:1] if part.name == "pow" else part.args
    return sum(isinstance(arg, Op) and arg.name == "add" for arg in inside)


def _quotients(part: Op) -> int:
    """Return 1 for a division or a negative power; a fraction as an exponent is a root, and goes off again."""
    if part.name == "pow" and exact(part.args[1]) is not None:
        inside = sum(isinstance(inner, Op) and inner.name == "div" for inner in walk(part.args[1]))
        return _is_below(part) - inside
    return int(part.name == "div")


def _repeats(part: Op) -> int:
    if part.name != "mul":
        return 0
    bases = [_NUMBER if isinstance(factor, Num) else repr(_base(factor)) for factor in flat(part, "mul")]
    return len(bases) - len(set(bases))


def _base(node: Node) -> Node:
    return node.args[0] if isinstance(node, Op) and node.name == "pow" else node


def _is_root(part: Node) -> bool:
    if not isinstance(part, Op):
        return False
    exponent = exact(part.args[1]) if part.name == "pow" else None
    return part.name in _ROOTS or (exponent is not None and exponent.denominator != 1)


def _has_root(node: Node) -> bool:
    return any(_is_root(part) for part in walk(node))


def _is_negative(node: Node) -> bool:
    value = exact(node)
    return value is not None and value < 0


def _is_below(part: Op) -> bool:
    """Say whether it is a negative power, which divides."""
    return part.name == "pow" and _is_negative(part.args[1])


def _is_quotient(part: Op) -> bool:
    return part.name == "div" or _is_below(part)
