"""Edits of what contains values: elements, ends, names, units, letters of a choice, and other shapes of the same parts."""

import random
from collections.abc import Callable, Iterator
from typing import Final

from bench.attack_rules.families import NOTATIONS
from bench.attack_rules.tree import Node, add, div, mul, neg, num, of, sym
from bench.attack_rules.tree_edits import Edit
from bench.attack_rules.units import UNITS

Shape = Callable[[Node, random.Random], Iterator[Edit]]


def shape_edits(tree: Node, rng: random.Random) -> Iterator[Edit]:
    """Yield (kind, edited tree) for the outermost node."""
    for work in SHAPES.get(tree.op, (_lone,)):
        yield from work(tree, rng)


def _lone(node: Node, rng: random.Random) -> Iterator[Edit]:
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


def _elements(node: Node, rng: random.Random) -> Iterator[Edit]:
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
        yield "values against an interval", of("interval", *parts, name=rng.choice(("[]", "[)", "(]")))
        yield "operator", div(*parts)
        yield "pair against a ratio", of("ratio", *parts)
    kinds = {"set": "list", "list": "set", "tuple": "set"}
    if node.op in kinds:
        yield "bracket", of(kinds[node.op], *parts)


def _interval(node: Node, rng: random.Random) -> Iterator[Edit]:
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


def _infinite(node: Node) -> bool:
    return "infty" in node.name


def _union(node: Node, rng: random.Random) -> Iterator[Edit]:
    parts = node.args
    yield "one element fewer", parts[0]
    yield "one element fewer", parts[-1]
    at = rng.randrange(len(parts))
    yield "bracket", node._replace(args=(*parts[:at], _flipped(parts[at]), *parts[at + 1 :]))
    yield "excluded points lost", of("interval", of("words", name="-\\infty"), of("words", name="\\infty"), name="()")


def _flipped(node: Node) -> Node:
    low, high = node.args
    left = "(" if _infinite(low) else {"(": "[", "[": "("}[node.name[0]]
    right = ")" if _infinite(high) else {")": "]", "]": ")"}[node.name[1]]
    return node._replace(name=left + right)


def _excluded(node: Node, rng: random.Random) -> Iterator[Edit]:
    parts = node.args
    if len(parts) > 1:
        yield "excluded points lost", node._replace(args=parts[:-1])
    yield "excluded points lost", node._replace(args=(*parts, num(rng.randint(50, 90))))
    yield "excluded points lost", of("set", *parts)


def _named(node: Node, rng: random.Random) -> Iterator[Edit]:
    parts = node.args
    names, values = [part.name for part in parts], [part.args for part in parts]
    if len(parts) > 1:
        yield "named unknowns exchanged", node._replace(args=_relabelled(names[1:] + names[:1], values))
        yield "one element fewer", node._replace(args=parts[:-1])
    yield "named unknown renamed", node._replace(args=_relabelled([{"x": "z", "a": "d"}.get(names[0], "w"), *names[1:]], values))
    at = rng.randrange(len(parts))
    changed = parts[at]._replace(args=(add(parts[at].args[0], num(rng.choice((1, 2)))),))
    yield "operator", node._replace(args=(*parts[:at], changed, *parts[at + 1 :]))
    turned = parts[at]._replace(args=(neg(parts[at].args[0]),))
    yield "sign", node._replace(args=(*parts[:at], turned, *parts[at + 1 :]))
    if len(parts) > 1:
        yield "order", of("tuple", *(part.args[0] for part in reversed(parts)), name="terms")


def _relabelled(names: list[str], values: list[tuple[Node, ...]]) -> tuple[Node, ...]:
    return tuple(of("val", *value, name=name) for name, value in zip(names, values, strict=True))


def _matrix(node: Node, rng: random.Random) -> Iterator[Edit]:
    del rng
    rows = node.args
    yield "order", node._replace(args=tuple(reversed(rows)))
    if node.op == "matrix":
        columns = tuple(of("row", *cells) for cells in zip(*(row.args for row in rows), strict=True))
        yield "order", node._replace(args=columns)
    yield "one element fewer", node._replace(args=rows[:-1])
    yield "one element more", node._replace(args=(*rows, rows[0]))


def _ratio(node: Node, rng: random.Random) -> Iterator[Edit]:
    parts = node.args
    yield "order", node._replace(args=tuple(reversed(parts)))
    yield "one element more", node._replace(args=(*parts, num(rng.randint(2, 9))))
    yield "equal form", node._replace(args=tuple(mul(num(2), part) for part in parts))
    yield "time against a ratio", of("time", num(int(parts[0].name)), num(int(parts[1].name)))


