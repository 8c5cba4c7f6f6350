"""Constants that an answer introduces: they may have any name, and swallow what is added to them, where that is asked.

- A constant of integration is free only in an antiderivative, a general solution or a family of functions.
- A parameter of a set of solutions may have another name; nothing is added to it.
- A letter that the question mentions is never free.
"""

import itertools
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import words
from tinyv_stream.verifiers.rules.answers.domains import domains
from tinyv_stream.verifiers.rules.answers.forms import Match
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Sym, Unreadable, rename, substitute, symbols, walk
from tinyv_stream.verifiers.rules.maths.value import CONTEXT, approximate
from tinyv_stream.verifiers.taxonomy import Taxonomy

_INTEGRAL_ASKED: Final = re.compile(r"integral|antiderivative|primitive|integrat|\\int(?![a-z])|∫", re.IGNORECASE)
_FAMILY_ASKED: Final = re.compile(
    r"integral|antiderivative|primitive|integrat|\\int(?![a-z])|∫|differential|\bODE\b|general (?:solution|form|term)|"
    r"\by'|y''|dy\}?\s*/|\\frac\{d[a-z]\}|(?:all|the|which) (?:\w+ ){0,3}functions?|functional equation|famil|curve",
    re.IGNORECASE,
)
_SOLUTIONS_ASKED: Final = re.compile(
    r"\bsolve|solutions?\b|\broots?\b|\bzeros?\b|\bfind all\b|parametri|general (?:solution|form|term)|determine all|"
    r"\ball (?:the )?(?:possible |real |complex |positive |ordered )*"
    r"(?:values|numbers|integers|pairs|triples|tuples|points|angles|x\b|n\b|functions|sequences|polynomials)|"
    r"which (?:numbers|integers)|\bvector|direction|eigenvector|system",
    re.IGNORECASE,
)
_ONE_ASKED: Final = re.compile(r"find (?:the (?:value|values) of )?\W*[a-z](?:\(|\b(?! ))", re.IGNORECASE)
_CONSTANT: Final = re.compile(r"[CcKk](?:_\{?\d\}?)?")
_CONSTANTS: Final = re.compile(r"[CcKkABab](?:_\{?\d\}?)?")
_PARAMETERS: Final = frozenset("knmltsrjCc") | {"\\lambda", "\\mu"}
_MAX_CONSTANTS: Final = 3
_ZERO: Final = Fraction(0)
_STRETCH: Final = Fraction(17, 13)
_SHIFT: Final = Fraction(3, 11)
_REAL: Final = 1e-20
"""An imaginary part up to which a value is real."""


def renamed(gold: Node, answer: Node, question: str) -> Match | None:  # noqa: PLR0911 (one way out per doubt)
    """Compare up to the names of free constants, and up to a constant of integration; without a question, nothing."""
    if not question:
        return None
    if _parameter_renamed(gold, answer, question):
        return Match(same=True, reason="same up to the name of a parameter", taxonomy=Taxonomy.SYMBOLIC)
    if not _FAMILY_ASKED.search(question):
        return None
    if _same_with_other_constants(gold, answer, question):
        return Match(same=True, reason="same up to the names of constants", taxonomy=Taxonomy.SYMBOLIC)
    if not _INTEGRAL_ASKED.search(question):
        return None
    left, right = _additive(gold, question), _additive(answer, question)
    if left and right and _differ_by_constant(gold, answer, left, right):
        return Match(same=True, reason="same up to a constant of integration", taxonomy=Taxonomy.SYMBOLIC)
    return None


def _parameter_renamed(gold: Node, answer: Node, question: str) -> bool:
    if isinstance(gold, Sym):
        return False
    ours, theirs = symbols(gold) - symbols(answer), symbols(answer) - symbols(gold)
    if len(ours) != 1 or len(theirs) != 1:
        return False
    old, new = next(iter(theirs)), next(iter(ours))
    if not _SOLUTIONS_ASKED.search(question) and not _is_constant_of({old, new}, gold, question):
        return False
    if not {old, new} <= _PARAMETERS or words.mentions(question, old) or words.mentions(question, new):
        return False
    return equal(gold, rename(answer, {old: new}), domains(question)) is True


def _is_constant_of(names: set[str], gold: Node, question: str) -> bool:
    """Say whether `Find P(x)` has a constant beside its variable, or `Find x` angles that repeat."""
    if not _ONE_ASKED.search(question):
        return False
    if all(_CONSTANT.fullmatch(name) for name in names):
        return len(symbols(gold)) > 1
    return names <= {"k", "n", "m"} and any(part == Sym("\\pi") for part in walk(gold))


def _same_with_other_constants(gold: Node, answer: Node, question: str) -> bool:
    """Say whether both are equal once the constants of one are those of the other, in some order."""
    ours, theirs = (
        sorted(n for n in symbols(node) if _CONSTANTS.fullmatch(n) and not words.mentions(question, n))
        for node in (gold, answer)
    )
    if len(ours) != len(theirs) or not 1 <= len(ours) <= _MAX_CONSTANTS:
        return False
    if not (_are_numbered(ours) and _are_numbered(theirs)):
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
    for name in sorted(n for n in symbols(node) if _CONSTANT.fullmatch(n)):
        if words.mentions(question, name):
            continue
        rest = Op("add", (node, Op("neg", (Sym(name),))))
        if equal(rest, substitute(node, name, Num(_ZERO))):
            return name
    return None


def _differ_by_constant(gold: Node, answer: Node, ours: str, theirs: str) -> bool:
    left, right = (substitute(node, name, Num(_ZERO)) for node, name in ((gold, ours), (answer, theirs)))
    names = symbols(left) | symbols(right)
    if not names:
        return False
    if _is_real_alone(left, right, names):
        return False
    gap = Op("add", (left, Op("neg", (right,))))
    moved = gap
    for name in names:
        moved = substitute(moved, name, Op("add", (Op("mul", (Sym(name), Num(_STRETCH))), Num(_SHIFT))))
    return equal(gap, moved) is True


def _is_real_alone(left: Node, right: Node, names: frozenset[str]) -> bool:
    r"""Say whether one side is real where the other is not: `\ln(-x)` and `\ln x` differ by more than a constant."""
    for value in (_STRETCH, -_STRETCH, _SHIFT, -_SHIFT):
        where = {name: CONTEXT.mpf(value.numerator) / value.denominator for name in names}
        try:
            ours, theirs = (abs(approximate(side, where).imag) > _REAL for side in (left, right))
        except Unreadable:
            continue
        if ours != theirs:
            return True
    return False
