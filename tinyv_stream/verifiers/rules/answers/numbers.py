"""Equality of two single values: exact, rounded, in other units, or up to the name of a constant."""

import itertools
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import shapes, units, words
from tinyv_stream.verifiers.rules.answers.forms import Match, Scalar
from tinyv_stream.verifiers.rules.maths.equal import close, equal, point
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Sym, Unreadable, decimals, rename, symbols
from tinyv_stream.verifiers.rules.maths.value import CONTEXT, approximate, exact
from tinyv_stream.verifiers.taxonomy import Taxonomy

_ROUNDING_ASKED: Final = re.compile(
    r"to the nearest|nearest (?:tenth|hundredth|thousandth|whole|integer|cent|dollar|percent|degree)|\brounded\b|"
    r"\bround(?:ing)? (?:your|the|to|off|up|down|it|answer)|approximat|decimal (?:place|point)|decimals\b|about how|"
    r"estimat|significant|accurate to|accuracy|calculator|≈",
    re.IGNORECASE,
)
_PERCENT_ASKED: Final = re.compile(r"percent|\\?%", re.IGNORECASE)
_CONSTANT_NAMES: Final = frozenset("CcKkAn") | {"c_1", "C_1"}
_FREE_NAMES: Final = frozenset("CcKknmltsrj") | {"\\lambda", "\\mu"}
"""Letters that stand for any constant or any integer; x or a stand for what the question says."""
_INTEGRATION: Final = re.compile(r"[CcKkABab](?:_\d|_\{\d\})?")
_MAX_CONSTANTS: Final = 3
_ENOUGH_DIGITS: Final = 4
"""Significant digits from which a rounded value stands for an exact one nobody asked to round."""
_ASKED_DIGITS: Final = 2
_CUT_DIGITS: Final = 5
"""Significant digits from which a ground truth may have been cut off instead of rounded."""
_FLOAT_PLACES: Final = 12
"""Decimals from which a ground truth was printed by a computer, whose last digits are noise."""
_HALF: Final = "0.5000001"
_HUNDRED: Final = Num(Fraction(100))
_DEGREE: Final = Op("div", (Sym("\\pi"), Num(Fraction(180))))


def same_scalar(  # noqa: PLR0911 (one way out per dress)
    gold: Scalar, answer: Scalar, question: str
) -> Match | None:
    """Compare two values with what stands behind them; None where it cannot be told."""
    if shapes.is_residue(gold) or shapes.is_residue(answer):
        return shapes.same_residue(gold, answer, question)
    gold, answer = _with_letter_units(gold, answer, question)
    dressed = gold.unit != answer.unit or gold.percent != answer.percent or gold.degrees != answer.degrees
    if gold.percent != answer.percent:
        return _percent(gold, answer, question)
    if gold.degrees != answer.degrees:
        return _degrees(gold, answer)
    left, right = gold.node, answer.node
    if gold.unit != answer.unit:
        verdict = _units(gold, answer, question)
        if verdict is None:
            return None
        if verdict != 1:
            return _scaled(left, right, verdict)
    found = same_value(left, right, question)
    if found is not None and found.same and dressed and found.taxonomy is None:
        return Match(same=True, reason="same value, unit aside", taxonomy=Taxonomy.FORMATTING)
    return found


def _with_letter_units(gold: Scalar, answer: Scalar, question: str) -> tuple[Scalar, Scalar]:
    """Return both, with a lone letter behind a number read as a unit where the other side or the question names it."""
    if gold.unit and not answer.unit:
        return gold, units.from_letter(answer, None)
    if answer.unit and not gold.unit:
        return units.from_letter(gold, None), answer
    if symbols(answer.node) and not symbols(gold.node) and not gold.unit:
        return gold, units.from_letter(answer, units.names_in(question))
    if symbols(gold.node) and not symbols(answer.node) and not answer.unit:
        return units.from_letter(gold, units.names_in(question)), answer
    return gold, answer


def same_value(gold: Node, answer: Node, question: str) -> Match | None:
    """Compare two expressions."""
    result = equal(gold, answer)
    if result:
        return Match(same=True, reason="same value", taxonomy=_class(gold, answer))
    if _rounded(gold, answer, question):
        return Match(same=True, reason="rounded to the precision given", taxonomy=Taxonomy.NUMERIC)
    ours, theirs = symbols(gold), symbols(answer)
    if (ours or theirs) and (renamed := _renamed(gold, answer, question)):
        return renamed
    return None if result is None else Match(same=False, reason="different values")


