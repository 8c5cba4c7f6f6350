"""Edits of leaves: digits, decimals, letters and constants."""

import random
from collections.abc import Callable, Iterator

from bench.attack_rules.tree import TreeNode, const, dec, neg, num, of, sym

Edit = tuple[str, TreeNode]
Local = Callable[[TreeNode, random.Random], Iterator[Edit]]


def digits(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of a whole number."""
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


def decimal(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of a decimal."""
    whole, _, tail = node.name.partition(".")
    yield "decimal longer", dec(f"{node.name}{rng.randint(1, 99):02d}")
    yield "decimal point moved", dec(f"{whole}{tail[0]}.{tail[1:] or '0'}")
    yield "decimal point lost", num(int(whole + tail))
    yield "digit", dec(f"{int(whole) + 1}.{tail}")
    at = rng.randrange(len(tail))
    yield "digit", dec(f"{whole}.{tail[:at]}{(int(tail[at]) + rng.randint(1, 9)) % 10}{tail[at + 1 :]}")
    yield "prefix", num(int(whole))
    yield "suffix", num(int(tail))


def repeated(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of a repeating decimal."""
    head, tail = node.name.rstrip(")").split("(")
    yield "repeating decimal cut", dec(f"{head}{tail}")
    yield "repeating decimal cut", dec(f"{head}{tail}{tail}")
    yield "digit", of("rep", name=f"{head}({int(tail) + rng.choice((1, 2))})")


def letter(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of a letter."""
    yield "letter", sym(rng.choice([c for c in "abcxyzt" if c != node.name]))
    yield "case", sym(node.name.swapcase())
    yield "prime", sym(f"{node.name}'")
    yield "index", sym(f"{node.name}_{rng.randint(1, 3)}")
    yield "letter for a number", num(rng.randint(2, 9))


def constant(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of pi, e and i."""
    del rng
    yield "upright letter lost", num(1)
    yield "constant", const({"pi": "e", "e": "pi", "i": "pi"}[node.name])
    yield "constant", neg(node)
    yield "letter", sym({"pi": "p", "e": "c", "i": "k"}[node.name])


def scientific(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield edits of a number with an exponent of ten."""
    mantissa, _, exponent = node.name.partition("e")
    for other in (int(exponent) + 1, int(exponent) - rng.randint(1, 3), -int(exponent), int(exponent) * 10):
        yield "exponent", of("sci", name=f"{mantissa}e{other}")
    yield "exponent", dec(mantissa)
    yield "digit", of("sci", name=f"{int(mantissa[0]) % 9 + 1}{mantissa[1:]}e{exponent}")
    yield "decimal longer", of("sci", name=f"{mantissa}{rng.randint(1, 9)}e{exponent}")
    yield "decimal point moved", of("sci", name=f"{mantissa.replace('.', '')}e{exponent}")
    yield "exponent", num(int(mantissa.replace(".", "") + exponent.lstrip("-")))
