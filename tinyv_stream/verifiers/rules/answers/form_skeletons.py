"""Forms of whole answers, with the left side of an equation: vertex form, slope-intercept form, `in the form`."""

from tinyv_stream.verifiers.rules.answers.form_texts import Side
from tinyv_stream.verifiers.rules.answers.form_trees import skeleton
from tinyv_stream.verifiers.rules.maths.tree import Op, Sym

_NUMBER = "#"


def has_shape(gold: Side) -> bool:
    """Say whether the ground truth is an expression with letters, whose form can be asked for."""
    return gold.tree is not None


def are_of_one_shape(answer: tuple[Side, ...], gold: tuple[Side, ...]) -> bool:
    """Say whether an answer has the skeleton of the ground truth, with the same left side, or a name for it."""
    ours, theirs = [_skeleton(side) for side in gold], [_skeleton(side) for side in answer]
    if all(shape in {_NUMBER, ""} for shape in ours):
        return True
    if len(gold) == 1:
        return ours[0] in theirs
    if _is_name(gold[0]) and len(gold) == 2:
        return theirs[-1] == ours[1] and (len(answer) == 1 or _is_name(answer[0]) or theirs[0] == ours[1])
    return sorted(ours) == sorted(theirs)


def _skeleton(side: Side) -> str:
    return skeleton(side.tree) if side.tree is not None else ""


def _is_name(side: Side) -> bool:
    node = side.tree
    return isinstance(node, Sym) or (isinstance(node, Op) and node.name.startswith("call"))