def _class(gold: Node, answer: Node) -> Taxonomy | None:
    if gold == answer:
        return None
    if exact(gold) is not None and exact(answer) is not None:
        return Taxonomy.NUMERIC
    return Taxonomy.EXPRESSION


def _rounded(gold: Node, answer: Node, question: str) -> bool:
    """Say whether one side is the other, rounded; the rounded one must be a decimal with digits enough."""
    if symbols(gold) or symbols(answer):
        return False
    asked = bool(_ROUNDING_ASKED.search(question))
    places, given = decimals(gold), decimals(answer)
    if places and (given is None or given > places):
        enough = _ASKED_DIGITS + 1 if given is None or asked else _ENOUGH_DIGITS
        cut = "64" if places >= _FLOAT_PLACES else "1"
        return _rounds_to(answer, gold, places, enough) or _rounds_to(answer, gold, places, _CUT_DIGITS, ulps=cut)
    if places and given is not None and (given > 0 or asked):
        return _rounds_to(gold, answer, given, _ASKED_DIGITS + 1 if asked else _ENOUGH_DIGITS)
    if given and places is None and not _is_integer(gold):
        return _rounds_to(gold, answer, given, _ASKED_DIGITS if asked else _ENOUGH_DIGITS)
    return False


def _rounds_to(precise: Node, rounded: Node, places: int, digits: int, *, ulps: str = _HALF) -> bool:
    value = exact(rounded)
    if value is None or _significant(value, places) < digits:
        return False
    try:
        number, unit = approximate(precise, {}), CONTEXT.mpf(10) ** -places
        near = CONTEXT.mpf(value.numerator) / value.denominator
        if ulps == _HALF and abs(near) < abs(number):  # a tie rounds away from zero
            return bool(abs(number - near) < unit * CONTEXT.mpf("0.4999999"))
        return bool(abs(number - near) <= unit * CONTEXT.mpf(ulps))
    except (Unreadable, TypeError):
        return False


def _significant(value: Fraction, places: int) -> int:
    return len(str(abs(round(value * 10**places)))) if value else 0


def _is_integer(node: Node) -> bool:
    value = exact(node)
    return value is not None and value.denominator == 1


def _percent(gold: Scalar, answer: Scalar, question: str) -> Match | None:
    """Compare 50% with 0.5, and with 50 where a percentage was asked for or is given as the ground truth."""
    with_sign, without = (gold, answer) if gold.percent else (answer, gold)
    if without.unit or without.degrees:
        return None
    if equal(Op("div", (with_sign.node, _HUNDRED)), without.node):
        return Match(same=True, reason="percent as a number", taxonomy=Taxonomy.NUMERIC)
    hundredfold = Op("mul", (without.node, _HUNDRED))
    rounded = (
        _rounded(with_sign.node, hundredfold, question)
        if gold.percent
        else _rounded(hundredfold, with_sign.node, question)
    )
    if rounded:
        return Match(same=True, reason="percent as a number, rounded", taxonomy=Taxonomy.NUMERIC)
    found = same_value(gold.node, answer.node, question)
    if found is None or not found.same:
        return found
    if gold.percent or _PERCENT_ASKED.search(question):
        return Match(same=True, reason="percent sign aside", taxonomy=Taxonomy.FORMATTING)
    return None


def _degrees(gold: Scalar, answer: Scalar) -> Match | None:
    """Compare 60 degrees with pi/3, and with a bare 60."""
    if gold.unit or answer.unit:
        return None
    bare = (gold if answer.degrees else answer).node
    with_sign = (answer if answer.degrees else gold).node
    for turned in (with_sign, Op("mul", (with_sign, _DEGREE))):
        if equal(turned, bare):
            return Match(same=True, reason="degree sign aside", taxonomy=Taxonomy.FORMATTING)
    return Match(same=False, reason="different angles")


def _units(  # noqa: PLR0911 (one way out per doubt)
    gold: Scalar, answer: Scalar, question: str
) -> Fraction | None:
    """Return what the answer's unit is worth in the gold's; 1 where a unit is merely left out; None if unsure."""
    if gold.unit and answer.unit:
        ours, theirs = units.factor(gold.unit), units.factor(answer.unit)
        if ours is None or theirs is None or ours[0] != theirs[0]:
            return None
        return theirs[1] / ours[1]
    unit = gold.unit or answer.unit
    if unit.startswith(units.TOTAL):
        return None
    if gold.unit:
        return Fraction(1)
    measured = units.factor(unit)
    if measured is not None:
        asked = {
            name for name in units.names_in(question) if (f := units.factor(name)) and units.is_alike(f[0], measured[0])
        }
        if asked and unit not in asked:
            return _into(asked, measured)
        return Fraction(1)
    if units.is_known(unit) or all(part in question.lower() for part in re.findall(r"[a-z]+", unit)):
        return Fraction(1)
    return None


