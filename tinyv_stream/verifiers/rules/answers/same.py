"""Sameness of two answers, by shape: each pair of forms has one comparison, and a form is never forced into another.

- `compare` takes texts and a question; `same` takes two forms. None means "cannot tell", never "no".
- Gold and answer are not interchangeable: precision, units and labels are judged by what the gold gives.
"""

import functools
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import (
    asked,
    collections,
    commas,
    conditions,
    naming,
    ranges,
    sentences,
    shapes,
    spelling,
    words,
)
from tinyv_stream.verifiers.rules.answers.choices import same_choice
from tinyv_stream.verifiers.rules.answers.domains import domains
from tinyv_stream.verifiers.rules.answers.forms import (
    AnswerReading,
    Chain,
    Equation,
    Form,
    Inequality,
    Labelled,
    Match,
    Matrix,
    Ranges,
    Ratio,
    Scalar,
    Sequence,
    Words,
)
from tinyv_stream.verifiers.rules.answers.numbers import same_scalar, same_value
from tinyv_stream.verifiers.rules.answers.reading import read_answer
from tinyv_stream.verifiers.rules.answers.relations import label
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.equal import equal, proportional
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Sym, rename, substitute, symbols
from tinyv_stream.verifiers.taxonomy import Taxonomy

_LOOSE_SPACE: Final = re.compile(r"(?<![A-Za-z0-9,]) | (?![A-Za-z0-9])|(?<=,) (?![0-9])")
_WRAPPED: Final = re.compile(r"\A\\text\s*\{([^{}]*)\}\Z")
_ASCENDING: Final = re.compile(r"from (?:the )?(?:smallest|least|lowest)|ascending|increasing order", re.IGNORECASE)
_FUNCTION_NAMES: Final = re.compile(r"y|[fgh]")


def compare(answer: str, gold: str, question: str = "") -> Match | None:
    """Return the comparison of two texts; raise Unreadable where one of them is mathematics of another kind."""
    answer, gold = commas.with_points(answer, question), commas.with_points(gold, question)
    answer, gold = sentences.bare(answer, question), sentences.bare(gold, question)
    picked = same_choice(answer, gold, question, same)
    if picked is not None:
        return picked
    ours, theirs = (_WRAPPED.sub(r"\1", clean(text)) for text in (gold, answer))
    word = ours.isalpha() and len(ours) > 2 and ours.lower() == theirs.lower()
    if (_LOOSE_SPACE.sub("", ours) == _LOOSE_SPACE.sub("", theirs) and ours) or word:
        return Match(same=True, reason="same text", taxonomy=Taxonomy.FORMATTING)
    if (text := spelling.canonical(gold)) and text == spelling.canonical(answer):
        return Match(same=True, reason="same text", taxonomy=Taxonomy.FORMATTING)
    left, right = _read(gold), read_answer(answer)
    variable = right.form.variable if isinstance(right.form, Labelled) else ""
    if not conditions.agree(left.conditions, right.conditions, question, variable):
        return None
    return same(left.form, right.form, question)


def same(gold: Form, answer: Form, question: str) -> Match | None:  # noqa: PLR0911, PLR0912, C901 (one line per pair of shapes)
    """Return the comparison of two forms."""
    if gold == answer:
        return Match(same=True, reason="same structure", taxonomy=Taxonomy.FORMATTING)
    if isinstance(gold, Labelled) or isinstance(answer, Labelled):
        return _labelled(gold, answer, question)
    match gold, answer:
        case Scalar(), Scalar():
            return same_scalar(gold, answer, question)
        case Words(), Words():
            agreed = gold.text == answer.text or words.differ_by_asked_noun(gold.text, answer.text, question)
            return Match(same=agreed, reason="words", taxonomy=Taxonomy.LANGUAGE)
        case (Words(), Scalar() | Ratio()) | (Scalar() | Ratio(), Words()):
            return shapes.same_words(gold, answer, question)
        case Equation(), Equation():
            return _proportional(gold.difference, answer.difference, question, positive=False)
        case Chain(), Chain() if gold.signs == answer.signs:
            agreed = all(equal(a, b, domains(question)) for a, b in zip(gold.parts, answer.parts, strict=True))
            return Match(same=agreed, reason="chain by its parts", taxonomy=Taxonomy.EXPRESSION)
        case Inequality(), Inequality() if gold.strict == answer.strict:
            return _proportional(gold.difference, answer.difference, question, positive=True)
        case (Ranges(), Inequality()) | (Inequality(), Ranges()):
            return _inequalities(gold, answer, question)
        case Ranges(), Ranges() if gold.variable and answer.variable and gold.variable != answer.variable:
            return _inequalities(gold, answer, question)
        case (Ranges(), _) | (_, Ranges()):
            return ranges.same_ranges(gold, answer, question)
        case (Equation(), Scalar()) | (Scalar(), Equation()):
            return _solved(gold, answer)
        case Ratio(), _:
            return _ratio(gold, answer, question, gold_first=True)
        case _, Ratio():
            return _ratio(answer, gold, question, gold_first=False)
        case (Scalar(), Sequence() | Matrix()) | (Sequence() | Matrix(), Scalar()) if _is_vector(gold, answer):
            return same(naming.components(gold), naming.components(answer), question)
        case (Chain(), Sequence()) | (Sequence(), Chain()):
            return _in_order(gold, answer, question)
        case (Matrix(), _) | (_, Matrix()):
            return collections.same_matrix(gold, answer, question)
        case (Sequence(), _) | (_, Sequence()):
            return collections.same_sequence(gold, answer, question, same)
        case _:
            return None


