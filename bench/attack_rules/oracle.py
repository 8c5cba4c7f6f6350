"""Truth of a mutant, decided on the two trees: different, equal, or not to be told.

Never reads a text and shares nothing with a grader. `different` needs a witness: a point of the stated domain where
both have values that differ, an element without partner, another end of an interval, another unit. Whatever a reader
could take in good faith for the same (a decimal that is a rounding of the other, a unit left out, an unordered tuple)
is `unsure` and never counts as wrong.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from bench.attack_rules.context import Context
from bench.attack_rules.evaluate import differs
from bench.attack_rules.exact import exact
from bench.attack_rules.regions import same_region
from bench.attack_rules.scalars import Judged, numbers, values
from bench.attack_rules.solutions import same_antiderivative, same_functions, same_multiples, same_solutions
from bench.attack_rules.tree import TreeNode, add, div, mul, neg, num
from bench.attack_rules.units import UNITS
from bench.attack_rules.writer import write


def judge(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Return what the answer is to the truth under the question's context."""
    if truth == answer:
        return "equal"
    for ops, work in _KINDS:
        if truth.op in ops or answer.op in ops:
            return work(truth, answer, context)
    return values(truth, answer, context)


def _degrees(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    if truth.op == answer.op:
        return judge(truth.args[0], answer.args[0], context)
    if context.asked_unit == "rad" and truth.op != "deg":
        return numbers(truth, answer, context)
    bare = [node.args[0] if node.op == "deg" else node for node in (truth, answer)]
    if judge(bare[0], bare[1], context) != "different":
        # 60 and 60 degrees; a question that measures nothing gives no leave for a degree sign.
        return "unsure" if context.measured or truth.op == "deg" else "different"
    return numbers(truth, answer, context) if numbers(truth, answer, context) != "equal" else "unsure"


def _percent(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    straight = numbers(truth, answer, context)
    if straight != "different" or truth.op == answer.op:
        return straight
    bare = [node.args[0] if node.op == "pct" else node for node in (truth, answer)]
    if judge(bare[0], bare[1], context) != "different":
        return "unsure" if context.measured or truth.op == "pct" else "different"
    return straight


def _units(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    names = [node.name if node.op == "unit" else context.asked_unit for node in (truth, answer)]
    sizes = [node.args[0] if node.op == "unit" else node for node in (truth, answer)]
    if not all(names):
        if truth.op != "unit" and not context.measured:
            return "different"
        same = judge(sizes[0], sizes[1], context)
        return "unsure" if same != "different" or _power_apart(sizes[0], sizes[1]) else "different"
    first, second = (UNITS[name] for name in names)
    if first.dimension != second.dimension:
        return "different"
    scaled = [mul(size, _fraction(unit.size)) for size, unit in zip(sizes, (first, second), strict=True)]
    if names[0] == names[1]:
        return judge(sizes[0], sizes[1], context)
    return judge(scaled[0], scaled[1], context)


def _power_apart(first: TreeNode, second: TreeNode) -> bool:
    """Return whether one is the other in a larger unit (times a power of ten or sixty)."""
    factors = [Fraction(10) ** k for k in range(-12, 13)] + [Fraction(60), Fraction(1, 60), Fraction(3600)]
    return any(differs(mul(first, _fraction(f)), second, {}) is False for f in factors)


def _fraction(found: Fraction) -> TreeNode:
    return div(num(found.numerator), num(found.denominator))


def _leaves(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    del context
    first, second = (write(node).replace("\\text{", "").replace("}", "").strip("() ") for node in (truth, answer))
    if first == second:
        return "equal"
    return "unsure" if sorted(first.split()) == sorted(second.split()) and truth.op != "words" else "different"


def _ordered(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Compare what has an order: tuples, vectors, matrices, intervals, named values; anything else in its place."""
    if truth.op != answer.op:
        return _mixed_ordered(truth, answer, context)
    if len(truth.args) != len(answer.args) or truth.name != answer.name:
        return "different"
    return _all(judge(a, b, context) for a, b in zip(truth.args, answer.args, strict=True))


def _mixed_ordered(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    ops = {truth.op, answer.op}
    if "interval" in ops and ops & {"set", "list"}:
        return "different"
    first, second = _elements(truth), _elements(answer)
    if ops <= {"tuple", "vector", "list", "set"}:
        return "unsure" if _matched(first, second, context) != "different" else "different"
    if "vectorsum" in ops:
        return "unsure" if ops & {"tuple", "vector"} else "different"
    if ops & {"set", "list"} or "union" in ops:
        return "unsure"
    # A lone value against a tuple, matrix, interval: another shape; one element is not worth a quarrel.
    return "different" if len(first) > 1 or len(second) > 1 else "unsure"


def _all(found: Iterable[Judged]) -> Judged:
    verdicts = list(found)
    if "different" in verdicts:
        return "different"
    return "unsure" if "unsure" in verdicts else "equal"


def _sets(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    if {truth.op, answer.op} & {"interval", "union", "tuple", "vector", "matrix", "named", "except"}:
        return _mixed_ordered(truth, answer, context) if truth.op != answer.op else _ordered(truth, answer, context)
    return _matched(_elements(truth), _elements(answer), context)


def _elements(node: TreeNode) -> list[TreeNode]:
    """Return the elements; a plus-minus gives two."""
    inside = list(node.args) if node.op in {"set", "list", "tuple", "vector", "interval", "union"} else [node]
    found: list[TreeNode] = []
    for child in inside:
        if child.op == "pm":
            middle, off = child.args
            found += [add(middle, off), add(middle, neg(off))]
        else:
            found.append(child)
    return found


def _distinct(found: Sequence[TreeNode], context: Context) -> list[TreeNode]:
    kept: list[TreeNode] = []
    for node in found:
        if all(judge(node, other, context) != "equal" for other in kept):
            kept.append(node)
    return kept


def _matched(first: Sequence[TreeNode], second: Sequence[TreeNode], context: Context) -> Judged:
    first, second = _distinct(first, context), _distinct(second, context)
    table: list[list[Judged]] = [[judge(a, b, context) for b in second] for a in first]
    if len(first) != len(second):
        # One without a partner on the larger side shows it; near ones might be two spellings of one.
        rows = table if len(first) > len(second) else [list(column) for column in zip(*table, strict=True)]
        return "different" if not rows or any(set(row) <= {"different"} for row in rows) else "unsure"
    if _pairing(table, {"equal"}):
        return "equal"
    return "unsure" if _pairing(table, {"equal", "unsure"}) else "different"


def _pairing(
    table: Sequence[Sequence[Judged]], allowed: set[str], row: int = 0, used: frozenset[int] = frozenset()
) -> bool:
    if row == len(table):
        return True
    return any(
        at not in used and found in allowed and _pairing(table, allowed, row + 1, used | {at})
        for at, found in enumerate(table[row])
    )


def _unions(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    if {truth.op, answer.op} <= {"interval", "union"}:
        return _matched(_elements_of_union(truth), _elements_of_union(answer), context)
    if {truth.op, answer.op} <= {"interval", "union", "set", "list"}:
        return "different"
    return "unsure"


def _elements_of_union(node: TreeNode) -> list[TreeNode]:
    return list(node.args) if node.op == "union" else [node]


def _relations(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Compare `left = right`, `<`, `<=` as sets of points."""
    del context
    ops = {truth.op, answer.op}
    if len(ops) == 1:
        return same_region(truth, answer)
    if ops <= {"equation", "less", "lesseq"}:
        return "different"  # a curve, an open and a closed region
    if ops & {"interval", "union", "except", "named", "set", "list", "equation"}:
        return "unsure"
    return "different"


def _named(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Compare `x = 1, y = 2`: by name, in any order."""
    if truth.op != "named" or answer.op != "named":
        bare, other = (answer, truth) if truth.op == "named" else (truth, answer)
        values = [child.args[0] for child in other.args]
        inside = list(bare.args) if bare.op in {"tuple", "list"} else [bare]
        if len(values) != len(inside):
            return "different"
        return "unsure" if _matched(values, inside, context) != "different" else "different"
    first, second = ({child.name: child.args[0] for child in node.args} for node in (truth, answer))
    if first.keys() != second.keys():
        return "different"
    return _all([judge(first[name], second[name], context) for name in first])


def _ratio(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Compare ratios up to a common factor; a time of day is none."""
    if truth.op != "ratio" or answer.op != "ratio":
        return "different" if "time" in {truth.op, answer.op} else "unsure"
    if len(truth.args) != len(answer.args):
        return "different"
    pairs = zip(truth.args[1:], answer.args[1:], strict=True)
    return _all([judge(mul(truth.args[0], b), mul(answer.args[0], a), context) for a, b in pairs])


def _time(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    del context
    if {truth.op, answer.op} == {"time", "ratio"} and len(truth.args) == len(answer.args):
        here, there = ([exact(part) for part in node.args] for node in (truth, answer))
        return "unsure" if here == there else "different"
    return "equal" if truth == answer else "different"


def _bases(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    def size(node: TreeNode) -> TreeNode | None:
        base, text = (int(node.args[0].name), node.name) if node.op == "base" else (context.base, node.name)
        bare = node.op in {"base", "num"} and all(int(digit, 36) < base for digit in text)
        return num(int(text, base)) if bare else None

    first, second = size(truth), size(answer)
    if first is None or second is None:
        return "unsure"
    return numbers(first, second, context)


_KINDS: Final = (
    (frozenset({"solutions"}), same_solutions),
    (frozenset({"function"}), same_functions),
    (frozenset({"multiple"}), same_multiples),
    (frozenset({"words", "notation", "choice", "money", "date", "temperature"}), _leaves),
    (frozenset({"time"}), _time),
    (frozenset({"ratio"}), _ratio),
    (frozenset({"named"}), _named),
    (frozenset({"antiderivative"}), same_antiderivative),
    (frozenset({"equation", "less", "lesseq"}), _relations),
    (frozenset({"base"}), _bases),
    (frozenset({"union"}), _unions),
    (frozenset({"set", "list", "pm"}), _sets),
    (frozenset({"tuple", "vector", "matrix", "row", "interval", "except", "vectorsum"}), _ordered),
    (frozenset({"unit"}), _units),
    (frozenset({"deg"}), _degrees),
    (frozenset({"pct"}), _percent),
)
