"""Trees of answers: what a text says, built together with it, so that nothing has to be read back.

One class for numbers, expressions and what contains them (sets, tuples, intervals, units ...); `op` says which. Leaves
carry text in `name`. The constructors below are the grammar's words.
"""

from collections.abc import Iterator
from typing import NamedTuple


class TreeNode(NamedTuple):
    """One node: the operation, what it is applied to, and the text of a leaf."""

    op: str
    args: "tuple[TreeNode, ...]" = ()
    name: str = ""


Path = tuple[int, ...]


def num(value: int) -> TreeNode:
    """Return an integer; a negative one is the negation of a leaf."""
    return TreeNode("num", (), str(value)) if value >= 0 else neg(TreeNode("num", (), str(-value)))


def dec(text: str) -> TreeNode:
    """Return a decimal as it is written (`12.25`)."""
    return neg(TreeNode("dec", (), text[1:])) if text.startswith("-") else TreeNode("dec", (), text)


def sym(name: str) -> TreeNode:
    """Return a letter."""
    return TreeNode("sym", (), name)


def const(name: str) -> TreeNode:
    """Return pi, e or i."""
    return TreeNode("const", (), name)


def neg(node: TreeNode) -> TreeNode:
    """Return the negation."""
    return TreeNode("neg", (node,))


def add(*terms: TreeNode) -> TreeNode:
    """Return a sum; a difference has a negated term."""
    return TreeNode("add", terms) if len(terms) != 1 else terms[0]


def mul(*factors: TreeNode) -> TreeNode:
    """Return a product."""
    return TreeNode("mul", factors) if len(factors) != 1 else factors[0]


def div(top: TreeNode, bottom: TreeNode) -> TreeNode:
    """Return a fraction."""
    return TreeNode("div", (top, bottom))


def power(base: TreeNode, exponent: TreeNode) -> TreeNode:
    """Return a power."""
    return TreeNode("pow", (base, exponent))


def sqrt(node: TreeNode) -> TreeNode:
    """Return a square root."""
    return TreeNode("sqrt", (node,))


def fn(name: str, node: TreeNode) -> TreeNode:
    """Return a named function of one argument (`sin`, `ln` ...)."""
    return TreeNode("fn", (node,), name)


def of(op: str, *args: TreeNode, name: str = "") -> TreeNode:
    """Return any other node."""
    return TreeNode(op, args, name)


def places(node: TreeNode, at: Path = ()) -> Iterator[tuple[Path, TreeNode]]:
    """Yield every place of the tree with the node there."""
    yield at, node
    for i, child in enumerate(node.args):
        yield from places(child, (*at, i))


def put(node: TreeNode, at: Path, new: TreeNode) -> TreeNode:
    """Return the tree with another node at that place."""
    if not at:
        return new
    args = tuple(put(child, at[1:], new) if i == at[0] else child for i, child in enumerate(node.args))
    return node._replace(args=args)


def letters(node: TreeNode) -> frozenset[str]:
    """Return the letters that occur free."""
    if node.op == "sym":
        return frozenset({node.name})
    found = {name for child in node.args for name in letters(child)}
    return frozenset(found - {node.name} if node.op in {"sum", "prod", "integral"} else found)


def has(node: TreeNode, *ops: str) -> bool:
    """Return whether one of the operations occurs."""
    return node.op in ops or any(has(child, *ops) for child in node.args)
