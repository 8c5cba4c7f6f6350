r"""Quantities that a question gives, said again as its answer: `3 feet` for "convert 3 feet to inches".

The value is right in its own unit, and nothing was converted; `2.718` for "round 2.718 to the nearest tenth" is not
rounded. It stands where the ground truth has that number or unit.
"""

import functools
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import units
from tinyv_stream.verifiers.rules.maths.clean import clean

_Quantity = tuple[Fraction, str]
_NUMBER: Final = r"(\d[\d,]*+(?:\.\d++)?|\.\d++)"
_MEASURED: Final = re.compile(
    rf"(?P<money>\\?\$)\s*{_NUMBER}|{_NUMBER}\s*+(?:(?P<degrees>\^\s*\{{?\s*\\circ\s*\}}?|°|degrees?\b)"
    r"|(?:\\(?:text|mathrm|textrm)\s*\{|\\[,;:! ]|[~\s-])*+(?P<unit>[A-Za-z]+(?:\s*\^\s*\{?[23]\}?)?))"
)
_CLOCK: Final = re.compile(r"(?<![\d:])\d{1,2}:\d{2}(?![\d:])(?:\s*[ap]\.?m\b)?", re.IGNORECASE)
_NUMBER_ALONE: Final = re.compile(r"\d+\.\d+")
_PLAIN: Final = re.compile(r"(?<![\d.])\d+\.\d+(?![\d])")
_ROUND: Final = re.compile(r"\bround\b", re.IGNORECASE)
_MOST: Final = 4_000


def is_given(answer: str, gold: str, question: str) -> bool:
    """Say whether an answer is a quantity that the question gives, in a unit that the ground truth does not have."""
    said = _only(answer)
    if said is not None:
        return said in _given(question) and _only(gold) != said and not _is_bare(gold, said[0])
    if _NUMBER_ALONE.fullmatch(bare := clean(answer).strip("$ .")):
        task = _ROUND.search(question[:_MOST])
        return task is not None and bare in _PLAIN.findall(question[task.start() : _MOST]) and not _same(bare, gold)
    clock = _CLOCK.fullmatch(answer.strip(" $."))
    return clock is not None and clock[0] in _clocks(question) and answer.strip(" $.") != gold.strip(" $.")


def _same(number: str, gold: str) -> bool:
    """Say whether a ground truth is that very number."""
    theirs = clean(gold).strip("$ .")
    return _NUMBER_ALONE.fullmatch(theirs) is not None and Fraction(theirs) == Fraction(number)


def _only(text: str) -> _Quantity | None:
    plain = re.sub(r"\\(?:text|mathrm|textrm)\s*\{([^{}]*)\}", r" \1", text.strip(" .")).strip()
    found = _MEASURED.fullmatch(plain)
    return _quantity(found) if found else None


def _is_bare(gold: str, number: Fraction) -> bool:
    """Say whether a ground truth is that very number, without a unit."""
    plain = clean(gold).strip("$ .").replace(",", "")
    return re.fullmatch(r"\d+(?:\.\d+)?", plain) is not None and Fraction(plain) == number


@functools.lru_cache(maxsize=1024)
def _given(question: str) -> frozenset[_Quantity]:
    plain = re.sub(r"\\(?:text|mathrm|textrm)\s*\{([^{}]*)\}", r" \1", question[:_MOST])
    found = frozenset(said for match in _MEASURED.finditer(plain) if (said := _quantity(match)))
    amounts = re.finditer(rf"\\\$\s*{_NUMBER}|(?<![\d$])\$\s*{_NUMBER}(?![^$\n]*\$)", plain)
    return found | frozenset((Fraction((m[1] or m[2]).replace(",", "")), "dollar") for m in amounts)


@functools.lru_cache(maxsize=1024)
def _clocks(question: str) -> frozenset[str]:
    return frozenset(found[0] for found in _CLOCK.finditer(question[:_MOST]))


def _quantity(found: re.Match[str]) -> _Quantity | None:
    number = Fraction((found[2] or found[3]).replace(",", ""))
    if found["money"]:
        return number, "dollar"
    if found["degrees"]:
        return number, "degree"
    unit = units.one_name(found["unit"])
    return (number, unit) if units.factor(unit) else None
