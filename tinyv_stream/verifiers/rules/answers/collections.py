"""Lists, sets, tuples, assignments, vectors and matrices: element by element, in order unless order means nothing.

Order means nothing in braces, between alternatives ("or", plus-minus), between tuples, and where the question asks for
all solutions. It means something wherever the question says "respectively", or asks to arrange.
"""

from collections import Counter
from typing import Final

from tinyv_stream.verifiers.rules.answers import assignments, naming, order, words
from tinyv_stream.verifiers.rules.answers.domains import domains
from tinyv_stream.verifiers.rules.answers.forms import (
    Comparison,
    Form,
    Labelled,
    Match,
    Matrix,
    Ranges,
    Scalar,
    Sequence,
    Words,
)
from tinyv_stream.verifiers.rules.answers.letters import free
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.tree import Node, Sym, rename, symbols
from tinyv_stream.verifiers.taxonomy import Taxonomy

_PARAMETERS: Final = frozenset("klmnst")


def same_sequence(  # noqa: C901, PLR0911 (one way out per kind of collection)
    gold: Form, answer: Form, question: str, same: Comparison
) -> Match | None:
    """Compare two collections, or one with a lone value in brackets."""
    if not isinstance(gold, Sequence) or not isinstance(answer, Sequence):
        return _lone(gold, answer, question, same)
    gold, answer = _unchained(gold), _unchained(answer)
    if "()" in {gold.brackets, answer.brackets} and (_only(gold) or _only(answer)):
        return same(_only(gold) or gold, _only(answer) or answer, question)
    asked, question = question, question + _shared_letters(gold.items, answer.items)
    gold, answer = naming.by_unit(gold, question), naming.by_unit(answer, question)
    gold, answer = _unindexed(gold, answer, question), _unindexed(answer, gold, question)
    if _is_half_named(gold) != _is_half_named(answer):
        return None
    if _has_names(gold) or _has_names(answer):
        return None if gold.either or answer.either else assignments.same_assignments(gold, answer, question, same)
    if not _brackets_agree(gold, answer, question) or _one_of_them_or_all(gold, answer, question):
        return None
    same = _of_one_level(same)
    ours, theirs = gold.items, _with_gold_parameter(gold, answer, asked).items
    repeated = _is_no_set(gold, question)
    if "{}" in {gold.brackets, answer.brackets} and not repeated:
        ours, theirs = _distinct(ours, question, same), _distinct(theirs, question, same)
    if len(ours) != len(theirs) and _are_tuples(ours) and _are_tuples(theirs) and "respectively" not in question:
        ours, theirs = _distinct(ours, question, same), _distinct(theirs, question, same)
    if len(ours) != len(theirs):
        return Match(same=False, reason="different numbers of elements")
    in_order = [same(a, b, question) for a, b in zip(ours, theirs, strict=True)]
    if all(found is not None and found.same for found in in_order):
        classes = [found.taxonomy for found in in_order if found and found.taxonomy not in {None, Taxonomy.FORMATTING}]
        dressed = gold.brackets != answer.brackets or not classes
        return Match(same=True, reason="same elements", taxonomy=Taxonomy.SET_LIST if dressed else classes[0])
    if repeated and gold.brackets == "{}":
        return None
    if not _order_is_free(gold, answer, question):
        return None if None in in_order else Match(same=False, reason="different elements")
    if assignments.matching(ours, theirs, question, same):
        return Match(same=True, reason="same elements in another order", taxonomy=Taxonomy.SET_LIST)
    return Match(same=False, reason="different elements")


def _one_of_them_or_all(gold: Sequence, answer: Sequence, question: str) -> bool:
    """Say whether one means `x = 1 and y = 2`, or `Ann and Bob`, the other the same with "or"."""
    if gold.either == answer.either:
        return False
    if answer.either and (order.is_ordered(question) or order.are_all_meant(question)):
        return True  # `12 or 5` says neither which is the length, nor that both are
    names = [isinstance(i, Words) or (isinstance(i, Scalar) and isinstance(i.node, Sym)) for i in gold.items]
    return any(names) or (assignments.by_label(gold) is not None and assignments.by_label(answer) is not None)


