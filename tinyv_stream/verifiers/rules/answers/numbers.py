"""Equality of two single values: exact, rounded, in other units, or up to the name of a constant."""

from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import asked, asked_units, constants, shapes, units, words
from tinyv_stream.verifiers.rules.answers.domains import domains
from tinyv_stream.verifiers.rules.answers.forms import Match, Scalar
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Sym, Unreadable, decimals, symbols, walk
from tinyv_stream.verifiers.rules.maths.value import CONTEXT, approximate, exact, work_out
from tinyv_stream.verifiers.taxonomy import Taxonomy

_ENOUGH_DIGITS: Final = 4
"""Significant digits from which a rounded value stands for an exact one nobody asked to round."""
_ASKED_DIGITS: Final = 2
_CUT_DIGITS: Final = 5
"""Significant digits from which a ground truth may have been cut off instead of rounded."""
_FLOAT_PLACES: Final = 12
"""Decimals from which a ground truth was printed by a computer, whose last digits are noise."""
_LEVEL_DIGITS: Final = 4
"""Digits between the terms of an exact answer whose rounding a ground truth may be."""
_HALF: Final = "0.5000001"
_HUNDRED: Final = Num(Fraction(100))
_ZERO: Final = Num(Fraction(0))
_I: Final = Sym("i")
_DEGREE: Final = Op("div", (Sym("\\pi"), Num(Fraction(180))))


def same_scalar(  # noqa: PLR0911 (one way out per dress)
    gold: Scalar, answer: Scalar, question: str
) -> Match | None:
    """Compare two values with what stands behind them; None where it cannot be told."""
    if shapes.is_residue(gold) or shapes.is_residue(answer):
        return shapes.same_residue(gold, answer, question)
    gold, answer = _with_letter_units(gold, answer, question)
    if any(asked.changes_a_number(u) and not asked.is_noun_of(u, question) for u in (gold.unit, answer.unit) if u):
        return None
    dressed = gold.unit != answer.unit or gold.percent != answer.percent or gold.degrees != answer.degrees
    if gold.percent != answer.percent:
        return _percent(gold, answer, question)
    if gold.degrees != answer.degrees:
        return _degrees(gold, answer, question)
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
        return gold, units.from_letter(answer, units.names_in(question) | asked_units.asked_units(question))
    if symbols(gold.node) and not symbols(answer.node) and not answer.unit:
        return units.from_letter(gold, units.names_in(question) | asked_units.asked_units(question)), answer
    return gold, answer


def same_value(gold: Node, answer: Node, question: str) -> Match | None:
    """Compare two expressions."""
    result = equal(gold, answer, domains(question))
    if result and _has_alien(gold, answer, question):
        return None  # a letter out of nowhere, which a factor of 0 or an exponent hides: `0 not`
    if result:
        return Match(same=True, reason="same value", taxonomy=_class(gold, answer))
    if rounded(gold, answer, question):
        return Match(same=True, reason="rounded to the precision given", taxonomy=Taxonomy.NUMERIC)
    if (symbols(gold) or symbols(answer)) and (found := constants.renamed(gold, answer, question)):
        return found
    return None if result is None else Match(same=False, reason="different values")


def _has_alien(gold: Node, answer: Node, question: str) -> bool:
    """Say whether the answer has a letter that neither the ground truth nor the question has; i only beside a 0."""
    if any(not words.mentions(question, name) for name in symbols(answer) - symbols(gold)):
        return True
    return _I in walk(answer) and _I not in walk(gold) and equal(gold, _ZERO) is True


def _class(gold: Node, answer: Node) -> Taxonomy | None:
    if gold == answer:
        return None
    if exact(gold) is not None and exact(answer) is not None:
        return Taxonomy.NUMERIC
    return Taxonomy.EXPRESSION


def rounded(gold: Node, answer: Node, question: str) -> bool:  # noqa: PLR0911 (one way out per case)
    """Say whether one side is the other, rounded.

    The ground truth may be the rounded one only where the question asks for a rounding, where it has so many decimals
    that a computer printed it, or where the answer has no decimal form of its own; the answer, where it has digits
    enough.
    """
    if symbols(gold) or symbols(answer):
        return False
    rounding = bool(asked.ROUNDING.search(question))
    if asked.EXACT.search(question) and not rounding:
        return False
    places, given = decimals(gold), decimals(answer)
    wanted = asked.places(question) if rounding else None
    if wanted is not None and isinstance(_unsigned(gold), Num) and wanted == (places or 0):
        return (given is None or given > wanted) and not _is_integer(answer) and _rounds_to(answer, gold, wanted, 1)
    if given is None and rounding and isinstance(answer, Num):
        given = 0
    if places and (given is None or given > places):
        if places >= _FLOAT_PLACES:
            return _rounds_to(answer, gold, places, _CUT_DIGITS, ulps="64")
        if not rounding and (given is not None or _terminates(answer) or not _is_level(answer)):
            return False
        return _rounds_to(answer, gold, places, _ASKED_DIGITS + 1) or _rounds_to(
            answer, gold, places, _CUT_DIGITS, ulps="1"
        )
    if places and given is not None and (given > 0 or rounding):
        return _rounds_to(gold, answer, given, _ASKED_DIGITS + 1 if rounding else _ENOUGH_DIGITS)
    if given and places is None and not _is_integer(gold):
        return _rounds_to(gold, answer, given, _ASKED_DIGITS if rounding else _ENOUGH_DIGITS)
    return False