def _is_vector(gold: Form, answer: Form) -> bool:
    return (naming.components(gold), naming.components(answer)) != (gold, answer)


def _in_order(gold: Form, answer: Form, question: str) -> Match | None:
    """Compare `a < c < b` with `a, c, b`, where the question asks to arrange from the least."""
    chain, listed = (gold, answer) if isinstance(gold, Chain) else (answer, gold)
    if not isinstance(chain, Chain) or not isinstance(listed, Sequence) or listed.brackets:
        return None
    nodes = [item.node for item in listed.items if isinstance(item, Scalar) and not item.unit]
    if set(chain.signs) != {"<"} or len(nodes) != len(chain.parts) or len(nodes) != len(listed.items):
        return None
    if not _ASCENDING.search(question):
        return None
    found = all(equal(a, b) for a, b in zip(chain.parts, nodes, strict=True))
    return Match(same=found, reason="order by its parts", taxonomy=Taxonomy.NOTATION)


@functools.lru_cache(maxsize=512)
def _read(gold: str) -> AnswerReading:
    return read_answer(gold)


def _labelled(gold: Form, answer: Form, question: str) -> Match | None:  # noqa: PLR0911 (one way out per doubt)
    """Compare `x = 3` with `3`, with `x = 3`, or with an equation."""
    if isinstance(gold, Labelled) and isinstance(answer, Labelled):
        value = answer.value
        if gold.variable and answer.variable and gold.variable != answer.variable and isinstance(value, Scalar):
            if gold.variable in symbols(value.node):
                return None
            value = Scalar(rename(value.node, {answer.variable: gold.variable}), value.unit)
        names = gold.label, answer.label
        if gold.label == answer.label or ("y" in names and all(_FUNCTION_NAMES.fullmatch(name) for name in names)):
            found = same(gold.value, value, question)
            renamed = gold.label != answer.label or gold.variable != answer.variable
            return _relabel(found, Taxonomy.SYMBOLIC if renamed else None, "same assignment")
        return _as_equations(gold, answer, question)
    spelt = _spelt_out(gold, answer), _spelt_out(answer, gold)
    if spelt != (gold, answer):
        return same(*spelt, question)
    if isinstance(gold, Equation) or isinstance(answer, Equation):
        return _solved(gold, answer) or _as_equations(gold, answer, question)
    inner, other = (gold.value, answer) if isinstance(gold, Labelled) else (gold, answer)
    if isinstance(answer, Labelled):
        other = answer.value
        if isinstance(gold, Sequence) and len(gold.items) > 1 and not isinstance(answer.value, Sequence | Ranges):
            return None
    name = gold.label if isinstance(gold, Labelled) else answer.label if isinstance(answer, Labelled) else ""
    if isinstance(other, Sequence) and any(isinstance(i, Labelled) and i.label != name for i in other.items):
        return None
    found = same(inner, other, question)
    return _relabel(found, Taxonomy.FORMATTING, "same value, label aside")


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