def _into(asked: set[str], measured: tuple[str, Fraction]) -> Fraction | None:
    """Return what a unit is worth in the only one that the question names; None where it names several."""
    named = units.factor(next(iter(asked))) if len(asked) == 1 else None
    return measured[1] / named[1] if named and named[0] == measured[0] else None


def _scaled(gold: Node, answer: Node, factor: Fraction) -> Match:
    if equal(gold, Op("mul", (answer, Num(factor)))):
        return Match(same=True, reason="other units of the same size", taxonomy=Taxonomy.FORMATTING)
    return Match(same=False, reason="different quantities")


def _renamed(gold: Node, answer: Node, question: str) -> Match | None:
    """Compare up to the names of free constants, and up to a constant of integration; without a question, nothing."""
    if not question:
        return None
    ours, theirs = symbols(gold) - symbols(answer), symbols(answer) - symbols(gold)
    if len(ours) == 1 and len(theirs) == 1:
        old, new = next(iter(theirs)), next(iter(ours))
        free = (
            not isinstance(gold, Sym)
            and {old, new} <= _FREE_NAMES
            and not words.mentions(question, old)
            and not words.mentions(question, new)
        )
        if free and equal(gold, rename(answer, {old: new})):
            return Match(same=True, reason="same up to the name of a constant", taxonomy=Taxonomy.SYMBOLIC)
    if _same_with_other_constants(gold, answer, question):
        return Match(same=True, reason="same up to the names of constants", taxonomy=Taxonomy.SYMBOLIC)
    left, right = _additive(gold, question), _additive(answer, question)
    if left and right and _differ_by_constant(gold, answer, left, right):
        return Match(same=True, reason="same up to a constant of integration", taxonomy=Taxonomy.SYMBOLIC)
    return None


def _same_with_other_constants(gold: Node, answer: Node, question: str) -> bool:
    """Say whether both are equal once the constants of integration of one are those of the other, in some order."""
    ours, theirs = (
        sorted(n for n in symbols(node) if _INTEGRATION.fullmatch(n) and not words.mentions(question, n))
        for node in (gold, answer)
    )
    if len(ours) != len(theirs) or not 1 <= len(ours) <= _MAX_CONSTANTS:
        return False
    if (len(ours) == 1 and {*ours, *theirs} & set("ab")) or not (_are_numbered(ours) and _are_numbered(theirs)):
        return False
    others = symbols(gold) - set(ours)
    if not others or others != symbols(answer) - set(theirs):
        return False
    orders = itertools.permutations(ours)
    return any(equal(gold, rename(answer, dict(zip(theirs, order, strict=True)))) for order in orders)


def _are_numbered(names: list[str]) -> bool:
    """Say whether constants with an index are numbered from 1 on, as `C_1` and `C_2` are."""
    found = sorted(int(digits[0]) for name in names if (digits := re.findall(r"\d", name)))
    return found == list(range(1, len(found) + 1))


def _additive(node: Node, question: str) -> str | None:
    """Return the one free constant that is simply added to the rest, if there is one."""
    for name in sorted(symbols(node) & _CONSTANT_NAMES):
        if words.mentions(question, name):
            continue
        shifted = Op("add", (node, Op("neg", (Sym(name),))))
        where, there = point(symbols(node), 0), point(symbols(node), 0)
        there[name] = there[name] + 1
        try:
            if close(approximate(shifted, where), approximate(shifted, there)):
                return name
        except Unreadable:
            continue
    return None


def _differ_by_constant(gold: Node, answer: Node, ours: str, theirs: str) -> bool:
    names = (symbols(gold) | symbols(answer)) - {ours, theirs}
    if not names:
        return False
    try:
        gaps = [
            approximate(gold, {**where, ours: CONTEXT.zero}) - approximate(answer, {**where, theirs: CONTEXT.zero})
            for where in (point(names, index) for index in (0, 2))
        ]
    except (Unreadable, KeyError):
        return False
    return close(gaps[0], gaps[1])