def _unsigned(node: Node) -> Node:
    return node.args[0] if isinstance(node, Op) and node.name == "neg" else node


def _is_level(node: Node) -> bool:
    """Say whether no term is so small beside another that it only serves to come near a value."""
    try:
        return work_out(node, {})[1] <= _LEVEL_DIGITS
    except Unreadable:
        return False


def _terminates(node: Node) -> bool:
    """Say whether the value has a decimal of its own, which a ground truth would give in full."""
    value = exact(node)
    if value is None:
        return False
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


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
    by_hundred = gold.percent or (_is_share(gold.node) and not asked.PERCENT_ASKED.search(question))
    if by_hundred and equal(Op("div", (with_sign.node, _HUNDRED)), without.node):
        return Match(same=True, reason="percent as a number", taxonomy=Taxonomy.NUMERIC)
    hundredfold = Op("mul", (without.node, _HUNDRED))
    near = (
        rounded(with_sign.node, hundredfold, question)
        if gold.percent
        else rounded(hundredfold, with_sign.node, question)
    )
    if near and by_hundred:
        return Match(same=True, reason="percent as a number, rounded", taxonomy=Taxonomy.NUMERIC)
    found = same_value(gold.node, answer.node, question)
    if found is None or not found.same:
        return found
    if gold.percent or asked.PERCENT.search(question) or asked.PERCENT_ASKED.search(question):
        return Match(same=True, reason="percent sign aside", taxonomy=Taxonomy.FORMATTING)
    return None


def _is_share(node: Node) -> bool:
    """Say whether a value is that of a part of a whole, from -1 to 1, which is as often said in percent."""
    try:
        return bool(abs(approximate(node, {})) <= 1)
    except Unreadable:
        return False


def _degrees(gold: Scalar, answer: Scalar, question: str) -> Match | None:
    """Compare 60 degrees with pi/3, and with a bare 60 where the question speaks of angles."""
    if (gold.unit or answer.unit) == "radian":
        gold, answer = Scalar(gold.node, degrees=gold.degrees), Scalar(answer.node, degrees=answer.degrees)
        with_sign, bare = (gold.node, answer.node) if gold.degrees else (answer.node, gold.node)
        found = equal(Op("mul", (with_sign, _DEGREE)), bare) is True
        return Match(same=found, reason="degrees as radians", taxonomy=Taxonomy.NOTATION)
    if gold.unit or answer.unit:
        unit = gold.unit or answer.unit
        return None if units.factor(unit) is None else Match(same=False, reason="different quantities")
    bare = (gold if answer.degrees else answer).node
    with_sign = (answer if answer.degrees else gold).node
    if equal(Op("mul", (with_sign, _DEGREE)), bare) and not equal(bare, _ZERO):  # 0 is 0 of anything
        return Match(same=True, reason="degrees as radians", taxonomy=Taxonomy.NOTATION)
    named = (gold.degrees and not asked.radians(question)) or asked.angle(question)
    if named and not _has_pi(with_sign) and equal(with_sign, bare):
        return Match(same=True, reason="degree sign aside", taxonomy=Taxonomy.FORMATTING)
    return Match(same=False, reason="different angles")


def _has_pi(node: Node) -> bool:
    return any(part == Sym("\\pi") for part in walk(node))


def _units(gold: Scalar, answer: Scalar, question: str) -> Fraction | None:
    """Return what the answer's unit is worth in the gold's; 1 where a unit is merely left out; None if unsure."""
    if gold.unit and answer.unit:
        ours, theirs = units.factor(gold.unit), units.factor(answer.unit)
        if ours is None or theirs is None or ours[0] != theirs[0]:
            return None
        return theirs[1] / ours[1]
    if (gold.unit or answer.unit).startswith(units.TOTAL):
        named = answer.unit.removeprefix(units.TOTAL)
        return asked_units.unit_worth(named, question) if named and asked_units.asked_units(question) else None
    if gold.unit:  # the answer leaves out what the ground truth names
        return Fraction(1)
    return asked_units.unit_worth(answer.unit, question)


def _scaled(gold: Node, answer: Node, factor: Fraction) -> Match:
    if equal(gold, Op("mul", (answer, Num(factor)))):
        return Match(same=True, reason="other units of the same size", taxonomy=Taxonomy.FORMATTING)
    return Match(same=False, reason="different quantities")
