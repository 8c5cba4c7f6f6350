"""Edits of words: letters of a choice, names, amounts, dates, numerals of a base, forms without a value."""

import random
from collections.abc import Iterator
from typing import Final

from bench.attack_rules.leaf_edits import Edit
from bench.attack_rules.tree import TreeNode, num, of, sym
from bench.attack_rules.word_families import NOTATIONS

_OPTIONS: Final = dict(zip("ABCDE", ("one", "two", "three", "four", "five"), strict=True))


def edit_choice(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield other letters, several letters, and letters taken back."""
    letter = node.name
    other, third = rng.sample([c for c in "ABCDE" if c != letter], 2)
    for text in (
        other,
        f"({other})",
        f"\\text{{{other}}}",
        f"{other}.",
        f"{letter} and {other}",
        f"{letter}. and {other}.",
        f"{letter}, {other}",
        f"{letter}) no, {other})",
        f"{letter} or {other}",
        f"{letter}{other}",
        f"\\text{{{letter} and {other}}}",
        f"{other}, {letter}",
        f"\\text{{not }}{letter}",
        f"not {letter}",
        f"{letter}, {other}, {third}",
        f"\\text{{{letter} is wrong, it is {other}}}",
        f"{letter}/{other}",
        f"{letter}+{other}",
        f"{letter};{other}",
        f"neither {letter} nor {other}",
        f"all but {letter}",
        f"({letter}) and ({other})",
    ):
        yield "choice", of("choice", name=text)
    for text in (
        f"{other}: {_OPTIONS[other]}",
        f"({other}) {_OPTIONS[other]}",
        _OPTIONS[other],
        f"{other} - {_OPTIONS[other]}",
    ):
        yield "choice", of("choice", name=text)


def edit_worded(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield other words of the same subject, and words added."""
    inside = node.name.removeprefix("\\text{").removesuffix("}")
    pools = [
        ("Yes", "No"),
        ("odd", "even"),
        ("increasing", "decreasing"),
        ("converges", "diverges"),
        ("circle", "ellipse", "parabola", "hyperbola"),
    ]
    pools += [
        ("Monday", "Tuesday", "Sunday"),
        ("A is a thief", "B is a thief", "C is a thief", "is thief", "A is no thief", "A is not a thief"),
    ]
    pools += [
        ("Player A wins", "Player B wins", "Player A loses", "A player wins"),
        ("the second player", "the first player"),
    ]
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


def edit_money(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield other amounts and currencies."""
    value = int(node.name.removeprefix("\\$"))
    for text in (
        f"\\${value + 1}",
        f"\\${value}0",
        f"\\${value}\\%",
        f"{value} cents",
        f"\\text{{{value} cents}}",
        f"€{value}",
        f"-\\${value}",
        f"£{value}",
        f"\\${value}.5",
        f"{value}\\text{{ million}}",
    ):
        yield "money", of("money", name=text)
    del rng


def edit_date(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield other dates."""
    month, day = node.name.removeprefix("\\text{").removesuffix("}").split()
    other = rng.choice([m for m in ("February", "April", "June", "July") if m != month])
    for text in (
        f"{other} {day}",
        f"{month} {int(day) + 1}",
        f"{int(day) + 2} {month}",
        f"{month} {day}0",
        f"{day} {other}",
    ):
        yield "date", of("date", name=f"\\text{{{text}}}")
    yield "equal form", of("date", name=f"\\text{{{month} {day}}}")


def edit_base(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield other digits and another base."""
    base = int(node.args[0].name)
    yield "base", node._replace(args=(num(base + 1),))
    yield "base", num(int(node.name, base))
    yield "digits exchanged", node._replace(name=node.name[::-1])
    yield "digit", node._replace(name=node.name[:-1])
    yield "digit", node._replace(name=node.name + rng.choice("01"))


def edit_notation(node: TreeNode, rng: random.Random) -> Iterator[Edit]:
    """Yield another letter, order or sign of a form."""
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
    ("\\frac{1}{<0>+<1>}", "\\frac{1}{2(<0>+<1>)}", "dots"),
    ("+\\cdots", "", "dots"),
    (", \\ldots", "", "dots"),
    ("'", "", "prime"),
    ("'", "''", "prime"),
    ("-3", "+3", "sign"),
    ("\\frac{1}{3}", "-\\frac{1}{3}", "sign"),
    ("+\\frac{1}{3}", "-\\frac{1}{3}", "sign"),
    ("\\parallel", "\\perp", "relation"),
    ("\\Rightarrow", "\\Leftarrow", "relation"),
    ("\\cdot\\mathbf", "\\times\\mathbf", "operator"),
    ("2\\mathbf{", "\\mathbf{", "digit"),
    ("^{<1>}", "^{<1>+1}", "dots"),
    ("_{<1>}", "_{<1>+1}", "index"),
    ("_{<1>}", "^{<1>}", "index"),
    ("_{<1>}", "", "index"),
    ("\\partial <1>", "\\partial <1>^2", "exponent"),
    ("\\mathrm{d}<1>", "\\mathrm{d}<1>^2", "exponent"),
    ("\\frac{1}{2}+", "\\frac{1}{3}+", "dots"),
    ("\\frac{1}{2}\\", "\\", "prefix"),
    ("<0>^2, ", "<0>^3, ", "exponent"),
    (", <1>", "", "one element fewer"),
    ("<0>^2", "<0>^3", "dots"),
    ("\\angle <0>B<1>", "\\angle B<0><1>", "order"),
    ("\\overline{A<0>}", "\\overline{B<0>}", "letter"),
)
