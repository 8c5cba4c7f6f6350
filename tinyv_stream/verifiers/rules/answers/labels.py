"""Values with a name in front: `x = 3` beside `3`, beside `x = 3`, beside an equation."""

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import asked, computations, equations, order, ratios, wanted
from tinyv_stream.verifiers.rules.answers.forms import (
    Comparison,
    Equation,
    Form,
    Labelled,
    Match,
    Ranges,
    Ratio,
    Scalar,
    Sequence,
)
from tinyv_stream.verifiers.rules.answers.relations import label
from tinyv_stream.verifiers.rules.answers.shapes import is_residue
from tinyv_stream.verifiers.rules.answers.words import mentions
from tinyv_stream.verifiers.rules.maths.tree import FUNCTIONS, Op, rename, symbols
from tinyv_stream.verifiers.taxonomy import Taxonomy

_DERIVATIVES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"deriv|differentiat|gradient|slope|tangent|prime|'",
        r"second deriv|'{2}|concav",
        r"third deriv|'{3}",
    )
)
_AT: Final = re.compile(r"(\\?[A-Za-z]+(?:_\w+)?'*)\((.+)\)")
_FUNCTION_NAMES: Final = re.compile(r"y|[fgh](?:\^-1)?")


def same_labelled(  # noqa: PLR0911, PLR0912, C901 (one way out per doubt)
    gold: Form, answer: Form, question: str, same: Comparison
) -> Match | None:
    """Compare `x = 3` with `3`, with `x = 3`, or with an equation."""
    if isinstance(gold, Labelled) and isinstance(answer, Labelled):
        value = answer.value
        if gold.variable and answer.variable and gold.variable != answer.variable and isinstance(value, Scalar):
            if gold.variable in symbols(value.node):
                return None  # renaming would bind a letter that is free in the ground truth
            value = Scalar(rename(value.node, {answer.variable: gold.variable}), value.unit)
        names = gold.label, answer.label
        if gold.label == answer.label or ("y" in names and all(_FUNCTION_NAMES.fullmatch(name) for name in names)):
            found = same(gold.value, value, question)
            renamed = gold.label != answer.label or gold.variable != answer.variable
            return _relabel(found, Taxonomy.SYMBOLIC if renamed else None, "same assignment")
        if ":" in gold.label and ":" in answer.label:
            return None
        return None if equations.is_solved(gold, question) else equations.as_equations(gold, answer, question)
    chosen = _chosen(gold, answer), _chosen(answer, gold)
    if chosen != (gold, answer):
        return same(*chosen, question)
    spelt = _spelt_out(gold, answer), _spelt_out(answer, gold)
    if spelt != (gold, answer):
        return same(*spelt, question)
    if isinstance(gold, Equation) or isinstance(answer, Equation):
        if equations.is_solved(gold, question):
            return None
        return equations.solved(gold, answer) or equations.as_equations(gold, answer, question)
    if isinstance(gold, Ratio) and isinstance(answer, Labelled) and ":" in answer.label:
        return same(gold, answer.value, question) if ratios.are_in_place(answer, question) else None
    inner, other = (gold.value, answer) if isinstance(gold, Labelled) else (gold, answer)
    if isinstance(answer, Labelled):
        other = answer.value
        if answer.label.startswith("(") and not _is_asked_order(answer.label, gold, question):
            return None
        if isinstance(gold, Sequence) and len(gold.items) > 1 and not isinstance(answer.value, Sequence | Ranges):
            return None
        listed = isinstance(answer.value, Sequence) and not answer.value.brackets
        if listed and not answer.label.startswith("(") and order.is_ordered(question):
            return None  # one name for values of several names: `max = 3, max = -1`
    if isinstance(answer, Labelled) and not _is_residue_of(answer, question) and _names_another(answer, question):
        return None
    name = gold.label if isinstance(gold, Labelled) else answer.label if isinstance(answer, Labelled) else ""
    if isinstance(other, Sequence) and any(isinstance(i, Labelled) and i.label != name for i in other.items):
        return None
    found = same(_alternatives(gold, question) or inner, other, question)
    return _relabel(found, Taxonomy.FORMATTING, "same value, label aside")


def has_idle_argument(form: Form) -> bool:
    """Say whether a function has letters in its value, and not the one that it is of: `f(y) = 2x + 3`."""
    if not isinstance(form, Labelled) or not isinstance(form.value, Scalar):
        return False
    letters = symbols(form.value.node)
    return bool(form.variable and letters) and form.variable not in letters


