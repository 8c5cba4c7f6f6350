"""Skeletons of expressions, and forms of whole answers: vertex form, slope-intercept form, `in the form`.

An answer "in the form" has the ground truth's skeleton, whatever the order of its terms, and the same left side, or a
name for it.
"""

from typing import Final

from tinyv_stream.verifiers.rules.answers.form_texts import AnswerSide
from tinyv_stream.verifiers.rules.answers.form_trees import flat
from tinyv_stream.verifiers.rules.maths.tree import Node, Op, Sym, walk
from tinyv_stream.verifiers.rules.maths.value import exact

_NUMBER: Final = "#"
_CONSTANT: Final = frozenset({"\\pi", "e"})


def has_shape(gold: AnswerSide) -> bool:
    """Say whether the ground truth is an expression whose form can be asked for."""
    return gold.tree is not None


def are_of_one_shape(answer: tuple[AnswerSide, ...], gold: tuple[AnswerSide, ...]) -> bool:
    """Say whether an answer has the skeleton of the ground truth, with the same left side, or a name for it."""
    ours, theirs = [_of_side(side) for side in gold], [_of_side(side) for side in answer]
    if all(shape in {_NUMBER, ""} for shape in ours):
        return True
    if len(gold) == 1:
        return ours[0] in theirs
    if _is_name(gold[0]) and len(gold) == 2:
        return theirs[-1] == ours[1] and (len(answer) == 1 or _is_name(answer[0]) or theirs[0] == ours[1])
    return sorted(ours) == sorted(theirs)


def skeleton(node: Node) -> str:  # noqa: PLR0911 (one way out per kind of node)
    """Return a tree without its numbers and the order of its terms and factors: `2i + 1` and `5 - i` have one."""
    if _is_numeric(node):
        return _NUMBER
    if isinstance(node, Sym) or not isinstance(node, Op):
        return getattr(node, "name", _NUMBER)
    if node.name == "add":
        return f"add({','.join(sorted(skeleton(term) for term in flat(node, 'add')))})"
    if node.name == "neg":
        return _scaled(skeleton(node.args[0]))
    if node.name == "mul":
        return _product(node)
    if node.name == "div":
        top, below = (skeleton(arg) for arg in node.args)
        return _scaled(top) if below == _NUMBER else f"div({top},{below.removeprefix('scaled ')})"
    if node.name == "pow":
        return f"pow({skeleton(node.args[0])},{exact(node.args[1]) or skeleton(node.args[1])})"
    return f"{node.name}({','.join(skeleton(arg) for arg in node.args)})"


def _product(node: Op) -> str:
    found = [skeleton(factor) for factor in flat(node, "mul")]
    kept = sorted(factor for factor in found if factor != _NUMBER)
    if len(kept) == 1:
        return _scaled(kept[0])
    return f"mul({','.join(kept)})"


def _scaled(inside: str) -> str:
    return f"scaled {inside}" if inside.startswith("add(") else inside


def _of_side(side: AnswerSide) -> str:
    return skeleton(side.tree) if side.tree is not None else ""


def _is_name(side: AnswerSide) -> bool:
    node = side.tree
    return isinstance(node, Sym) or (isinstance(node, Op) and node.name.startswith("call"))


def _is_numeric(node: Node) -> bool:
    return all(part.name in _CONSTANT for part in walk(node) if isinstance(part, Sym)) and not any(
        isinstance(part, Op) and part.name.startswith("call") for part in walk(node)
    )
