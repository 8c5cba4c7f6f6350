"""Edits of a value's tree: another digit, sign, order, bracket, function, letter, size, a term less.

`edits` yields every edit that fits, each with the name of its kind. None is promised to change the value: the oracle
tells.
"""

import random
from collections.abc import Callable, Iterator
from typing import Final

from bench.attack_rules.tree import Node, Path, add, const, dec, div, fn, mul, neg, num, of, places, power, put, sqrt, sym

Edit = tuple[str, Node]
Local = Callable[[Node, random.Random], Iterator[Edit]]


def edits(tree: Node, rng: random.Random) -> Iterator[Edit]:
    """Yield (kind, edited tree) for every edit at every place; places and kinds in a drawn order."""
    found = [(at, node) for at, node in places(tree) if not _closed(tree, at)]
    rng.shuffle(found)
    for at, node in found:
        for local in LOCAL.get(node.op, ()):
            for kind, new in local(node, rng):
                yield kind, put(tree, at, new)
        if node.op in VALUES:
            for kind, new in _anywhere(node, rng):
                yield kind, put(tree, at, new)


def _closed(tree: Node, at: Path) -> bool:
    """Return whether the place is inside of what has edits of its own."""
    for step in at:
        if tree.op in {"time", "base", "notation", "mixed", "money", "except"}:
            return True
        tree = tree.args[step]
    return False


def _digits(node: Node, rng: random.Random) -> Iterator[Edit]:
    text = node.name
    at = rng.randrange(len(text))
    if text[at].isdigit():
        yield "digit", num(int(text[:at] + str((int(text[at]) + rng.randint(1, 9)) % 10) + text[at + 1 :]))
    yield "digit", num(int(text) + rng.choice((1, 1, 2, 10)))
    if int(text) > 1:
        yield "digit", num(int(text) - 1)
    if len(text) > 1:
        yield "digit dropped", num(int(text[:at] + text[at + 1 :]))
        yield "digits exchanged", num(int(text[::-1]))
        yield "digit dropped", num(int(text[:-1]))
    yield "digit added", num(int(text + rng.choice("0123456789")))


def _decimal(node: Node, rng: random.Random) -> Iterator[Edit]:
    whole, _, tail = node.name.partition(".")
    yield "decimal longer", dec(f"{node.name}{rng.randint(1, 99):02d}")
    yield "decimal point moved", dec(f"{whole}{tail[0]}.{tail[1:] or '0'}")
    yield "decimal point lost", num(int(whole + tail))
    yield "digit", dec(f"{int(whole) + 1}.{tail}")
    at = rng.randrange(len(tail))
    yield "digit", dec(f"{whole}.{tail[:at]}{(int(tail[at]) + rng.randint(1, 9)) % 10}{tail[at + 1 :]}")
    yield "prefix", num(int(whole))
    yield "suffix", num(int(tail))


def _repeated(node: Node, rng: random.Random) -> Iterator[Edit]:
    head, tail = node.name.rstrip(")").split("(")
    yield "repeating decimal cut", dec(f"{head}{tail}" if head[-1] != "." else f"{head}{tail}")
    yield "repeating decimal cut", dec(f"{head}{tail}{tail}")
    yield "digit", of("rep", name=f"{head}({int(tail) + rng.choice((1, 2))})")


def _letter(node: Node, rng: random.Random) -> Iterator[Edit]:
    yield "letter", sym(rng.choice([c for c in "abcxyzt" if c != node.name]))
    yield "case", sym(node.name.swapcase())
    yield "prime", sym(f"{node.name}'")
    yield "index", sym(f"{node.name}_{rng.randint(1, 3)}")
    yield "letter for a number", num(rng.randint(2, 9))


def _constant(node: Node, rng: random.Random) -> Iterator[Edit]:
    del rng
    yield "upright letter lost", num(1)
    yield "constant", const({"pi": "e", "e": "pi", "i": "pi"}[node.name])
    yield "constant", neg(node)
    yield "letter", sym({"pi": "p", "e": "c", "i": "k"}[node.name])


def _sum(node: Node, rng: random.Random) -> Iterator[Edit]:
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


