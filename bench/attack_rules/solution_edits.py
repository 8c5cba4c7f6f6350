"""Edits of what stands for many values: periods, functions, multiples, temperatures, vectors in units."""

import random
from collections.abc import Iterator

from bench.attack_rules.leaf_edits import Edit
from bench.attack_rules.tree import TreeNode, add, div, mul, neg, num, of, sym


def edit_solutions(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield other periods, other first members, and single members."""
    base, period = node.args
    yield "prefix", base
    yield "period", node._replace(args=(base, mul(num(2), period)))
    yield "period", node._replace(args=(base, div(period, num(2))))
    yield "period", node._replace(args=(base, num(rng.choice((1, 180, 360)))))
    yield "sign", node._replace(args=(neg(base), period))
    yield "equal form", node._replace(args=(add(base, period), period))
    yield "equal form", node._replace(args=(add(base, neg(period)), neg(period)))
    yield "suffix", mul(sym("k"), period)
    yield "one element fewer", of("list", base, add(base, period))


def edit_function(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield functions with something added, another sign or another letter."""
    body = node.args[0]
    yield "sign", node._replace(args=(neg(body),))
    yield "one more", node._replace(args=(add(body, num(1)),))
    yield "free constant", node._replace(args=(add(body, sym("c")),))
    yield "prime", node._replace(name="f'(x)", args=(body,))
    yield "size", node._replace(args=(mul(num(rng.choice((2, 3))), body),))


def edit_multiple(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield general solutions of other equations, and the same in another spelling."""
    body = node.args[0]
    yield "equal form", node._replace(args=(mul(num(rng.choice((2, 3))), body),))
    yield "free constant", node._replace(args=(mul(sym("x"), body),))
    yield "exponent", node._replace(args=(mul(body, body),))
    yield "fraction turned", node._replace(args=(div(num(1), body),))


def edit_temperature(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield other temperatures and other scales."""
    value = int(node.name.partition("^")[0])
    for text in (
        f"{value}^\\circ\\text{{F}}",
        f"{value}\\text{{ K}}",
        f"{value + rng.choice((1, 2, 10))}^\\circ\\text{{C}}",
        f"{value}5^\\circ\\text{{C}}",
        f"{value}\\text{{ degrees Fahrenheit}}",
        f"{value}\\%",
        f"{value}\\text{{ cm}}",
        f"{value}^\\circ\\text{{C per hour}}",
    ):
        yield "unit", of("temperature", name=text)


def edit_vector_sum(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield vectors with other parts, signs and units."""
    parts = list(node.args)
    at = rng.randrange(3)
    turned = [neg(part) if i == at else part for i, part in enumerate(parts)]
    yield "sign", node._replace(args=tuple(turned))
    yield "order", node._replace(args=(*parts[1:], parts[0]))
    yield "order", node._replace(args=(parts[1], parts[0], parts[2]))
    changed = [num(int(part.name) + 1) if i == at else part for i, part in enumerate(parts)]
    yield "digit", node._replace(args=tuple(changed))
    lost = [num(0) if i == at else part for i, part in enumerate(parts)]
    yield "one element fewer", node._replace(args=tuple(lost))
    yield "upright letter lost", add(*parts)