def _time(node: Node, rng: random.Random) -> Iterator[Edit]:
    hours, minutes = (int(part.name) for part in node.args)
    yield "time against a ratio", of("ratio", num(hours), num(max(minutes, 1)))
    if minutes:
        yield "time against a ratio", div(num(hours), num(minutes))
        yield "time against a ratio", of("time", num(minutes % 24), num(hours))
    yield "time against a ratio", of("time", num(2 * hours), num(2 * minutes % 60))
    yield "digit", of("time", num(hours), num((minutes + rng.choice((1, 5, 30))) % 60))
    yield "digit", of("time", num(hours % 12 + 1), num(minutes))
    yield "separator", num(hours * 100 + minutes)


def _unit(node: Node, rng: random.Random) -> Iterator[Edit]:
    kind = UNITS[node.name].dimension
    for name, unit in UNITS.items():
        if name != node.name and (unit.dimension == kind or rng.random() < 0.2):
            yield "unit", node._replace(name=name)
            if unit.dimension == kind:
                scale = UNITS[node.name].size / unit.size
                yield "equal form", node._replace(name=name, args=(mul(node.args[0], div(num(scale.numerator), num(scale.denominator))),))
    yield "percent", of("pct", node.args[0])


def _percent(node: Node, rng: random.Random) -> Iterator[Edit]:
    inner = node.args[0]
    yield "percent", of("deg", inner)
    yield "size", of("pct", div(inner, num(100)))
    yield "unit", of("unit", inner, name=rng.choice(("km", "h", "g")))


def _degree(node: Node, rng: random.Random) -> Iterator[Edit]:
    inner = node.args[0]
    yield "degrees", of("pct", inner)
    yield "unit", of("unit", inner, name=rng.choice(("km", "h", "g")))
    yield "unit", of("unit", inner, name="rad")
    yield "size", of("deg", mul(inner, num(2)))


def _relation(node: Node, rng: random.Random) -> Iterator[Edit]:
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


def _primitive(node: Node, rng: random.Random) -> Iterator[Edit]:
    inner = node.args[0]
    yield "free constant", node._replace(args=(add(inner, sym("x")),))
    yield "size", node._replace(args=(mul(inner, num(rng.choice((2, 3)))),))
    yield "sign", node._replace(args=(neg(inner),))


def _choice(node: Node, rng: random.Random) -> Iterator[Edit]:
    letter = node.name
    other, third = rng.sample([c for c in "ABCDE" if c != letter], 2)
    for text in (
        other, f"({other})", f"\\text{{{other}}}", f"{other}.", f"{letter} and {other}", f"{letter}. and {other}.", f"{letter}, {other}",
        f"{letter}) no, {other})", f"{letter} or {other}", f"{letter}{other}", f"\\text{{{letter} and {other}}}", f"{other}, {letter}",
        f"\\text{{not }}{letter}", f"not {letter}", f"{letter}, {other}, {third}", f"\\text{{{letter} is wrong, it is {other}}}",
        f"{letter}/{other}", f"{letter}+{other}", f"{letter};{other}", f"neither {letter} nor {other}", f"all but {letter}", f"({letter}) and ({other})",
    ):  # fmt: skip
        yield "choice", of("choice", name=text)


def _worded(node: Node, rng: random.Random) -> Iterator[Edit]:
    inside = node.name.removeprefix("\\text{").removesuffix("}")
    pools = [("Yes", "No"), ("odd", "even"), ("increasing", "decreasing"), ("converges", "diverges"), ("circle", "ellipse", "parabola", "hyperbola")]
    pools += [("Monday", "Tuesday", "Sunday"), ("A is a thief", "B is a thief", "C is a thief", "is thief", "A is no thief", "A is not a thief")]
    pools += [("Player A wins", "Player B wins", "Player A loses", "A player wins"), ("the second player", "the first player")]
    pools += [("no real solutions", "all real numbers", "two real solutions", "one real solution")]
    for pool in pools:
        if inside in pool:
            for text in pool:
                yield "word", of("words", name=f"\\text{{{text}}}")
                yield "word", of("words", name=text)
    yield "word added", of("words", name=f"\\text{{not {inside}}}")
    yield "word added", of("words", name=f"\\text{{neither {inside} nor its opposite}}")
    yield "word added", of("words", name=f"\\text{{{inside}}} \\text{{ is false}}")
    yield "word", num(rng.randint(1, 9))
    yield "word added", of("words", name=f"{inside} or not")


def _money(node: Node, rng: random.Random) -> Iterator[Edit]:
    value = int(node.name.removeprefix("\\$"))
    for text in (f"\\${value + 1}", f"\\${value}0", f"\\${value}\\%", f"{value} cents", f"\\text{{{value} cents}}", f"€{value}", f"-\\${value}", f"£{value}", f"\\${value}.5", f"{value}\\text{{ million}}"):
        yield "money", of("money", name=text)
    del rng