def _exchanged(node: Node) -> Node:
    """Return a sum with the first number of each term exchanged: `3+2i` gives `2+3i`."""
    found = [(at, child) for at, child in places(node) if child.op == "num"]
    if len(found) < 2:
        return add(*reversed(node.args))
    (first, a), (second, b) = found[0], found[1]
    return put(put(node, first, b), second, a)


def _product(node: Node, rng: random.Random) -> Iterator[Edit]:
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


def _negated(node: Node, rng: random.Random) -> Iterator[Edit]:
    del rng
    inner = node.args[0]
    yield "sign", inner
    if inner.op == "add":
        yield "bracket", add(neg(inner.args[0]), *inner.args[1:])


def _quotient(node: Node, rng: random.Random) -> Iterator[Edit]:
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
    if top.op == "num":
        yield "mixed number", of("mixed", num(rng.randint(1, 4)), top, bottom) if bottom.op == "num" else add(node, num(1))


def _power(node: Node, rng: random.Random) -> Iterator[Edit]:
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


def _root(node: Node, rng: random.Random) -> Iterator[Edit]:
    inner = node.args[-1]
    yield "root lost", inner
    yield "index of a root", of("root", num(rng.choice((3, 4, 5))), inner)
    if node.op == "root":
        yield "index of a root", sqrt(inner)
        yield "index of a root", mul(node.args[0], sqrt(inner))
    if inner.op == "add":
        yield "bracket", add(node._replace(args=(*node.args[:-1], inner.args[0])), *inner.args[1:])
    if inner.op == "mul":
        yield "bracket", mul(node._replace(args=(*node.args[:-1], inner.args[0])), *inner.args[1:])


_SIBLINGS: Final = {
    "sin": ("cos", "tan", "arcsin"), "cos": ("sin", "sec", "arccos"), "tan": ("cot", "sin", "arctan"), "ln": ("lg", "exp"),
    "arctan": ("tan", "arcsin"), "arcsin": ("arctan", "sin"), "arccos": ("cos", "arcsin"), "exp": ("ln",), "lg": ("ln",),
}  # fmt: skip


def _function(node: Node, rng: random.Random) -> Iterator[Edit]:
    inner = node.args[0]
    yield "function", fn(rng.choice(_SIBLINGS.get(node.name, ("sin",))), inner)
    yield "function lost", inner
    if inner.op == "mul":
        yield "bracket", mul(fn(node.name, inner.args[0]), *inner.args[1:])
    if inner.op == "add":
        yield "bracket", add(fn(node.name, inner.args[0]), *inner.args[1:])
    if inner.op == "div":
        yield "slash behind a function", div(fn(node.name, inner.args[0]), inner.args[1])
    yield "exponent", power(node, num(2))
    yield "bracket", fn(node.name, power(inner, num(2)))


def _logarithm(node: Node, rng: random.Random) -> Iterator[Edit]:
    base, inner = node.args
    yield "order", of("log", inner, base)
    yield "function", fn("ln", inner)
    yield "function", fn("lg", inner)
    yield "index", of("log", num(rng.choice((3, 4, 5, 7))), inner)
    yield "index", mul(fn("lg", base), inner)


def _turned(*names: str) -> Local:
    def work(node: Node, rng: random.Random) -> Iterator[Edit]:
        del rng
        for name in names:
            yield "function", node._replace(op=name)
        yield "function lost", node.args[0]

    return work


def _rounded(node: Node, rng: random.Random) -> Iterator[Edit]:
    del rng
    inner = node.args[0]
    other = "ceil" if node.op == "floor" else "floor"
    yield "floor and ceiling", of(other, inner)
    yield "floor and ceiling", add(of(other, inner), num(1) if other == "floor" else neg(num(1)))
    yield "floor and ceiling", inner
    yield "floor and ceiling", of(node.op, add(inner, num(1)))
    yield "floor and ceiling", of("abs", inner)


def _absolute(node: Node, rng: random.Random) -> Iterator[Edit]:
    del rng
    inner = node.args[0]
    yield "absolute value", inner
    yield "absolute value", neg(inner)
    yield "equal form", sqrt(power(inner, num(2)))
    if inner.op == "add":
        yield "absolute value", add(of("abs", inner.args[0]), *inner.args[1:])
        yield "absolute value", add(*(of("abs", term) for term in inner.args))


