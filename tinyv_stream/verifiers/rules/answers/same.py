"""Sameness of two answers, by shape: each pair of forms has one comparison, and a form is never forced into another.

- `compare` takes texts and a question; `same` takes two forms. None means "cannot tell", never "no".
- Gold and answer are not interchangeable: precision, units and labels are judged by what the gold gives.
"""

import functools
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import (
    asked_forms,
    collections,
    commas,
    conditions,
    echoes,
    equations,
    families,
    hedges,
    labels,
    letters,
    line,
    monotone,
    naming,
    notation,
    order,
    ranges,
    ratios,
    sentences,
    shapes,
    spelling,
    times,
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
from tinyv_stream.verifiers.rules.answers.numbers import same_scalar
from tinyv_stream.verifiers.rules.answers.reading import read_answer
from tinyv_stream.verifiers.rules.extract.spelled import spelled
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.tree import Num, Unreadable
from tinyv_stream.verifiers.taxonomy import Taxonomy

_LOOSE_SPACE: Final = re.compile(r"(?<![A-Za-z0-9,]) | (?![A-Za-z0-9])|(?<=,) (?![0-9])")
_WRAPPED: Final = re.compile(r"\A\\text\s*\{([^{}]*)\}\Z")
_ASCENDING: Final = re.compile(r"from (?:the )?(?:smallest|least|lowest)|ascending|increasing order", re.IGNORECASE)


def compare(answer: str, gold: str, question: str = "") -> Match | None:
    """Return the comparison of two texts; raise Unreadable where one of them is mathematics of another kind."""
    answer = notation.unframed(answer)
    if '"' in answer or "'" in answer:
        answer = spelled(answer)
    answer, gold = commas.with_points(answer, question), commas.with_points(gold, question)
    if not question.strip():
        answer, gold = commas.point_for(answer, gold), commas.point_for(gold, answer)
    answer, gold = words.verdict(answer, question), words.verdict(gold, question)
    answer = asked_forms.of_number(answer, question)
    raw = answer
    answer, gold = sentences.value_in(answer, question), sentences.value_in(gold, question)
    if hedges.hedges(raw, gold, question) or echoes.echoes(answer, gold, question):
        return None
    if not asked_forms.fits(answer, gold, question):
        return None
    picked = same_choice(answer, gold, question, same)
    if picked is not None:
        return picked
    if _same_text(answer, gold):
        return Match(same=True, reason="same text", taxonomy=Taxonomy.FORMATTING)
    left, right = (_of_whole_numbers(side, question) for side in (_read(gold), read_answer(answer)))
    return _same_readings(left, right, question)


def _same_text(answer: str, gold: str) -> bool:
    ours, theirs = (_WRAPPED.sub(r"\1", clean(text)) for text in (gold, answer))
    if ours and _LOOSE_SPACE.sub("", ours) == _LOOSE_SPACE.sub("", theirs):
        return True
    if ours.isalpha() and len(ours) > 2 and ours.lower() == theirs.lower():
        return True
    text = spelling.one_spelling(gold)
    return bool(text) and text == spelling.one_spelling(answer)


def _same_readings(left: AnswerReading, right: AnswerReading, question: str) -> Match | None:
    """Compare gold and answer as they were read: conditions and letters first, then the forms."""
    variable = right.form.variable if isinstance(right.form, Labelled) else ""
    turns = letters.counting_turns(right.form) | letters.counting_turns(left.form)
    if not conditions.agree(left.conditions, right.conditions, question, variable, parameters=turns):
        return None
    if letters.are_narrowed(left, right, question):
        return None
    if labels.has_idle_argument(right.form) and not labels.has_idle_argument(left.form):
        return None
    if not question.strip() and _has_units(right.form) and not isinstance(right.form, Scalar):
        return None  # without a question one unit may go, and not one of each element
    found = same(left.form, right.form, question)
    if found is None or not found.same:
        other = labels.are_other_names(left.form, right.form)
        return found if other else families.same_families(left, right, question) or found
    return None if letters.are_from_nowhere(left.form, right.form, question) else found


def _has_units(form: Form) -> bool:
    match form:
        case Scalar():
            return bool(form.unit)
        case Labelled():
            return _has_units(form.value)
        case Sequence():
            return any(_has_units(item) for item in form.items)
        case _:
            return False


def same(gold: Form, answer: Form, question: str) -> Match | None:  # noqa: PLR0911, PLR0912, C901 (one line per pair of shapes)
    """Return the comparison of two forms."""
    if gold == answer:
        known = isinstance(gold, Words) and gold.text.endswith((" date", "does not exist"))
        return Match(same=True, reason="words" if known else "same structure", taxonomy=Taxonomy.FORMATTING)
    if isinstance(gold, Labelled) or isinstance(answer, Labelled):
        return labels.same_labelled(gold, answer, question, same)
    match gold, answer:
        case Scalar(), Scalar():
            return same_scalar(gold, answer, question)
        case Words(), Words() if times.is_time(gold) and times.is_time(answer):
            return times.same_times(gold, answer, question)
        case Words(), Words():
            agreed = gold.text == answer.text or words.say_the_same(gold.text, answer.text, question)
            agreed = agreed or words.differ_by_asked_noun(gold.text, answer.text, question)
            return Match(same=agreed, reason="words", taxonomy=Taxonomy.LANGUAGE)
        case (Words("none"), Sequence("{}", ())) | (Sequence("{}", ()), Words("none")) if order.is_free(question):
            return Match(same=True, reason="no value", taxonomy=Taxonomy.LANGUAGE)
        case (Words(), Scalar() | Ratio()) | (Scalar() | Ratio(), Words()):
            return shapes.same_words(gold, answer, question)
        case Equation(), Equation():
            return equations.same_up_to_a_factor(gold.difference, answer.difference, question, positive=False)
        case Chain(), Chain() if gold.signs == answer.signs:
            agreed = all(equal(a, b, domains(question)) for a, b in zip(gold.parts, answer.parts, strict=True))
            return Match(same=agreed, reason="chain by its parts", taxonomy=Taxonomy.EXPRESSION)
        case Inequality(), Inequality() if gold.strict == answer.strict:
            return equations.same_up_to_a_factor(gold.difference, answer.difference, question, positive=True)
        case Ranges(), Inequality() if equations.is_solved(gold, question):
            return None
        case (Ranges(), Inequality()) | (Inequality(), Ranges()):
            return equations.same_inequalities(gold, answer, question)
        case Ranges(), Ranges() if gold.variable and answer.variable and gold.variable != answer.variable:
            return equations.same_inequalities(gold, answer, question)
        case Sequence("[]", (_, _)), Sequence("()", (_, _)) if monotone.are_asked(question):
            return ranges.same_ranges(gold, answer, question)
        case (Ranges(), _) | (_, Ranges()):
            return ranges.same_ranges(gold, answer, question)
        case (Equation(), Scalar()) | (Scalar(), Equation()):
            return equations.solved(gold, answer)
        case Ratio(), Ratio() if (times_alike := times.same_times(gold, answer, question)) and times_alike.same:
            return times_alike
        case Ratio(), _:
            return ratios.same_ratio(gold, answer, question, gold_first=True)
        case _, Ratio():
            return ratios.same_ratio(answer, gold, question, gold_first=False)
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


def _of_whole_numbers(reading: AnswerReading, question: str) -> AnswerReading:
    """Return `1 < n < 5` for whole n as the numbers that it holds; as bounds of whole numbers where they are many."""
    form = reading.form
    if not isinstance(form, Ranges) or not form.variable:
        return reading
    domain = conditions.whole(reading.conditions, form.variable)
    if not domain:
        return reading
    try:
        items = tuple(Scalar(Num(Fraction(n))) for n in line.whole_numbers(form, domain))
        return AnswerReading(Sequence("{}", items), reading.conditions, reading.dropped)
    except Unreadable:
        whole = letters.is_whole(form.variable, question)
        return reading if whole else AnswerReading(Sequence("whole", (form,)), reading.conditions, reading.dropped)


@functools.lru_cache(maxsize=512)
def _read(gold: str) -> AnswerReading:
    return read_answer(gold)
