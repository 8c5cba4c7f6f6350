"""Units that a question asks for: what a unit behind a bare ground truth is worth, and which may stand there.

A unit of measure may go only where the question asks for it, or for a quantity of its kind in no other unit.
"""

import functools
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import quantities, units
from tinyv_stream.verifiers.rules.answers.asked import PERCENT_ASKED, is_noun_of

_EXTENT: Final = re.compile(r"(.+)[ -](long|tall|high|wide|deep|old)")
_EXTENTS: Final = {
    "long": re.compile(r"how long|length", re.IGNORECASE),
    "tall": re.compile(r"how tall|height", re.IGNORECASE),
    "high": re.compile(r"how high|height", re.IGNORECASE),
    "wide": re.compile(r"how wide|width", re.IGNORECASE),
    "deep": re.compile(r"how deep|depth", re.IGNORECASE),
    "old": re.compile(r"how old|\bages?\b", re.IGNORECASE),
}
_OTHER_POWERS: Final = {"unit^2": frozenset({"length", "volume"}), "unit^3": frozenset({"length", "area"})}
_DROPPED_UNITS: Final = frozenset({"unit", "unit^2", "unit^3"})
_MONEY: Final = re.compile(
    r"\b(?:cost|price|money|pay|paid|dollars?|earn|salary|profit|spen[dt]|worth|bill|value of (?:the|his|her|a|each) |"
    r"sale|savings?|invest|interest|discount|tax|rent|fee|fare|wages?|income|loan|account|deposit|"
    r"revenue|budget|expens)|\$\d",
    re.IGNORECASE,
)
_OTHER_MONEY: Final = re.compile(
    r"\brs\b|rupees?|₹|€|\beuros?\b|£|\byuan\b|\byen\b|¥|\bpesos?\b|\brmb\b", re.IGNORECASE
)
_CURRENCIES: Final = {"gbp": frozenset({"lb", "gbp"}), "yen": frozenset({"yen", "yuan"})}
"""Names by which a question may call a currency that is written with a sign."""
_TEMPERATURES: Final = {
    "c": re.compile(
        r"celsius|centigrade|(?:°|\\circ\s*\}?|\bdegrees?)\s*(?:\\(?:text|mathrm)\s*\{)?\s*C\b", re.IGNORECASE
    ),
    "f": re.compile(r"fahrenheit|(?:°|\\circ\s*\}?|\bdegrees?)\s*(?:\\(?:text|mathrm)\s*\{)?\s*F\b", re.IGNORECASE),
}
"""Scales of temperature, as a question names them."""
_LETTERS: Final = frozenset("msghl")
"""Letters that stand for a unit behind "in", and without any question."""
_MEASURES: Final = (
    (re.compile(r"\barea\b|\bsquare\b|surface", re.IGNORECASE), 2),
    (re.compile(r"\bvolume\b|\bcubic\b|capacity", re.IGNORECASE), 3),
)
_UNIT: Final = r"((?:square|cubic)\s+)?([a-z]+(?:\s*(?:/|\bper\b)\s*[a-z]+)?)(\s*\^\s*\{?[23]\}?|²|³)?"
_IN_UNIT: Final = re.compile(rf"\b(?:how many|in|(?:the\s+)?number of|as|the)\s+{_UNIT}", re.IGNORECASE)
_TO_UNIT: Final = re.compile(rf"\b(?:to|into)\s+{_UNIT}", re.IGNORECASE)
"""Behind a verb of conversion only."""
_CONVERTS: Final = re.compile(r"\b(?:convert|change|express|transform|turn)\b", re.IGNORECASE)


def unit_worth(unit: str, question: str) -> Fraction | None:
    """Return what `unit` is worth in the unit that the question asks for; 1 if it is that one; None if it is not.

    A unit of measure may stand behind a bare ground truth only where the question names it, and no other of its kind.
    Without any question nothing says another unit, and a unit of measure counts as the one meant.
    """
    if question.strip():
        return _worth(unit, question)
    is_measure = units.factor(unit) is not None and (len(unit) > 1 or unit in _LETTERS)
    return Fraction(1) if is_measure else None


