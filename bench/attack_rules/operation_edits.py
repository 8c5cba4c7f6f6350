"""Edits of sums, products, fractions and powers: sign, order, bracket, a part lost."""

import random
from collections.abc import Iterator

from bench.attack_rules.leaf_edits import Edit
from bench.attack_rules.tree import TreeNode, add, div, mul, neg, num, of, places, power, put


def edit_sum(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of a sum."""
    terms = node.args
    at = rng.randrange(len(terms))
    flipped = terms[at].args[0] if terms[at].op == "neg" else neg(terms[at])
    yield "sign", add(*terms[:at], flipped, *terms[at + 1 :])
    yield "prefix", add(*terms[:-1])
    yield "suffix", add(*terms[1:])
    yield "operator", mul(*terms)
    if len(terms) == 2:
        yield "order", add(neg(terms[0]), neg(terms[1]))
        yield "order", add(terms[1], neg(terms[0]))
        yield "coefficients exchanged", _exchanged(node)


def _exchanged(node: TreeNode) -> TreeNode:
    """Return a sum with the first number of each term exchanged: `3+2i` gives `2+3i`."""
    found = [(at, child) for at, child in places(node) if child.op == "num"]
    if len(found) < 2:
        return add(*reversed(node.args))
    (first, a), (second, b) = found[0], found[1]
    return put(put(node, first, b), second, a)


def edit_product(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of a product."""
    factors = node.args
    at = rng.randrange(len(factors))
    yield "operator", add(*factors)
    yield "prefix", mul(*factors[:-1])
    yield "suffix", mul(*factors[1:])
    yield "operator", div(factors[0], mul(*factors[1:]))
    yield "factor doubled", mul(*factors, factors[at])
    for i, factor in enumerate(factors):
        if factor.op == "const" or (factor.op == "pow" and factor.args[0].op == "const"):
            yield "upright letter lost", mul(*factors[:i], *factors[i + 1 :])
        if factor.op == "add":
            rest = mul(*factors[:i], factor.args[0], *factors[i + 1 :])
            yield "bracket", add(rest, *factor.args[1:])


def edit_negated(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of a negation."""
    del rng
    inner = node.args[0]
    yield "sign", inner
    if inner.op == "add":
        yield "bracket", add(neg(inner.args[0]), *inner.args[1:])


def edit_quotient(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of a fraction."""
    top, bottom = node.args
    yield "fraction turned", div(bottom, top)
    yield "operator", mul(top, bottom)
    yield "prefix", top
    yield "suffix", bottom
    yield "fraction against binomial", of("binom", top, bottom)
    if top.op == "add":
        yield "bracket", add(*top.args[:-1], div(top.args[-1], bottom))
    if bottom.op == "add":
        yield "bracket", add(div(top, bottom.args[0]), *bottom.args[1:])
    if top.op == bottom.op == "num" and int(top.name) < int(bottom.name):
        yield "mixed number", of("mixed", num(rng.randint(1, 4)), top, bottom)


def edit_power(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of a power."""
    base, exponent = node.args
    yield "order", power(exponent, base)
    yield "operator", mul(exponent, base)
    yield "prefix", base
    yield "sign of an exponent", power(base, exponent.args[0] if exponent.op == "neg" else neg(exponent))
    yield "exponent", power(base, add(exponent, num(1)))
    if base.op == "neg":
        yield "bracket", neg(power(base.args[0], exponent))
    if base.op == "add":
        yield "bracket", add(*base.args[:-1], power(base.args[-1], exponent))
        yield "bracket", add(*(power(term, exponent) for term in base.args))
    if base.op == "div":
        yield "bracket", div(power(base.args[0], exponent), base.args[1])
    if exponent.op == "add":
        yield "bracket", add(power(base, exponent.args[0]), *exponent.args[1:])
    if exponent.op == "pow":
        yield "power tower", power(power(base, exponent.args[0]), exponent.args[1])
    del rng