def _unchained(sequence: Sequence) -> Sequence:
    """Return `x = y = 0` as `x = 0, y = 0`."""
    return Sequence("", sequence.items) if sequence.brackets == "=" else sequence


def _only(sequence: Sequence) -> Sequence | None:
    """Return the one tuple of `{(1, 2)}`."""
    inner = sequence.items[0] if len(sequence.items) == 1 and sequence.brackets == "{}" else None
    return inner if isinstance(inner, Sequence) else None


def _with_gold_parameter(gold: Sequence, answer: Sequence, question: str) -> Sequence:
    """Return `(s, 2s)` as `(t, 2t)`: the one parameter of all elements may have any name that the question lacks."""
    if not question or not all(isinstance(item, Scalar) for item in (*gold.items, *answer.items)):
        return answer
    ours, theirs = _letters(gold), _letters(answer)
    if len(ours - theirs) != 1 or len(theirs - ours) != 1:
        return answer
    old, new = next(iter(theirs - ours)), next(iter(ours - theirs))
    tuples = gold.brackets == answer.brackets == "()"
    if not tuples and not ({old, new} <= _PARAMETERS and Scalar(Sym(new)) not in gold.items):
        return answer
    if len(old) > 1 or len(new) > 1 or words.mentions(question, old) or words.mentions(question, new):
        return answer
    items = (Scalar(rename(i.node, {old: new}), i.unit) if isinstance(i, Scalar) else i for i in answer.items)
    return Sequence(answer.brackets, tuple(items), answer.either)


def _shared_letters(*several: tuple[Form, ...]) -> str:
    """Return the letters that several elements share, as words: none of them may be renamed in one element alone."""
    counts = [Counter(name for item in items for name in free(item)) for items in several]
    return "".join(f" {name}" for count in counts for name, times in count.items() if times > 1)


def _letters(sequence: Sequence) -> frozenset[str]:
    return frozenset[str]().union(*(symbols(item.node) for item in sequence.items if isinstance(item, Scalar)))


def same_matrix(gold: Form, answer: Form, question: str) -> Match | None:
    """Compare two matrices, or a row or column with a tuple."""
    left, right = _rows(gold), _rows(answer)
    if left is None or right is None:
        return None
    vectors = any(isinstance(form, Sequence) and isinstance(form.items[0], Scalar) for form in (gold, answer))
    if vectors and (min(len(left), len(left[0])) != 1 or min(len(right), len(right[0])) != 1):
        return None
    if vectors:
        left, right = [[cell for row in left for cell in row]], [[cell for row in right for cell in row]]
    if [len(row) for row in left] != [len(row) for row in right]:
        return Match(same=False, reason="different sizes")
    pairs = [(a, b) for r, s in zip(left, right, strict=True) for a, b in zip(r, s, strict=True)]
    found = all(equal(a, b, domains(question)) for a, b in pairs)
    return Match(same=found, reason="matrix by elements", taxonomy=Taxonomy.NOTATION)


def _rows(form: Form) -> "list[list[Node]] | None":
    if isinstance(form, Matrix):
        return [list(row) for row in form.rows]
    if isinstance(form, Sequence) and form.brackets in {"()", "[]"}:
        if form.items and all(isinstance(item, Sequence) and item.brackets == form.brackets for item in form.items):
            rows = [row for item in form.items if (row := _rows(item)) is not None and len(row) == 1]
            whole = len(rows) == len(form.items) and len({len(row[0]) for row in rows}) == 1
            return [row[0] for row in rows] if whole else None
        nodes = [item.node for item in form.items if isinstance(item, Scalar) and not item.unit]
        return [list(nodes)] if len(nodes) == len(form.items) else None
    return None


def _lone(gold: Form, answer: Form, question: str, same: Comparison) -> Match | None:
    if isinstance(gold, Sequence) and gold.brackets == "=" and not free(gold):
        return same(gold.items[0], answer, question)
    one, other = (gold, answer) if isinstance(gold, Sequence) else (answer, gold)
    if not isinstance(one, Sequence):
        return None
    if one.either and isinstance(other, Scalar) and all(_agree(one.items[0], item, same) for item in one.items[1:]):
        one = Sequence(one.brackets, one.items[:1])  # `0.5 or 50%` says one thing twice
        gold, answer = (one, other) if gold is not other else (other, one)
    if len(one.items) != 1:
        return Match(same=False, reason="one value against several") if isinstance(other, Scalar) else None
    if _is_set(one.items[0]) and not isinstance(other, Ranges):
        return None  # `\\{\\{1\\}\\}` is not 1
    found = same(one.items[0], other, question) if one is gold else same(other, one.items[0], question)
    if found and found.same:
        return Match(same=True, reason="same value, brackets aside", taxonomy=Taxonomy.SET_LIST)
    return found


