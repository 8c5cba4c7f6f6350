"""Intervals, inequalities and set-builders: the same subset of the line, however it is written."""

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import monotone, order, words
from tinyv_stream.verifiers.rules.answers.forms import Form, Inequality, Interval, Match, Ranges, Sequence
from tinyv_stream.verifiers.rules.answers.line import as_ranges
from tinyv_stream.verifiers.rules.answers.numbers import rounded
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.tree import Node, Unreadable, symbols
from tinyv_stream.verifiers.rules.maths.value import approximate
from tinyv_stream.verifiers.taxonomy import Taxonomy

_FAR: Final = 1e30
_POINT_ASKED: Final = re.compile(
    r"ordered pair|coordinates|\bpoint|vertex|vertices|vector|\bfoc(?:us|i)\b", re.IGNORECASE
)

_INTERVALS: Final = re.compile(r"\bintervals\b|\binterval\(s\)", re.IGNORECASE)


def same_ranges(  # noqa: PLR0911 (one way out per doubt)
    gold: Form, answer: Form, question: str
) -> Match | None:
    """Compare two subsets of the line, at least one of which is written as one.

    Closed ends of the ground truth may be open in the answer where a function's rise or fall is asked (`monotone`).
    """
    gold, answer = _united(gold, question), _united(answer, question)
    bracketed = any(isinstance(form, Sequence) and form.brackets == "()" for form in (gold, answer))
    point = _POINT_ASKED.search(question) is not None or order.tuple_asked(question)
    if bracketed and point and not words.RANGE_ASKED.search(question):
        return None
    if isinstance(gold, Inequality) or isinstance(answer, Inequality):
        return None
    if {type(gold), type(answer)} - {Ranges, Sequence}:
        return None
    try:
        left, right = as_ranges(gold), as_ranges(answer)
    except Unreadable:
        return None
    if left.variable and right.variable and left.variable != right.variable:
        return None
    ours, theirs = _ordered(left.parts), _ordered(right.parts)
    if len(ours) != len(theirs):
        return Match(same=False, reason="different intervals")
    found = all(_same_interval(a, b, question) for a, b in zip(ours, theirs, strict=True))
    return Match(same=found, reason="same intervals" if found else "different intervals", taxonomy=Taxonomy.NOTATION)


def _united(form: Form, question: str) -> Form:
    """Return `(-1, 0) and (2, 5)` as one subset, where intervals are asked for."""
    if not isinstance(form, Sequence) or form.brackets or len(form.items) < 2 or not _INTERVALS.search(question):
        return form
    if not all(isinstance(i, Ranges) or (isinstance(i, Sequence) and i.brackets in {"()", "[]"}) for i in form.items):
        return form
    try:
        each = [as_ranges(item) for item in form.items]
    except Unreadable:
        return form
    return form if any(part.variable for part in each) else Ranges(tuple(p for part in each for p in part.parts), "")


def _ordered(parts: tuple[Interval, ...]) -> list[Interval]:
    """Return the parts from left to right; parts with symbols in their ends keep their order."""
    ends = [end for part in parts for end in (part.low, part.high) if end is not None]
    if any(symbols(end) for end in ends):
        return list(parts)
    return sorted(parts, key=lambda part: -_FAR if part.low is None else _place(part.low))


def _place(node: Node) -> float:
    try:
        return float(approximate(node, {}).real)
    except Unreadable:
        return _FAR


def _same_interval(gold: Interval, answer: Interval, question: str) -> bool:
    more = (answer.low_closed and not gold.low_closed) or (answer.high_closed and not gold.high_closed)
    fewer = (gold.low_closed, gold.high_closed) != (answer.low_closed, answer.high_closed)
    if more or (fewer and (gold.low == gold.high or not monotone.are_asked(question))):
        return False
    return _same_end(gold.low, answer.low, question) and _same_end(gold.high, answer.high, question)


def _same_end(one: Node | None, other: Node | None, question: str) -> bool:
    if one is None or other is None:
        return one is other
    return equal(one, other) is True or rounded(one, other, question)