def _extreme(node: Node, rng: random.Random) -> Iterator[Edit]:
    del rng
    first, second = node.args
    yield "function", of("min" if node.op == "max" else "max", first, second)
    yield "prefix", first
    yield "suffix", second
    yield "operator", add(first, second)


def _counted(node: Node, rng: random.Random) -> Iterator[Edit]:
    first, second = node.args
    yield "order", node._replace(args=(second, first))
    yield "function", of({"gcd": "lcm", "lcm": "gcd", "binom": "div", "mod": "div"}[node.op], first, second)
    yield "operator", mul(first, second)
    yield "prefix", first
    yield "suffix", second
    del rng


def _factorial(node: Node, rng: random.Random) -> Iterator[Edit]:
    del rng
    inner = node.args[0]
    yield "factorial", inner
    yield "factorial", of("dfact" if node.op == "fact" else "fact", inner)
    yield "factorial", of(node.op, add(inner, num(2)))
    if inner.op == "add":
        yield "bracket", add(*inner.args[:-1], of(node.op, inner.args[-1]))


def _ranged(node: Node, rng: random.Random) -> Iterator[Edit]:
    low, high, body = node.args
    yield "range of a sum", node._replace(args=(add(low, num(1)), high, body))
    yield "range of a sum", node._replace(args=(low, add(high, neg(num(1))), body))
    yield "range of a sum", node._replace(args=(num(0), high, body))
    if node.op != "integral":
        yield "function", node._replace(op="prod" if node.op == "sum" else "sum")
    yield "body of a sum", node._replace(args=(low, high, mul(num(rng.randint(2, 5)), body)))
    yield "body of a sum", node._replace(args=(low, high, power(body, num(2))))


def _mixed(node: Node, rng: random.Random) -> Iterator[Edit]:
    whole, top, bottom = node.args
    yield "mixed number", mul(whole, div(top, bottom))
    yield "mixed number", div(top, bottom)
    yield "mixed number", of("mixed", num(int(whole.name) + 1), top, bottom)
    yield "mixed number", of("mixed", whole, bottom, top)
    yield "mixed number", div(num(int(whole.name + top.name)), bottom)
    yield "mixed number", whole
    yield "mixed number", of("mixed", num(int(whole.name) + rng.choice((1, 10))), top, bottom)


def _anywhere(node: Node, rng: random.Random) -> Iterator[Edit]:
    """Yield the edits that fit any value."""
    yield "one more", add(node, num(1))
    yield "sign", neg(node)
    yield "exponent", power(node, num(2))
    yield "size", mul(num(rng.choice((2, 10, 100))), node)
    yield "size", div(node, num(rng.choice((2, 10, 1000))))
    yield "absolute value", of("abs", node)
    yield "power of minus one", mul(power(neg(num(1)), sym("n")), node)
    yield "something small added", add(node, div(num(1), power(num(10), num(rng.randint(6, 40)))))
    yield "size", mul(node, power(num(10), num(rng.choice((-3, 3, 12)))))
    yield "function", fn(rng.choice(("sin", "ln")), node)
    yield "root", sqrt(node)
    yield "constant", mul(node, const(rng.choice(("pi", "e", "i"))))


LOCAL: Final[dict[str, tuple[Local, ...]]] = {
    "num": (_digits,), "dec": (_decimal,), "rep": (_repeated,), "sym": (_letter,), "const": (_constant,), "add": (_sum,), "mul": (_product,),
    "neg": (_negated,), "div": (_quotient,), "pow": (_power,), "sqrt": (_root,), "root": (_root,), "fn": (_function,), "log": (_logarithm,),
    "floor": (_rounded,), "ceil": (_rounded,), "abs": (_absolute,), "max": (_extreme,), "min": (_extreme,), "gcd": (_counted,), "lcm": (_counted,),
    "binom": (_counted,), "mod": (_counted,), "mixed": (_mixed,), "fact": (_factorial,), "dfact": (_factorial,), "sum": (_ranged,), "prod": (_ranged,), "integral": (_ranged,),
}  # fmt: skip
VALUES: Final = frozenset(
    "num dec rep sym const add mul neg div pow sqrt root fn log floor ceil abs max min gcd lcm binom mod fact dfact mixed sum prod".split()
)
