"""Edits of what contains values: elements, ends, names, units, and other shapes of the same parts."""

import random
from collections.abc import Callable, Iterator
from typing import Final

from bench.attack_rules.leaf_edits import Edit
from bench.attack_rules.solution_edits import (
    edit_function,
    edit_multiple,
    edit_solutions,
    edit_temperature,
    edit_vector_sum,
)
from bench.attack_rules.tree import TreeNode, add, div, mul, neg, num, of, sym
from bench.attack_rules.units import UNITS
from bench.attack_rules.word_edits import edit_base, edit_choice, edit_date, edit_money, edit_notation, edit_worded

Shape = Callable[[TreeNode, random.Random], Iterator[Edit]]


def shape_edits(tree: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield (kind, edited tree) for the outermost node."""
    for work in SHAPES.get(tree.op, (_lone,)):
        yield from work(tree, rng)


def _lone(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield other shapes of a lone value."""
    other = num(rng.randint(2, 60))
    yield "one element more", of("list", node, other)
    yield "one element more", of("list", other, node)
    yield "one element more", of("tuple", node, other)
    yield "interval", of("interval", node, add(node, num(1)), name="[]")
    yield "inequality", of("less", sym("x"), node)
    yield "plus-minus", of("pm", num(0), node)
    yield "unit", of("unit", node, name=rng.choice(("km", "h", "kg", "cm^2", "mL")))
    yield "percent", of("pct", node)
    yield "degrees", of("deg", node)
    if node.op == "num" and len(node.name) > 1:
        at = rng.randrange(1, len(node.name))
        left, right = int(node.name[:at]), int(node.name[at:])
        yield "separator", of("list", num(left), num(right))
        yield "separator", of("ratio", num(left), num(right))
        yield "separator", div(num(left), num(max(right, 1)))
        yield "separator", mul(num(left), num(right))
        if right < 60 and left <= 23:
            yield "separator", of("time", num(left), num(right))


def _elements(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    parts = list(node.args)
    at = rng.randrange(len(parts))
    rest = parts[:at] + parts[at + 1 :]
    yield "one element fewer", node._replace(args=tuple(rest)) if len(rest) > 1 else rest[0]
    yield "one element fewer", parts[0]
    yield "one element more", node._replace(args=(*parts, num(rng.randint(1000, 2000))))
    yield "one element more", node._replace(args=(num(0), *parts))
    yield "order", node._replace(args=tuple(reversed(parts)))
    yield "order", node._replace(args=tuple(rng.sample(parts, k=len(parts))))
    yield "order", node._replace(args=(*parts[1:], parts[0]))
    if all(part.op == "num" for part in parts):
        yield "separator", num(int("".join(part.name for part in parts)))
        yield "operator", add(*parts)
        yield "operator", mul(*parts)
    if len(parts) == 2 and all(part.op in {"num", "neg"} for part in parts):
        yield "values against an interval", of("interval", *parts, name=rng.choice(("[)", "(]")))
        yield "operator", div(*parts)
        yield "pair against a ratio", of("ratio", *parts)
    kinds = {"set": "list", "list": "set", "tuple": "set"}
    if node.op in kinds:
        yield "bracket", of(kinds[node.op], *parts)


def _interval(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    del rng
    low, high = node.args
    for kind in ("()", "[]", "[)", "(]"):
        infinite = (kind[0] == "[" and _infinite(low)) or (kind[1] == "]" and _infinite(high))
        if kind != node.name and not infinite:
            yield "bracket", node._replace(name=kind)
    if not _infinite(low) and not _infinite(high):
        yield "open interval against two values", of("set", low, high)
        yield "open interval against two values", of("list", low, high)
        yield "open interval against two values", of("named", of("val", low, name="x"))
        yield "order", node._replace(args=(high, low))
        yield "open interval against two values", of("pm", num(0), high)
        yield "domain", of("less", low, sym("x"))
    yield "prefix", low
    yield "suffix", high


def _infinite(node: TreeNode) -> bool:
    return "infty" in node.name


def _union(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    parts = node.args
    yield "one element fewer", parts[0]
    yield "one element fewer", parts[-1]
    at = rng.randrange(len(parts))
    yield "bracket", node._replace(args=(*parts[:at], _flipped(parts[at]), *parts[at + 1 :]))
    yield "excluded points lost", of("interval", of("words", name="-\\infty"), of("words", name="\\infty"), name="()")


def _flipped(node: TreeNode) -> TreeNode:
    low, high = node.args
    left = "(" if _infinite(low) else {"(": "[", "[": "("}[node.name[0]]
    right = ")" if _infinite(high) else {")": "]", "]": ")"}[node.name[1]]
    return node._replace(name=left + right)


def _excluded(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    parts = node.args
    if len(parts) > 1:
        yield "excluded points lost", node._replace(args=parts[:-1])
    yield "excluded points lost", node._replace(args=(*parts, num(rng.randint(50, 90))))
    yield "excluded points lost", of("set", *parts)


def _named(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    parts = node.args
    names, values = [part.name for part in parts], [part.args for part in parts]
    if len(parts) > 1:
        yield "named unknowns exchanged", node._replace(args=_relabelled(names[1:] + names[:1], values))
        yield "one element fewer", node._replace(args=parts[:-1])
    yield (
        "named unknown renamed",
        node._replace(args=_relabelled([{"x": "z", "a": "d"}.get(names[0], "w"), *names[1:]], values)),
    )
    at = rng.randrange(len(parts))
    changed = parts[at]._replace(args=(add(parts[at].args[0], num(rng.choice((1, 2)))),))
    yield "operator", node._replace(args=(*parts[:at], changed, *parts[at + 1 :]))
    turned = parts[at]._replace(args=(neg(parts[at].args[0]),))
    yield "sign", node._replace(args=(*parts[:at], turned, *parts[at + 1 :]))
    if len(parts) > 1:
        yield "order", of("tuple", *(part.args[0] for part in reversed(parts)), name="terms")


def _relabelled(names: list[str], values: list[tuple[TreeNode, ...]]) -> tuple[TreeNode, ...]:
    return tuple(of("val", *value, name=name) for name, value in zip(names, values, strict=True))


def _matrix(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    del rng
    rows = node.args
    yield "order", node._replace(args=tuple(reversed(rows)))
    if node.op == "matrix":
        columns = tuple(of("row", *cells) for cells in zip(*(row.args for row in rows), strict=True))
        yield "order", node._replace(args=columns)
    yield "one element fewer", node._replace(args=rows[:-1])
    yield "one element more", node._replace(args=(*rows, rows[0]))


def _ratio(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    parts = node.args
    yield "order", node._replace(args=tuple(reversed(parts)))
    yield "one element more", node._replace(args=(*parts, num(rng.randint(2, 9))))
    yield "equal form", node._replace(args=tuple(mul(num(2), part) for part in parts))
    yield "time against a ratio", of("time", num(int(parts[0].name)), num((int(parts[1].name) + 1) % 60))


def _time(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    hours, minutes = (int(part.name) for part in node.args)
    yield "time against a ratio", of("ratio", num(hours), num(max(minutes, 1)))
    if minutes:
        yield "time against a ratio", div(num(hours), num(minutes))
        yield "time against a ratio", of("time", num(minutes % 24), num(hours))
    yield "time against a ratio", of("time", num(2 * hours), num(2 * minutes % 60))
    yield "digit", of("time", num(hours), num((minutes + rng.choice((1, 5, 30))) % 60))
    yield "digit", of("time", num(hours % 12 + 1), num(minutes))
    yield "separator", num(hours * 10 + minutes // 10)


def _unit(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    kind = UNITS[node.name].dimension
    for name, unit in UNITS.items():
        if name != node.name and (unit.dimension == kind or rng.random() < 0.2):
            yield "unit", node._replace(name=name)
            if unit.dimension == kind:
                scale = UNITS[node.name].size / unit.size
                yield (
                    "equal form",
                    node._replace(
                        name=name, args=(mul(node.args[0], div(num(scale.numerator), num(scale.denominator))),)
                    ),
                )
    yield "percent", of("pct", node.args[0])


def _percent(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    inner = node.args[0]
    yield "percent", of("deg", inner)
    yield "size", of("pct", div(inner, num(100)))
    yield "unit", of("unit", inner, name=rng.choice(("km", "h", "g")))


def _degree(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    inner = node.args[0]
    yield "degrees", of("pct", inner)
    yield "unit", of("unit", inner, name=rng.choice(("km", "h", "g")))
    yield "unit", of("unit", inner, name="rad")
    yield "size", of("deg", mul(inner, num(2)))


def _relation(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    del rng
    left, right = node.args
    others = [op for op in ("equation", "less", "lesseq") if op != node.op]
    for op in others:
        yield "relation", node._replace(op=op)
    if node.op != "equation":
        yield "order", node._replace(args=(right, left))
        yield "relation", node._replace(args=(neg(left), neg(right)))
    yield "equal form", node._replace(args=(mul(num(3), left), mul(num(3), right)))
    yield "operator", of(node.op, right, neg(left)) if node.op == "equation" else of(node.op, left, neg(right))


def _primitive(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    inner = node.args[0]
    yield "free constant", node._replace(args=(add(inner, sym("x")),))
    yield "size", node._replace(args=(mul(inner, num(rng.choice((2, 3)))),))
    yield "sign", node._replace(args=(neg(inner),))


def _plus_minus(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    middle, off = node.args
    yield "plus-minus", add(middle, off)
    yield "plus-minus", add(middle, neg(off))
    yield "plus-minus", node._replace(args=(add(middle, num(rng.choice((1, 2)))), off))
    yield "sign", node._replace(args=(neg(middle), off))
    yield "plus-minus", of("list", add(middle, off), neg(off))
    yield "equal form", of("list", add(middle, off), add(middle, neg(off)))


SHAPES: Final[dict[str, tuple[Shape, ...]]] = {
    "set": (_elements,),
    "list": (_elements,),
    "tuple": (_elements,),
    "interval": (_interval,),
    "union": (_union,),
    "except": (_excluded,),
    "named": (_named,),
    "matrix": (_matrix,),
    "vector": (_matrix,),
    "ratio": (_ratio,),
    "time": (_time,),
    "unit": (_unit,),
    "pct": (_percent,),
    "deg": (_degree,),
    "equation": (_relation,),
    "less": (_relation,),
    "lesseq": (_relation,),
    "antiderivative": (_primitive,),
    "choice": (edit_choice,),
    "words": (edit_worded,),
    "money": (edit_money,),
    "date": (edit_date,),
    "base": (edit_base,),
    "notation": (edit_notation,),
    "pm": (_plus_minus,),
    "solutions": (edit_solutions,),
    "function": (edit_function,),
    "multiple": (edit_multiple,),
    "temperature": (edit_temperature,),
    "vectorsum": (edit_vector_sum,),
}