def _of_one_level(same: Comparison) -> Comparison:
    """Return the comparison of elements: a set in a set is no bare value."""

    def compared(gold: Form, answer: Form, question: str) -> Match | None:
        return None if _is_set(gold) != _is_set(answer) else same(gold, answer, question)

    return compared


def _is_set(form: Form) -> bool:
    return isinstance(form, Sequence) and form.brackets == "{}"


def _agree(one: Form, other: Form, same: Comparison) -> bool:
    found = same(one, other, "")
    return found is not None and found.same and isinstance(one, Scalar) and isinstance(other, Scalar)


def _brackets_agree(gold: Sequence, answer: Sequence, question: str) -> bool:
    pair = {gold.brackets, answer.brackets}
    if len(pair) == 1 or pair == {"", "{}"}:
        return True
    if "()" in pair and (gold.either or answer.either or "{}" in pair):
        return False
    # what could be an interval is no list
    if pair == {"", "()"}:
        return len(gold.items) != 2 or order.tuple_asked(question)
    if "[]" not in pair:
        return False
    if len(gold.items) != 2 or isinstance(gold.items[0], Sequence):
        return True
    return pair == {"", "[]"} and order.is_free(question) and not words.RANGE_ASKED.search(question)


def _order_is_free(gold: Sequence, answer: Sequence, question: str) -> bool:
    if {gold.brackets, answer.brackets} & {"()", "[]", "case"}:
        return False
    if gold.brackets in {"{}", "cases"} or gold.either:
        return True
    if all(isinstance(item, Sequence) for item in gold.items) or all(isinstance(item, Ranges) for item in gold.items):
        return "respectively" not in question.lower()
    if order.is_ordered(question):
        return False
    return answer.brackets == "{}" or answer.either or order.is_free(question)


def _distinct(items: tuple[Form, ...], question: str, same: Comparison) -> tuple[Form, ...]:
    kept: list[Form] = []
    for item in items:
        if not any((found := same(other, item, question)) and found.same for other in kept):
            kept.append(item)
    return tuple(kept)


def _has_names(sequence: Sequence) -> bool:
    """Say whether these are values of several names, not alternatives of one."""
    names = {item.label for item in sequence.items if isinstance(item, Labelled)}
    return len(names) > 1 and all(isinstance(item, Labelled) for item in sequence.items)


def _are_tuples(items: tuple[Form, ...]) -> bool:
    """Say whether these are solutions of several unknowns, of which one that is said twice counts once."""
    return all(isinstance(item, Sequence) and item.brackets == "()" for item in items)


def _is_no_set(gold: Sequence, question: str) -> bool:
    """Say whether a ground truth says a value twice: a vector, or roots as often as they occur, in any brackets."""
    return len(set(gold.items)) < len(gold.items) and not order.set_asked(question)


def _is_half_named(sequence: Sequence) -> bool:
    """Say whether some values have a name and some have none: `4, x = 9`."""
    named = sum(isinstance(item, Labelled) for item in sequence.items)
    return 0 < named < len(sequence.items)


def _unindexed(sequence: Sequence, other: Sequence, question: str) -> Sequence:
    """Return `x_1 = 2, x_2 = 3` as `2, 3` where the other side lists bare solutions in any order."""
    labels = [item.label for item in sequence.items if isinstance(item, Labelled)]
    if len(labels) != len(sequence.items) or any(isinstance(item, Labelled) for item in other.items):
        return sequence
    indexed = len({label.partition("_")[0] for label in labels}) == 1 and all("_" in label for label in labels)
    if not indexed or any(words.mentions(question, label) for label in labels):
        return sequence
    if not (other.either or order.is_free(question)):
        return sequence
    return Sequence("", tuple(i.value for i in sequence.items if isinstance(i, Labelled)), other.either)
