"""Comparison of what stands for many values: antiderivatives, periodic solutions, functions, multiples."""

from bench.attack_rules.context import Context
from bench.attack_rules.scalars import Judged, numbers, values
from bench.attack_rules.tree import TreeNode, add, div, letters, neg, num, of


def same_antiderivative(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Compare `F + C`: a constant apart is the same, a lost constant is left open."""
    if truth.op != answer.op:
        return "unsure"
    slope = [add(node.args[0], neg(_moved(node.args[0], truth.name))) for node in (truth, answer)]
    return values(slope[0], slope[1], context)


def _moved(node: TreeNode, letter: str) -> TreeNode:
    if node == TreeNode("sym", (), letter):
        return add(node, num(1))
    return node._replace(args=tuple(_moved(child, letter) for child in node.args))


def same_solutions(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Compare `a + kp` for all whole k: the same period, and first members a whole number of periods apart."""
    if truth.op != answer.op:
        return "different" if {truth.op, answer.op} & {"list"} or not letters(answer) else "unsure"
    (a, p), (b, q) = truth.args, answer.args
    if letters(truth) or letters(answer):
        return "unsure"
    if _opposite(p, q, context) != "equal":
        return _opposite(p, q, context)
    steps = div(add(b, neg(a)), p)
    return numbers(steps, of("floor", add(steps, div(num(1), num(2)))), context)


def _opposite(first: TreeNode, second: TreeNode, context: Context) -> Judged:
    """Return whether two periods are the same up to their sign."""
    same = numbers(first, second, context)
    return same if same == "equal" else numbers(first, neg(second), context)


def same_functions(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Compare `f(x) = ...` at points; another name is another function."""
    if truth.op != answer.op or truth.name != answer.name:
        return "different" if truth.op == answer.op else "unsure"
    return values(truth.args[0], answer.args[0], context)


def same_multiples(truth: TreeNode, answer: TreeNode, context: Context) -> Judged:
    """Compare `C g(x)` for every C: the same where the quotient of the functions does not change."""
    if truth.op != answer.op:
        return "unsure"
    quotient = div(answer.args[0], truth.args[0])
    if letters(quotient) - {"x"}:
        return "unsure"
    return values(quotient, _moved(quotient, "x"), context)
