"""Trees of answers: what a text says, built together with it, so that nothing has to be read back.

One class for numbers, expressions and what contains them (sets, tuples, intervals, units ...); `op` says which. Leaves
carry text in `name`. The constructors below are the grammar's words.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Node(NamedTuple):
    """One node: the operation, what it is applied to, and the text of a leaf."""

    op: str
    args: "tuple[Node, ...]" = ()
    name: str = ""


Path = tuple[int, ...]


def num(value: int) -> Node:
    """Return an integer; a negative one is the negation of a leaf."""
    return Node("num", (), str(value)) if value >= 0 else neg(Node("num", (), str(-value)))


def dec(text: str) -> Node:
    """Return a decimal as it is written (`12.25`)."""
    return neg(Node("dec", (), text[1:])) if text.startswith("-") else Node("dec", (), text)


def sym(name: str) -> Node:
    """Return a letter."""
    return Node("sym", (), name)


def const(name: str) -> Node:
    """Return pi, e or i."""
    return Node("const", (), name)


def neg(node: Node) -> Node:
    """Return the negation."""
    return Node("neg", (node,))


def add(*terms: Node) -> Node:
    """Return a sum; a difference has a negated term."""
    return Node("add", terms) if len(terms) != 1 else terms[0]


def mul(*factors: Node) -> Node:
    """Return a product."""
    return Node("mul", factors) if len(factors) != 1 else factors[0]


def div(top: Node, bottom: Node) -> Node:
    """Return a fraction."""
    return Node("div", (top, bottom))


def power(base: Node, exponent: Node) -> Node:
    """Return a power."""
    return Node("pow", (base, exponent))


def sqrt(node: Node) -> Node:
    """Return a square root."""
    return Node("sqrt", (node,))


def fn(name: str, node: Node) -> Node:
    """Return a named function of one argument (`sin`, `ln` ...)."""
    return Node("fn", (node,), name)


def of(op: str, *args: Node, name: str = "") -> Node:
    """Return any other node."""
    return Node(op, args, name)


def places(node: Node, at: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Yield every place of the tree with the node there."""
    yield at, node
    for i, child in enumerate(node.args):
        yield from places(child, (*at, i))


def put(node: Node, at: Path, new: Node) -> Node:
    """Return the tree with another node at that place."""
    if not at:
        return new
    args = tuple(put(child, at[1:], new) if i == at[0] else child for i, child in enumerate(node.args))
    return node._replace(args=args)


def letters(node: Node) -> frozenset[str]:
    """Return the letters that occur free."""
    if node.op == "sym":
        return frozenset({node.name})
    found = {name for child in node.args for name in letters(child)}
    return frozenset(found - {node.name} if node.op in {"sum", "prod", "integral"} else found)


def has(node: Node, *ops: str) -> bool:
    """Return whether one of the operations occurs."""
    return node.op in ops or any(has(child, *ops) for child in node.args)
