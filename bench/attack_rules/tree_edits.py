"""Edits of a value's tree: another digit, sign, order, bracket, function, letter, size, a term less.

`edits` yields every edit that fits, each with the name of its kind. None is promised to change the value: the oracle
tells.
"""

import random
from collections.abc import Iterator
from typing import Final

from bench.attack_rules.leaf_edits import Edit, Local, constant, decimal, digits, letter, repeated, scientific
from bench.attack_rules.operation_edits import edit_negated, edit_power, edit_product, edit_quotient, edit_sum
from bench.attack_rules.tree import (
    Path,
    TreeNode,
    add,
    const,
    div,
    fn,
    mul,
    neg,
    num,
    of,
    places,
    power,
    put,
    sqrt,
    sym,
)


def edits(tree: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield (kind, edited tree) for every edit at every place; places and kinds in a drawn order."""
    found = [(at, node) for at, node in places(tree) if not closed(tree, at)]
    rng.shuffle(found)
    for at, node in found:
        for local in LOCAL.get(node.op, ()):
            for kind, new in local(node, rng):
                yield kind, put(tree, at, new)
        if node.op in VALUES:
            for kind, new in _anywhere(node, rng):
                yield kind, put(tree, at, new)


def closed(tree: TreeNode, at: Path) -> bool:
    """Return whether the place is inside of what has edits of its own."""
    for step in at:
        if tree.op in {"time", "base", "notation", "mixed", "money", "except", "vectorsum"}:
            return True
        tree = tree.args[step]
    return False


def _root(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    inner = node.args[-1]
    yield "root lost", inner
    if inner.op == "pow" and node.op == "sqrt":
        yield "root of a square", power(inner.args[0], div(inner.args[1], num(2)))
        yield "root of a square", inner.args[0]
        yield "root of a square", neg(inner.args[0])
    yield "index of a root", of("root", num(rng.choice((3, 4, 5))), inner)
    if node.op == "root":
        yield "index of a root", sqrt(inner)
        yield "index of a root", mul(node.args[0], sqrt(inner))
    if inner.op == "add":
        yield "bracket", add(node._replace(args=(*node.args[:-1], inner.args[0])), *inner.args[1:])
    if inner.op == "mul":
        yield "bracket", mul(node._replace(args=(*node.args[:-1], inner.args[0])), *inner.args[1:])


_SIBLINGS: Final = {
    "sin": ("cos", "tan", "arcsin"),
    "cos": ("sin", "sec", "arccos"),
    "tan": ("cot", "sin", "arctan"),
    "ln": ("lg", "exp"),
    "arctan": ("tan", "arcsin"),
    "arcsin": ("arctan", "sin"),
    "arccos": ("cos", "arcsin"),
    "exp": ("ln",),
    "lg": ("ln",),
}


def _function(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    inner = node.args[0]
    yield "function", fn(rng.choice(_SIBLINGS.get(node.name, ("sin",))), inner)
    yield "function lost", inner
    if inner.op == "pow" and node.name == "ln":
        yield "logarithm of a power", mul(inner.args[1], fn("ln", inner.args[0]))
    if inner.op == "mul":
        yield "bracket", mul(fn(node.name, inner.args[0]), *inner.args[1:])
    if inner.op == "add":
        yield "bracket", add(fn(node.name, inner.args[0]), *inner.args[1:])
    if inner.op == "div":
        yield "slash behind a function", div(fn(node.name, inner.args[0]), inner.args[1])
    yield "exponent", power(node, num(2))
    yield "bracket", fn(node.name, power(inner, num(2)))


def _logarithm(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    base, inner = node.args
    yield "order", of("log", inner, base)
    yield "function", fn("ln", inner)
    yield "function", fn("lg", inner)
    yield "index", of("log", num(rng.choice((3, 4, 5, 7))), inner)
    yield "index", mul(fn("lg", base), inner)


def _rounded(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    del rng
    inner = node.args[0]
    other = "ceil" if node.op == "floor" else "floor"
    yield "floor and ceiling", of(other, inner)
    yield "floor and ceiling", add(of(other, inner), num(1) if other == "floor" else neg(num(1)))
    yield "floor and ceiling", inner
    yield "floor and ceiling", of(node.op, add(inner, num(1)))
    yield "floor and ceiling", of("abs", inner)


def _absolute(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    del rng
    inner = node.args[0]
    yield "absolute value", inner
    yield "absolute value", neg(inner)
    yield "equal form", sqrt(power(inner, num(2)))
    if inner.op == "add":
        yield "absolute value", add(of("abs", inner.args[0]), *inner.args[1:])
        yield "absolute value", add(*(of("abs", term) for term in inner.args))


def _extreme(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    del rng
    first, second = node.args
    yield "function", of("min" if node.op == "max" else "max", first, second)
    yield "prefix", first
    yield "suffix", second
    yield "operator", add(first, second)


def _counted(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    first, second = node.args
    yield "order", node._replace(args=(second, first))
    yield "function", of({"gcd": "lcm", "lcm": "gcd", "binom": "div", "mod": "div"}[node.op], first, second)
    yield "operator", mul(first, second)
    yield "prefix", first
    yield "suffix", second
    del rng


def _factorial(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    del rng
    inner = node.args[0]
    yield "factorial", inner
    yield "factorial", of("dfact" if node.op == "fact" else "fact", inner)
    yield "factorial", of(node.op, add(inner, num(2)))
    if inner.op == "add":
        yield "bracket", add(*inner.args[:-1], of(node.op, inner.args[-1]))


def _ranged(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    low, high, body = node.args
    yield "range of a sum", node._replace(args=(add(low, num(1)), high, body))
    yield "range of a sum", node._replace(args=(low, add(high, neg(num(1))), body))
    yield "range of a sum", node._replace(args=(num(0), high, body))
    if node.op != "integral":
        yield "function", node._replace(op="prod" if node.op == "sum" else "sum")
    yield "body of a sum", node._replace(args=(low, high, mul(num(rng.randint(2, 5)), body)))
    yield "body of a sum", node._replace(args=(low, high, power(body, num(2))))


def _mixed(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    whole, top, bottom = node.args
    yield "mixed number", mul(whole, div(top, bottom))
    yield "mixed number", div(top, bottom)
    yield "mixed number", of("mixed", num(int(whole.name) + 1), top, bottom)
    yield "mixed number", div(num(int(whole.name + top.name)), bottom)
    yield "mixed number", whole
    yield "mixed number", of("mixed", num(int(whole.name) + rng.choice((1, 10))), top, bottom)


def _anywhere(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield the edits that fit any value."""
    yield "one more", add(node, num(1))
    yield "sign", neg(node)
    yield "exponent", power(node, num(2))
    yield "size", mul(num(rng.choice((2, 10, 100))), node)
    yield "size", div(node, num(rng.choice((2, 10, 1000))))
    if node.op not in {"num", "dec", "rep"}:
        yield "absolute value", of("abs", node)
    yield "power of minus one", mul(power(neg(num(1)), sym("n")), node)
    yield "something small added", add(node, div(num(1), power(num(10), num(rng.randint(6, 40)))))
    yield "size", mul(node, power(num(10), num(rng.choice((-3, 3, 12)))))
    yield "function", fn(rng.choice(("sin", "ln")), node)
    yield "root", sqrt(node)
    yield "constant", mul(node, const(rng.choice(("pi", "e", "i"))))


LOCAL: Final[dict[str, tuple[Local, ...]]] = {
    "num": (digits,),
    "dec": (decimal,),
    "rep": (repeated,),
    "sci": (scientific,),
    "sym": (letter,),
    "const": (constant,),
    "add": (edit_sum,),
    "mul": (edit_product,),
    "neg": (edit_negated,),
    "div": (edit_quotient,),
    "pow": (edit_power,),
    "sqrt": (_root,),
    "root": (_root,),
    "fn": (_function,),
    "log": (_logarithm,),
    "floor": (_rounded,),
    "ceil": (_rounded,),
    "abs": (_absolute,),
    "max": (_extreme,),
    "min": (_extreme,),
    "gcd": (_counted,),
    "lcm": (_counted,),
    "binom": (_counted,),
    "mod": (_counted,),
    "mixed": (_mixed,),
    "fact": (_factorial,),
    "dfact": (_factorial,),
    "sum": (_ranged,),
    "prod": (_ranged,),
    "integral": (_ranged,),
}
VALUES: Final = frozenset(
    (
        "num",
        "dec",
        "rep",
        "sym",
        "const",
        "add",
        "mul",
        "neg",
        "div",
        "pow",
        "sqrt",
        "root",
        "fn",
        "log",
        "floor",
        "ceil",
        "abs",
        "max",
        "min",
        "gcd",
        "lcm",
        "binom",
        "mod",
        "fact",
        "dfact",
        "mixed",
        "sum",
        "prod",
    )
)