def _worth(unit: str, question: str) -> Fraction | None:  # noqa: C901, PLR0911 (one way out per doubt)
    if unit in _DROPPED_UNITS:
        return None if quantities.asked_kinds(question) & _OTHER_POWERS.get(unit, frozenset()) else Fraction(1)
    if PERCENT_ASKED.search(question) and units.factor(unit) is not None:
        return None
    if (extent := _EXTENT.fullmatch(unit)) is not None and _EXTENTS[extent[2]].search(question):
        unit = units.one_name(extent[1])
        if extent[2] == "old":
            return Fraction(1) if unit == "year" else None
    if unit in _TEMPERATURES:
        return Fraction(1) if _temperature(question) == unit else None
    measured = units.factor(unit)
    if measured is None:
        return Fraction(1) if is_noun_of(unit, question) else None
    wanted = asked_units(question)
    kind = quantities.kind(measured[0])
    kinds = quantities.asked_kinds(question)
    if not wanted and kind and kind not in kinds and (kinds or kind != "money"):
        return None
    if not wanted and measured[0] == "money^1" and _MONEY.search(question):
        other = _OTHER_MONEY.search(question) is not None and "dollar" not in question.lower()
        return Fraction(1) if unit == "dollar" and not other else None
    if unit in _CURRENCIES and wanted & _CURRENCIES[unit]:
        return Fraction(1)
    same_kind = {name: f for name in wanted if (f := units.factor(name)) and units.is_alike(f[0], measured[0])}
    if wanted:
        if len(same_kind) != 1:
            return None
        name, theirs = next(iter(same_kind.items()))
        if unit == name:
            return Fraction(1)
        return measured[1] / theirs[1] if theirs[0] == measured[0] else None
    return Fraction(1) if _is_upright(unit) and _is_mentioned(unit, question) else None


def _is_upright(unit: str) -> bool:
    """Say whether a rate that no question names is the usual way up: something for each time, a price, a density.

    `hours per mile`, `kg per dollar` and `km per litre` have to be asked for by these words.
    """
    top, slash, below = unit.partition("/")
    if not slash:
        return True
    ours, theirs = (_kind(part) for part in (top, below))
    if "time" in {ours, theirs}:
        return ours != "time"
    return ours in {"money", ""} or (ours == "mass" and theirs not in {"money", ""})


def _kind(part: str) -> str:
    known = units.factor(part)
    if known is None:
        return ""
    return "time" if known[0].startswith(("time", "months")) else quantities.kind(known[0])


def _temperature(question: str) -> str:
    """Return the scale that the question names; empty if it names none, or both."""
    found = [scale for scale, pattern in _TEMPERATURES.items() if pattern.search(question)]
    return found[0] if len(found) == 1 else ""


@functools.lru_cache(maxsize=1024)
def asked_units(question: str) -> frozenset[str]:
    """Return the canonical units in which the question wants its answer: `how many minutes`, `in square metres`."""
    found: set[str] = set()
    for sentence in re.split(r"(?<=[.?!])\s+", question[:4_000]):
        if not re.search(
            r"\?|\b(?:find|give|express|compute|calculate|determine|what|how|convert|change|answer)\b",
            sentence,
            re.IGNORECASE,
        ):
            continue
        converts = _CONVERTS.search(sentence)
        for match in (*_IN_UNIT.finditer(sentence), *(_TO_UNIT.finditer(sentence, converts.end()) if converts else ())):
            power = (match[1] or "").strip().lower()
            exponent = {"square": "^2", "cubic": "^3"}.get(power) or re.sub(r"[\s{}]", "", (match[3] or "")).replace(
                "²", "^2"
            ).replace("³", "^3")
            name = units.one_name(match[2])
            if units.factor(name) is None:
                name = units.one_name(match[2].split()[0])
            bare = match[0].lower().startswith(("the", "as")) and "number of" not in match[0].lower() and not exponent
            if units.factor(name) and not bare and (len(match[2]) > 1 or match[2] in _LETTERS):
                found.add(name + exponent)
    return frozenset(found)


def _is_mentioned(unit: str, question: str) -> bool:
    """Say whether the question measures in this unit and in no other of its kind, and asks for its power."""
    parts = [part.partition("^") for part in unit.split("/")]
    named = units.names_in(question) | set(units.letters_in(question))
    if any(name not in named for name, _, _ in parts):
        return False
    kinds = {units.dimension(name) for name, _, _ in parts}
    if len({name for name in named if units.dimension(name) in kinds}) != len({name for name, _, _ in parts}):
        return False
    power = int(parts[0][2] or 1) if len(parts) == 1 else 1
    wanted = max((size for pattern, size in _MEASURES if pattern.search(question)), default=1)
    return len(parts) > 1 or units.dimension(parts[0][0]) != "length" or power == wanted
