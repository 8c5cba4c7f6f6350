"""Values of the attack's trees against another library, which shares no line with them."""

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sympy

from bench.attack_rules.evaluate import HIGH, NoValueError, value
from bench.attack_rules.letter_families import LETTERS
from bench.attack_rules.number_families import NUMBERS
from bench.attack_rules.points import points
from bench.attack_rules.solution_families import SOLVED
from bench.attack_rules.tree import TreeNode, letters, places
from bench.attack_rules.tree_edits import edits

RULES: dict[str, Callable[..., Any]] = {
    "add": sympy.Add,
    "mul": sympy.Mul,
    "neg": lambda a: -a,
    "div": lambda a, b: a / b,
    "pow": sympy.Pow,
    "sqrt": sympy.sqrt,
    "root": lambda n, a: sympy.real_root(a, n),
    "log": lambda base, a: sympy.log(a, base),
    "abs": sympy.Abs,
    "floor": sympy.floor,
    "ceil": sympy.ceiling,
    "fact": sympy.factorial,
    "dfact": sympy.factorial2,
    "binom": sympy.binomial,
    "gcd": sympy.gcd,
    "lcm": sympy.lcm,
    "mod": sympy.Mod,
    "max": sympy.Max,
    "min": sympy.Min,
    "mixed": lambda whole, top, bottom: whole + top / bottom,
}
FUNCTIONS = {
    "lg": lambda a: sympy.log(a, 10),
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "ln": sympy.log,
}
SYMBOLIC = {**NUMBERS, **LETTERS, "negative letters": SOLVED["negative letters"], "nested": SOLVED["nested"]}
LEFT_OUT = {"integral", "rep", "pct", "unit", "deg"}


def algebra(node: TreeNode, point: dict[str, Fraction]) -> Any:  # noqa: ANN401 (sympy has no types)
    if node.op in {"num", "dec", "sci", "thousands"}:
        return sympy.Rational(node.name)
    if node.op == "sym":
        return sympy.Rational(point[node.name].numerator, point[node.name].denominator)
    if node.op == "const":
        return {"pi": sympy.pi, "e": sympy.E, "i": sympy.I}[node.name]
    if node.op in {"sum", "prod"}:
        low, high = (int(algebra(child, point)) for child in node.args[:2])
        parts = [algebra(node.args[2], {**point, node.name: Fraction(k)}) for k in range(low, high + 1)]
        return (sympy.Add if node.op == "sum" else sympy.Mul)(*parts)
    args = [algebra(child, point) for child in node.args]
    if node.op == "fn":
        return FUNCTIONS.get(node.name, getattr(sympy, node.name, None))(*args)
    return RULES[node.op](*args)


@pytest.mark.parametrize("family", sorted(SYMBOLIC))
def test_values_are_those_of_sympy(family: str) -> None:
    rng = random.Random(family)
    compared = 0
    for _ in range(12):
        tree, _, context = SYMBOLIC[family](rng)
        trees = [tree, *rng.sample([new for _, new in edits(tree, rng)], k=4)]
        for made in trees:
            ops = {part.op for _, part in places(made)}
            if ops & LEFT_OUT or not ops <= {
                *RULES,
                "num",
                "dec",
                "sci",
                "sym",
                "const",
                "sum",
                "prod",
                "fn",
                "thousands",
            }:
                continue
            compared += _same(made, rng.choice(points(sorted(letters(made)), context.domain)))
    assert compared >= (0 if family in {"repeating", "integrals", "equations", "antiderivatives"} else 15)


def _same(node: TreeNode, point: dict[str, Fraction]) -> bool:
    try:
        mine = value(node, point, HIGH)
    except NoValueError:
        return False
    theirs = sympy.N(algebra(node, point), 40)
    if not theirs.is_number or theirs.has(sympy.zoo, sympy.nan, sympy.oo) or abs(mine) > 10**300:
        return False
    real, imaginary = (HIGH.mpf(str(part)) for part in theirs.as_real_imag())
    assert abs(HIGH.mpc(real, imaginary) - mine) <= HIGH.mpf(10) ** -30 * max(abs(mine), HIGH.mpf(10) ** -60), (
        node,
        point,
    )
    return True