def _is_residue_of(answer: Labelled, question: str) -> bool:
    r"""Say whether `a \equiv 3 \pmod 7` speaks of what the question divides."""
    value = answer.value
    if not isinstance(value, Scalar) or not is_residue(value):
        return False
    return re.search(rf"\bwhen \$?\s*{re.escape(answer.label)}\s*\$? is divided\b", question) is not None


def _alternatives(gold: Form, question: str) -> Form | None:
    """Return the values of `a = 4, -8`, of which one letter has one at a time, in no order."""
    if not isinstance(gold, Labelled) or len(gold.label) != 1 or gold.variable or order.is_ordered(question):
        return None
    several = gold.value
    if not isinstance(several, Sequence) or several.brackets or not all(isinstance(i, Scalar) for i in several.items):
        return None
    return Sequence("", several.items, either=True)


def are_other_names(gold: Form, answer: Form) -> bool:
    """Say whether both sides have a name, and not the same one."""
    return isinstance(gold, Labelled) and isinstance(answer, Labelled) and gold.label != answer.label


def _is_asked_order(text: str, gold: Form, question: str) -> bool:
    """Say whether `(x, y) = (1, 2)` names its values in the order in which the bare pair of a ground truth has them."""
    said = "".join(text.split())
    names = said[1:-1].split(",")
    by_the_alphabet = (
        all(len(name) == 1 for name in names) and names == sorted(names) and not order.is_ordered(question)
    )
    asked_for = said in "".join(question.split()) or order.places(names, question) == names or by_the_alphabet
    return asked_for and isinstance(gold, Sequence)


def _chosen(form: Form, other: Form) -> Form:
    """Return `C(5, 2)`, which could be a point, as the number of combinations where the other side is one value."""
    if not (isinstance(form, Labelled) and form.label == "C" and isinstance(other, Scalar)):
        return form
    pair = form.value
    if not isinstance(pair, Sequence) or pair.brackets != "()" or len(pair.items) != 2:
        return form
    nodes = tuple(item.node for item in pair.items if isinstance(item, Scalar) and not item.unit)
    return Scalar(Op("binom", nodes)) if len(nodes) == 2 else form


def _names_another(answer: Labelled, question: str) -> bool:
    """Say whether the question asks for something else than what an answer names."""
    name = answer.label
    if len(name) == 1 and asked.wants_more_than(name, question):
        return True
    only = asked.only_name(question)
    if only and only != name and len(only) == len(name) and mentions(question, name):
        return True
    if computations.is_another(name, question) or not wanted.bears(name, question, answer.variable):
        return True
    return _is_another_derivative(name, question) or _is_at_another_point(name, question)


def _is_at_another_point(name: str, question: str) -> bool:
    r"""Say whether a label is a function at a point, `\cos(3x)`, `f(2)`, that the question has elsewhere only."""
    found = _AT.fullmatch(name)
    if found is None:
        return False
    said = re.sub(r"[\s{}$]|\\(?:left|right|text)(?![a-z])|\\[,;!]", "", question[:4_000])
    after = [said[m.end() : m.end() + 1] for n in (name, found[1] + found[2]) for m in re.finditer(re.escape(n), said)]
    if after:
        return all(sign in {"=", "<", ">"} for sign in after)  # its value is given
    return found[1].strip("\\") in FUNCTIONS or found[1] + "(" in said


def _is_another_derivative(name: str, question: str) -> bool:
    """Say whether a label names a derivative that nobody asked for."""
    count = name.count("'")
    if not count or name in question:
        return False
    return _DERIVATIVES[min(count, 3) - 1].search(question) is None


def _spelt_out(form: Form, other: Form) -> Form:
    """Return `(x, y) = (1, 2)` as assignments, and `y = 1 or 2` as two equations, where the other side has such."""
    if not (isinstance(form, Labelled) and isinstance(form.value, Sequence) and isinstance(other, Sequence)):
        return form
    names, values = form.label[1:-1].split(","), form.value.items
    if form.label.startswith("(") and form.value.brackets == "()" and len(names) == len(values):
        named = all(isinstance(item, Labelled) for item in other.items)
        labels = [label(name) or (name, "") for name in names]
        items = tuple(Labelled(name, value, of) for (name, of), value in zip(labels, values, strict=True))
        return Sequence("", items) if named else form
    if form.value.brackets == "" and any(isinstance(item, Equation) for item in other.items):
        return Sequence("", tuple(Labelled(form.label, value) for value in values), either=True)
    return form


def _relabel(found: Match | None, taxonomy: Taxonomy | None, reason: str) -> Match | None:
    if found is None or not found.same:
        return found
    keep = found.taxonomy not in {None, Taxonomy.FORMATTING}
    return Match(same=True, reason=reason, taxonomy=found.taxonomy if keep or taxonomy is None else taxonomy)
