"""Rewritings of a tree that keep its value: other forms of fractions, roots, powers, products and whole numbers."""

import random
from collections.abc import Iterator

from bench.attack_rules.exact import exact
from bench.attack_rules.tree import TreeNode, add, const, dec, div, fn, mul, neg, num, places, power, put
from bench.attack_rules.tree_edits import closed

_HALF = div(num(1), num(2))


def kept(tree: TreeNode, rng: random.Random) -> TreeNode:
    """Return the tree with one drawn part in another form."""
    found = [(at, new) for at, node in places(tree) if not closed(tree, at) for new in _forms(node, rng)]
    if not found:
        return tree
    at, new = rng.choice(found)
    return put(tree, at, new)


def _forms(node: TreeNode, rng: random.Random) -> Iterator[TreeNode]:
    work = _FORMS.get(node.op)
    if work is not None:
        yield from work(node, rng)


def _of_quotient(node: TreeNode, rng: random.Random) -> Iterator[TreeNode]:
    top, bottom = node.args
    factor = num(rng.randint(2, 5))
    yield div(mul(factor, top), mul(factor, bottom))
    yield mul(top, power(bottom, neg(num(1))))
    yield mul(div(num(1), bottom), top)
    if top.op == "add":
        yield add(*(div(term, bottom) for term in top.args))
    value = exact(node)
    if value is not None and 10**6 % value.denominator == 0 and abs(value) < 10**6:
        yield dec(str(float(value)))


def _of_root(node: TreeNode, rng: random.Random) -> Iterator[TreeNode]:
    del rng
    yield power(node.args[0], _HALF)
    yield div(node.args[0], node)


def _of_power(node: TreeNode, rng: random.Random) -> Iterator[TreeNode]:
    del rng
    base, exponent = node.args
    if exponent == num(2):
        yield mul(base, base)
    if base == const("e"):
        yield fn("exp", exponent)
        yield div(num(1), power(base, neg(exponent)))
    if exponent.op == "add":
        yield mul(*(power(base, term) for term in exponent.args))


def _of_sum(node: TreeNode, rng: random.Random) -> Iterator[TreeNode]:
    yield add(*rng.sample(node.args, k=len(node.args)))
    yield neg(add(*(term.args[0] if term.op == "neg" else neg(term) for term in node.args)))
    yield mul(num(2), add(*(div(term, num(2)) for term in node.args)))


def _of_product(node: TreeNode, rng: random.Random) -> Iterator[TreeNode]:
    del rng
    for at, factor in enumerate(node.args):
        if factor.op == "add":
            rest = node.args[:at] + node.args[at + 1 :]
            yield add(
                *(neg(mul(*rest, term.args[0])) if term.op == "neg" else mul(*rest, term) for term in factor.args)
            )


def _of_negation(node: TreeNode, rng: random.Random) -> Iterator[TreeNode]:
    del rng
    inner = node.args[0]
    yield mul(num(-1), inner)
    if inner.op == "div":
        yield div(neg(inner.args[0]), inner.args[1])
        yield div(inner.args[0], neg(inner.args[1]))


def _of_number(node: TreeNode, rng: random.Random) -> Iterator[TreeNode]:
    value = int(node.name)
    if value < 10**9:
        yield dec(f"{value}.0")
        part = rng.randint(1, 9)
        yield add(num(value - part), num(part))
        yield div(num(3 * value), num(3))
    if value >= 1000:
        yield node._replace(op="thousands")
    if value > 3 and value % 2 == 0:
        yield mul(num(2), num(value // 2))


_FORMS = {
    "div": _of_quotient,
    "sqrt": _of_root,
    "pow": _of_power,
    "add": _of_sum,
    "mul": _of_product,
    "neg": _of_negation,
    "num": _of_number,
}
