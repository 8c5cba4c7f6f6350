r"""Edits that put a name in front of a right value: of another quantity, or of the other one of two.

Each question asks for one quantity and tells others. `P(A^c) = 9` is then no answer for `P(A)`, whatever P(A) is;
`max 0, min 4` is none where 0 is the minimum. Hedges say that an exact value is none.
"""
# ruff: noqa: E501 one question is one row

import random
from collections.abc import Iterator
from typing import Final

from bench.attack_rules.context import Context, Truth
from bench.attack_rules.drawing import DrawFamily, Drawn, fraction, small
from bench.attack_rules.tree import TreeNode

LabelEdit = tuple[str, str]

_ASKED: Final[dict[str, tuple[str, ...]]] = {
    "A die is rolled, and A is the event that a six shows. Find $P(A)$.": (
        "P(A^c)", "P(\\overline{A})", "P(B)", "P(A')", "P(A \\mid B)", "1 - P(A)", "E(A)", "\\text{odds}",
    ),
    "The sequence has $a_1 = 4$ and $a_{n+1} = a_n + d$. Find $a_{10}$.": (
        "a_9", "a_{11}", "a_1", "S_{10}", "b_{10}", "a_{n}", "d", "a_{10}^2", "A_{10}",
    ),
    "Let $f(x)$ be a polynomial. Find $f''(2)$.": (
        "f'(2)", "f(2)", "f'''(2)", "f''(3)", "f''(-2)", "g''(2)", "F''(2)", "f''(2)^2", "x",
    ),
    "A rectangle has length l and width w. What is its perimeter?": (
        "\\text{width}", "\\text{length}", "\\text{area}", "l", "w", "\\text{diagonal}", "\\text{The width}", "A",
    ),
    "The data have mean m and standard deviation s. Find the variance of the data.": (
        "\\sigma", "\\mu", "\\text{mean}", "\\text{median}", "\\text{standard deviation}", "m", "\\bar{x}", "\\text{SD}",
    ),
    "A circle has the given area. Find its diameter.": (
        "r", "\\text{radius}", "\\text{area}", "C", "\\text{circumference}", "A", "R",
    ),
    "In triangle $ABC$, find $\\angle A$ in degrees.": ("\\angle B", "\\angle C", "B", "AB", "\\sin A", "\\cos A", "BC"),
    "In triangle $ABC$ find $AC$, where $AB$ and $BC$ are given.": ("AB", "BC", "AD", "\\angle C", "AB + BC", "AC^2"),
    "Find the smallest positive integer $n$ that works.": ("m", "n^2", "n + 1", "2n", "N", "\\frac{1}{n}", "x^n"),
    "Find the maximum value of $f(x)$ on the interval.": ("x", "\\min f", "f_{\\min}", "\\text{minimum}", "f'(x)"),
    "Find the $y$-intercept of the line with slope m.": ("m", "x", "\\text{slope}", "\\text{x-intercept}"),
    "What is the remainder when N is divided by d?": ("q", "\\text{quotient}", "d", "N", "\\text{divisor}"),
    "What is the area of the shaded region?": ("V", "\\text{volume}", "\\text{perimeter}", "r", "\\text{unshaded area}"),
    "Find the determinant of the matrix $A$.": ("\\operatorname{tr} A", "\\det(A^{-1})", "A", "\\det(2A)", "\\det B"),
    "Given $\\log_2 x$, find $x$.": ("\\log_2 x", "y", "2x", "x^2", "\\log x", "\\ln x", "-x"),
    "How many of the 90 apples are left?": ("\\text{pears}", "\\text{apples eaten}", "\\text{The number of pears}"),
}  # fmt: skip
"""Questions, each with names that it does not ask for."""
_PAIRS: Final = {
    "Find the possible minimum and maximum.": (("min", "max"), ("\\min", "\\max"), ("minimum", "maximum"), ("m", "M")),
    "Find the area and the perimeter.": (("area", "perimeter"), ("\\text{area}", "\\text{perimeter}")),
    "Find the values of m and n.": (("m", "n"),),
    "Solve the system x + y = s, x - y = d for x and y.": (("x", "y"),),
    "Find the angles A and B, respectively.": (("A", "B"), ("\\angle A", "\\angle B")),
}
_HEDGES: Final = (
    "about ", "roughly ", "approximately ", "\\approx ", "\\text{approximately } ", "around ", "nearly ", "close to ",
    "\\text{about } ", "almost ", "\\sim ", "x \\approx ", "The answer is about ",
)  # fmt: skip
_HEDGED: Final = frozenset({"num", "div", "sqrt", "mul", "power"})


def _asked(rng: random.Random) -> Drawn:
    value = small(rng, 3, 400) if rng.random() < 0.7 else fraction(rng)
    return value, rng.choice(list(_ASKED)), Context(measured=True)


LABELLED: Final[dict[str, DrawFamily]] = {"asked quantities": _asked}


def label_edits(truth: Truth, spelled: str) -> Iterator[LabelEdit]:
    """Yield (kind, text) from a spelling of the truth; every text is wrong."""
    for name in _ASKED.get(truth.question, ()):
        yield "label of another quantity", f"{name} = {spelled}"
        if name.startswith("\\text{"):
            yield "label of another quantity", f"The {name[6:-1].removeprefix('The ')} is {spelled}"
    if truth.family == "ordered values" and truth.tree.op == "tuple":
        yield from _exchanged(truth.tree, truth.question)
    exact = truth.tree.op in _HEDGED and "." not in truth.text and not truth.context.rounded
    if exact and truth.question:
        yield from (("hedge", hedge + spelled) for hedge in _HEDGES)


def _exchanged(tree: TreeNode, question: str) -> Iterator[LabelEdit]:
    first, second = (child.name for child in tree.args)
    if not (first.isdigit() and second.isdigit()) or first == second:
        return
    for one, other in _PAIRS.get(question, ()):
        yield "names exchanged", f"{one} = {second}, {other} = {first}"
        yield "names exchanged", f"{other} = {first}, {one} = {second}"
        if len(one) > 2 and one.isalpha():
            yield "names exchanged", f"{other} {first}, {one} {second}"
            yield "names exchanged", f"The {one} is {second} and the {other} is {first}"
