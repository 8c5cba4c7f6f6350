"""Tree of an expression: numbers, symbols, operators. Frozen, comparable, hashable."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import msgspec


def words(text: str) -> frozenset[str]:
    """Return the words of `text`: a table of names on one line."""
    return frozenset(text.split())


class Unreadable(Exception):  # noqa: N818 (a finding about a text, not a fault)
    """A text not fully understood, or too large to work out: nobody may conclude anything from it."""


class Num(msgspec.Struct, frozen=True):
    """An exact number; `places` counts its decimals if it was written with a point."""

    value: Fraction
    places: int | None = None


class Sym(msgspec.Struct, frozen=True):
    """A letter, with its subscript."""

    name: str


class Op(msgspec.Struct, frozen=True):
    """An operator or function over its arguments; `name` is one of OPERATORS or FUNCTIONS."""

    name: str
    args: tuple["Node", ...]


Node = Num | Sym | Op

OPERATORS: Final = words("add mul div pow neg fact root abs binom logb floor ceil sum prod")
BINDERS: Final = words("sum prod")
"""Operators over (body, letter, low, high): the letter is bound in the body."""
FUNCTIONS: Final = words(
    "sin cos tan cot sec csc arcsin arccos arctan arccot sinh cosh tanh coth exp ln log lg sqrt max min gcd lcm"
)
CONSTANTS: Final = frozenset({"\\pi", "e", "i", "\\infty"})


def symbols(node: Node) -> frozenset[str]:
    """Return the free symbols: letters that are not constants."""
    found: set[str] = set()
    _collect(node, found)
    return frozenset(found)


def _collect(node: Node, found: set[str]) -> None:
    if isinstance(node, Op):
        if node.name in BINDERS:
            found |= symbols(node.args[0]) - symbols(node.args[1])
        for arg in node.args[2:] if node.name in BINDERS else node.args:
            _collect(arg, found)
    elif isinstance(node, Sym) and node.name not in CONSTANTS:
        found.add(node.name)


def rename(node: Node, names: dict[str, str]) -> Node:
    """Return the tree with symbols renamed; a bound letter is none of them."""
    if isinstance(node, Sym):
        return Sym(names.get(node.name, node.name))
    if isinstance(node, Num):
        return node
    if node.name in BINDERS and isinstance(node.args[1], Sym):
        free = {old: new for old, new in names.items() if old != node.args[1].name}
        if node.args[1].name in free.values():
            raise Unreadable("a name that is bound")
        return Op(node.name, (rename(node.args[0], free), node.args[1], *(rename(a, names) for a in node.args[2:])))
    return Op(node.name, tuple(rename(a, names) for a in node.args))


def substitute(node: Node, name: str, value: Node) -> Node:
    """Return the tree with a symbol replaced by a tree."""
    if isinstance(node, Sym):
        return value if node.name == name else node
    if isinstance(node, Num):
        return node
    if node.name in BINDERS and node.args[1] == Sym(name):
        return Op(node.name, (*node.args[:2], *(substitute(a, name, value) for a in node.args[2:])))
    if node.name in BINDERS and symbols(node.args[1]) & symbols(value):
        raise Unreadable("a name that is bound")
    return Op(node.name, tuple(substitute(a, name, value) for a in node.args))


def walk(node: Node) -> Iterator[Node]:
    """Yield every part of a tree, the whole first."""
    yield node
    if isinstance(node, Op):
        for arg in node.args:
            yield from walk(arg)


def decimals(node: Node) -> int | None:
    """Return the decimals of a plain decimal number such as -3.14, or None."""
    if isinstance(node, Op) and node.name == "neg":
        return decimals(node.args[0])
    return node.places if isinstance(node, Num) else None


def is_proper(node: Node) -> bool:
    """Say whether this is a fraction of two whole numbers between 0 and 1: behind a whole number, a mixed number."""
    if not (isinstance(node, Op) and node.name == "div"):
        return False
    top, bottom = node.args
    return isinstance(top, Num) and isinstance(bottom, Num) and 0 < top.value < bottom.value and top.places is None


def product_of(left: Node, right: Node) -> Node:
    """Return a product; raise Unreadable for one of two vectors, which may be a number or a vector."""
    if all(any(name.startswith("\\vec") for name in symbols(node)) for node in (left, right)):
        raise Unreadable("a product of vectors")
    return Op("mul", (left, right))


def is_ratio(node: Node) -> bool:
    """Say whether this is a fraction of two numbers."""
    return isinstance(node, Op) and node.name == "div" and all(isinstance(part, Num) for part in node.args)


def ends_in_whole(node: Node) -> bool:
    """Say whether the last factor of a product is a whole number: perhaps the first part of a mixed one."""
    last = node.args[-1] if isinstance(node, Op) and node.name == "mul" else None
    return isinstance(last, Num) and last.places is None


def ends_in_power(node: Node) -> bool:
    """Say whether a product ends in a power, so that a digit behind it is a new factor."""
    if isinstance(node, Op) and node.name == "mul":
        return ends_in_power(node.args[-1])
    return isinstance(node, Op) and node.name == "pow"