def _date(node: Node, rng: random.Random) -> Iterator[Edit]:
    month, day = node.name.removeprefix("\\text{").removesuffix("}").split()
    other = rng.choice([m for m in ("February", "April", "June", "July") if m != month])
    for text in (f"{other} {day}", f"{month} {int(day) + 1}", f"{int(day) + 2} {month}", f"{month} {day}0", f"{day} {other}"):
        yield "date", of("date", name=f"\\text{{{text}}}")
    yield "equal form", of("date", name=f"\\text{{{month} {day}}}")


def _base(node: Node, rng: random.Random) -> Iterator[Edit]:
    base = int(node.args[0].name)
    yield "base", node._replace(args=(num(base + 1),))
    yield "base", num(int(node.name, base))
    yield "digits exchanged", node._replace(name=node.name[::-1])
    yield "digit", node._replace(name=node.name[:-1])
    yield "digit", node._replace(name=node.name + rng.choice("01"))


def _notation(node: Node, rng: random.Random) -> Iterator[Edit]:
    first, second = node.args
    for _, template, left, right in NOTATIONS:
        if template == node.name:
            for letter in left.replace(first.name, ""):
                yield "letter", node._replace(args=(sym(letter), second))
            for letter in right.replace(second.name, ""):
                yield "letter", node._replace(args=(first, sym(letter)))
    if node.name.count("<0>") == 1 and not any(sign in node.name for sign in ("parallel", "angle", "cdot", "<0>+<1>")):
        yield "order", node._replace(args=(second, first))
    for old, new, kind in _TEMPLATES:
        if old in node.name:
            yield kind, node._replace(name=node.name.replace(old, new, 1))
    del rng


_TEMPLATES: Final = (
    ("\\frac{1}{<0>+<1>}", "\\frac{1}{2(<0>+<1>)}", "dots"), ("+\\cdots", "", "dots"), (", \\ldots", "", "dots"), ("'", "", "prime"), ("'", "''", "prime"),
    ("-3", "+3", "sign"), ("\\frac{1}{3}", "-\\frac{1}{3}", "sign"), ("+\\frac{1}{3}", "-\\frac{1}{3}", "sign"), ("\\parallel", "\\perp", "relation"),
    ("\\Rightarrow", "\\Leftarrow", "relation"), ("\\cdot", "\\times", "operator"), ("2\\mathbf{", "\\mathbf{", "digit"), ("^{<1>}", "^{<1>+1}", "dots"), ("_{<1>}", "_{<1>+1}", "index"),
    ("_{<1>}", "^{<1>}", "index"), ("_{<1>}", "", "index"), ("\\partial <1>", "\\partial <1>^2", "exponent"), ("\\mathrm{d}<1>", "\\mathrm{d}<1>^2", "exponent"), ("\\frac{1}{2}+", "\\frac{1}{3}+", "dots"),
    ("\\frac{1}{2}\\", "\\", "prefix"), ("<0>^2, ", "<0>^3, ", "exponent"), (", <1>", "", "one element fewer"), ("<0>^2", "<0>^3", "dots"), ("\\angle <0>B<1>", "\\angle B<0><1>", "order"),
    ("\\overline{A<0>}", "\\overline{B<0>}", "letter"),
)  # fmt: skip


def _plus_minus(node: Node, rng: random.Random) -> Iterator[Edit]:
    middle, off = node.args
    yield "plus-minus", add(middle, off)
    yield "plus-minus", add(middle, neg(off))
    yield "plus-minus", node._replace(args=(add(middle, num(rng.choice((1, 2)))), off))
    yield "sign", node._replace(args=(neg(middle), off))
    yield "plus-minus", of("list", add(middle, off), neg(off))
    yield "equal form", of("list", add(middle, off), add(middle, neg(off)))


SHAPES: Final[dict[str, tuple[Shape, ...]]] = {
    "set": (_elements,), "list": (_elements,), "tuple": (_elements,), "interval": (_interval,), "union": (_union,), "except": (_excluded,), "named": (_named,),
    "matrix": (_matrix,), "vector": (_matrix,), "ratio": (_ratio,), "time": (_time,), "unit": (_unit,), "pct": (_percent,), "deg": (_degree,), "equation": (_relation,),
    "less": (_relation,), "lesseq": (_relation,), "antiderivative": (_primitive,), "choice": (_choice,), "words": (_worded,), "money": (_money,), "date": (_date,),
    "base": (_base,), "notation": (_notation,), "pm": (_plus_minus,),
}  # fmt: skip