def _as_equations(gold: Form, answer: Form, question: str) -> Match | None:
    left, right = _difference(gold), _difference(answer)
    return _proportional(left, right, question, positive=False) if left and right else None


def _solved(gold: Form, answer: Form) -> Match | None:
    """Compare `2x + y = 6` with the bare `6 - 2x`: what remains of the equation solved for its other letter."""
    if not (isinstance(gold, Equation) and isinstance(answer, Scalar)) or answer.unit:
        return None
    left = symbols(gold.difference) - symbols(answer.node)
    if len(left) != 1 or not symbols(answer.node):
        return None
    name = next(iter(left))
    value = substitute(gold.difference, name, answer.node)
    shifted = [substitute(gold.difference, name, Op("add", (answer.node, Num(Fraction(k))))) for k in (1, 2)]
    linear = equal(shifted[1], Op("mul", (Num(Fraction(2)), shifted[0])))
    if equal(value, Num(Fraction(0))) and linear and not equal(shifted[0], Num(Fraction(0))):
        return Match(same=True, reason="equation solved for its other letter", taxonomy=Taxonomy.EXPRESSION)
    return None


def _difference(form: Form) -> Node | None:
    if isinstance(form, Equation):
        return form.difference
    if isinstance(form, Labelled) and isinstance(form.value, Scalar) and re.fullmatch(r"[a-z](_\w+)?", form.label):
        return Op("add", (Sym(form.label), Op("neg", (form.value.node,))))
    return None


def _inequalities(gold: Form, answer: Form, question: str) -> Match | None:
    left, right = _one_sided(gold), _one_sided(answer)
    if left is None or right is None or left.strict != right.strict:
        return None
    return _proportional(left.difference, right.difference, question, positive=True)


def _one_sided(form: Form) -> Inequality | None:
    """Return `a >= 3b` as a difference that is not negative."""
    if isinstance(form, Inequality):
        return form
    if not isinstance(form, Ranges) or len(form.parts) != 1 or not form.variable:
        return None
    part, name = form.parts[0], Sym(form.variable)
    if part.low is not None and part.high is None:
        return Inequality(Op("add", (name, Op("neg", (part.low,)))), not part.low_closed)
    if part.high is not None and part.low is None:
        return Inequality(Op("add", (part.high, Op("neg", (name,)))), not part.high_closed)
    return None


def _proportional(gold: Node, answer: Node, question: str, *, positive: bool) -> Match | None:
    """Compare two differences: equal up to a constant factor, which an inequality needs to be positive."""
    agreed = proportional(gold, answer, domains(question), positive=positive)
    if agreed is None:
        return None
    return Match(same=agreed, reason="same relation" if agreed else "different relations", taxonomy=Taxonomy.EXPRESSION)


def _ratio(ratio: Ratio, other: Form, question: str, *, gold_first: bool) -> Match | None:
    """Compare `4:3` with `8:6` and with 4/3, where a ratio is asked for; else each part counts, as on a clock."""
    asked_for = asked.RATIO.search(question) is not None and not asked.TIME.search(question)
    if isinstance(other, Ratio):
        if len(other.parts) != len(ratio.parts):
            return Match(same=False, reason="different ratios")
        if not asked_for:
            found = all(equal(a, b) for a, b in zip(ratio.parts, other.parts, strict=True))
            return Match(same=found, reason="ratio by its parts", taxonomy=Taxonomy.NOTATION) if found else None
        if any(equal(part, Num(Fraction(0))) is not False for part in (*ratio.parts, *other.parts)):
            return None
        first, second = ratio.parts[0], other.parts[0]
        pairs = zip(ratio.parts[1:], other.parts[1:], strict=True)
        found = all(equal(Op("mul", (a, second)), Op("mul", (b, first)), domains(question)) for a, b in pairs)
        return Match(same=found, reason="ratio", taxonomy=Taxonomy.NOTATION)
    if isinstance(other, Scalar) and len(ratio.parts) == 2 and not _is_dressed(other) and asked_for:
        quotient = Op("div", (ratio.parts[0], ratio.parts[1]))
        found = same_value(quotient, other.node, "") if gold_first else same_value(other.node, quotient, "")
        return found and Match(same=found.same, reason="ratio as a number", taxonomy=Taxonomy.NOTATION)
    return None


def _is_dressed(form: Scalar) -> bool:
    return bool(form.unit or form.percent or form.degrees)
