r"""Numerals of a base, quantities in several units, congruences, systems, functions by pieces; times are in `times`.

- A shape is recognised as a whole or not at all: each pattern covers the full text and cannot backtrack far.
- Numerals become `Words` in one spelling, so that they equal only themselves.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import times, units
from tinyv_stream.verifiers.rules.answers.forms import Form, Match, Ratio, Scalar, Sequence, Words
from tinyv_stream.verifiers.rules.answers.split import split
from tinyv_stream.verifiers.rules.maths.read import read
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Unreadable
from tinyv_stream.verifiers.rules.maths.value import exact
from tinyv_stream.verifiers.taxonomy import Taxonomy

ReadForm = Callable[[str, int], Form]

_BASES: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMERAL: Final = re.compile(
    r"\(?\s*([0-9A-F]{1,40})\s*\)?\s*_\s*\{?\s*\(?\s*(?:(\d{1,2})|(?:\\text\s*\{)?\s*([a-z]{3,6})\s*\}?)\s*\)?\s*\}?"
)
_WORDED_NUMERAL: Final = re.compile(
    r"([0-9A-F]{1,40})\s*(?:\\text\s*\{\s*)?\(?(?:in )?base\s*(\d{1,2}|[a-z]{3,6})\s*\)?\s*\}?"
)
_BASED: Final = re.compile(r"([0-9A-F]+) base (\d{1,2})")
_BASE_NAMES: Final = {2: "binary", 8: "octal", 16: "hexadecimal"}
_BASE_WORDS: Final = {
    **{word: base for base, word in enumerate(_BASES, 2)},
    **{name: base for base, name in _BASE_NAMES.items()},
    "decimal": 10,
}
_BASE_NUMBER: Final = r"base[-\s$]*(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b"
_BASE_NAME: Final = r"(binary|octal|hexadecimal|decimal)\b"
_TO_BASE: Final = re.compile(
    rf"\b(?:to|into|in|as)\s+(?:an?\s+|its\s+|the\s+)?(?:{_BASE_NUMBER}|{_BASE_NAME})|"
    rf"(?:{_BASE_NUMBER}|{_BASE_NAME})[\s$]*(?:representation|expansion|notation|form|equivalent|digits)",
    re.IGNORECASE,
)
_TO: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(?:\\text\s*\{)?\s*\bto\b\s*\}?\s*(\d{1,9}(?:\.\d{1,9})?)")
_QUANTITY: Final = re.compile(r"\s*(\d{1,12}(?:\.\d{1,12})?)\s*([A-Za-z]{1,12})\b\.?\s*(?:,|;|and\b)?")
_MODULO: Final = re.compile(
    r"(.{1,200}?)\s*(?:\\pmod\s*\{?|\(?\s*\\b?mod|\(?\s*(?:\\text\s*\{)?\s*mod)\s*\}?\s*(\d{1,12})\s*\}?\s*\)?"
)
MODULAR: Final = "mod "
_MODULUS: Final = re.compile(
    r"(?:\bdivi(?:ded|sion|ding)(?: \w+)?? by(?: the (?:number|integer))?|\bmod(?:ulo|ulus)?\b|\\[pb]?mod)[\s${(\\]*"
    r"(\d{1,3}(?:(?:,|\{,\})\d{3})+|\d{1,12})(?!\d)",
    re.IGNORECASE,
)
_CONGRUENCE: Final = re.compile(r"\\equiv|≡|congruen|smallest|least|solve", re.IGNORECASE)
"""What makes the number asked for one of many, or a class: a residue beside a number is then another answer."""
_REMAINDER: Final = re.compile(
    r"(?<!leave )(?<!leaves )(?<!leave a )(?<!leaves a )(?:remainder|residue)", re.IGNORECASE
)
_ROWS: Final = re.compile(
    r"(\\\{)?\s*\\begin\s*\{(cases|array|aligned|matrix)\}(?:\s*\{[lcr| ]{1,9}\})?(.*)\\end\s*\{\2\}[\s.]*", re.DOTALL
)
_MAX_ROWS: Final = 12
_MONTH: Final = (
    r"(Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE: Final = re.compile(
    rf"(?:(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of )?{_MONTH}|"
    rf"{_MONTH}\s+(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?)(?:,?\s*(\d{{4}}))?",
    re.IGNORECASE,
)
_IF: Final = re.compile(r"\\text\s*\{\s*(?:if|when|for|where)?\s*\}?|\b(?:if|when|for|where)\b|\$|\}\s*$")
_ROMAN: Final = {"i": "first", "ii": "second", "iii": "third", "iv": "fourth"}
_PLACES: Final = {**_ROMAN, **dict(zip("1234", _ROMAN.values(), strict=True)), **{v: v for v in _ROMAN.values()}}
_QUADRANT: Final = re.compile(r"(?:the )?(?:quadrant (i{1,3}|iv|[1-4])|(first|second|third|fourth|[1-4])\s+quadrant)")


def special(text: str, depth: int, read_form: ReadForm) -> Form | None:
    """Return the form of a text in one of these notations, or None."""
    return (
        times.read_clock(text)
        or _numeral(text)
        or _quantity(text)
        or _ratio(text)
        or _modulo(text)
        or _quadrant(text)
        or _date(text)
        or _rows(text, depth, read_form)
    )


def same_words(gold: Form, answer: Form, question: str) -> Match | None:
    """Compare a time of day with a bare `18:10`, and a numeral of a base with its bare digits."""
    named, other = (gold, answer) if isinstance(gold, Words) else (answer, gold)
    if not isinstance(named, Words):
        return None
    if isinstance(other, Ratio) and times.is_time(named):
        return times.same_times(gold, answer, question)
    numeral = _BASED.fullmatch(named.text)
    if numeral is None or not isinstance(other, Scalar) or not isinstance(other.node, Num) or other.unit:
        return None
    digits, base = numeral[1], int(numeral[2])
    word = _BASES[base - 2] if base < 2 + len(_BASES) else str(base)
    asked = re.search(rf"\b(?:base[-\s$]*(?:{base}|{word})|{_BASE_NAMES.get(base, '(?!)')})\b", question, re.IGNORECASE)
    target = _target(question)
    if (asked is None and base != 10) or target not in {0, base} or str(other.node.value) != digits:
        return None
    return Match(same=True, reason="base left out", taxonomy=Taxonomy.FORMATTING)


def _target(question: str) -> int:
    """Return the base in which the question wants its answer; 10 or another; 0 where it does not say."""
    found = [next(filter(None, match.groups())).lower() for match in _TO_BASE.finditer(question[:4_000])]
    if not found:
        return 0
    bases = {int(said) if said.isdigit() else _BASE_WORDS.get(said, 0) for said in found[-1:]}
    return bases.pop()


def same_residue(  # noqa: PLR0911 (one way out per doubt)
    gold: Scalar, answer: Scalar, question: str
) -> Match | None:
    """Compare two residues, or a residue with a bare number where a remainder is asked for.

    Where a remainder is asked for, the number itself has to be the ground truth's.
    """
    left, right = exact(gold.node), exact(answer.node)
    if left is None or right is None:
        return None
    if not is_worked_out(answer.node) and is_worked_out(gold.node):
        return None  # `3^4 \pmod 7` is still to be worked out
    if gold.unit == answer.unit:
        if left != right and is_remainder_asked(question):
            return None
        modulus = int(gold.unit.removeprefix(MODULAR))
        found = modulus > 0 and (left - right) % modulus == 0
        return Match(same=found, reason="residue", taxonomy=Taxonomy.NOTATION)
    if (gold.unit and answer.unit) or left != right or not is_remainder_asked(question):
        return None
    if answer.unit and answer.unit.removeprefix(MODULAR) != _modulus(question):
        return None
    return Match(same=True, reason="residue, modulus aside", taxonomy=Taxonomy.FORMATTING)


def is_worked_out(node: Node) -> bool:
    """Say whether it is a number in digits, with or without its sign."""
    return isinstance(node.args[0] if isinstance(node, Op) and node.name == "neg" else node, Num)


def is_remainder_asked(question: str) -> bool:
    """Say whether a question asks for one remainder, and not for a class of numbers."""
    named = _MODULUS.search(question) is not None and not _CONGRUENCE.search(question)
    return named or _REMAINDER.search(question) is not None


def _modulus(question: str) -> str:
    """Return the modulus that the question names last; empty if it names none."""
    found = _MODULUS.findall(question[:4_000])
    return found[-1].replace(",", "").replace("{}", "") if found else ""


def is_residue(form: Scalar) -> bool:
    """Say whether a value stands for all numbers that leave it as their remainder."""
    return form.unit.startswith(MODULAR)


def _numeral(text: str) -> Form | None:
    found = _NUMERAL.fullmatch(text) or _WORDED_NUMERAL.fullmatch(text)
    if found is None:
        return None
    said = found[2] or found[3]
    if not said.isdigit() and said not in _BASES:
        return None
    base = int(said) if said.isdigit() else 2 + _BASES.index(said)
    if not 2 <= base <= 16 or any(int(digit, 16) >= base for digit in found[1]):
        return None
    return Words(f"{found[1]} base {base}")


def _ratio(text: str) -> Form | None:
    found = _TO.fullmatch(text)
    return Ratio((Num(Fraction(found[1])), Num(Fraction(found[2])))) if found else None


def _quantity(text: str) -> Form | None:
    """Read `3 hours and 20 minutes`: amounts of one dimension, each unit smaller than the one before."""
    text = re.sub(r"\\text\s*\{([^{}]*)\}", r" \1 ", text).replace("\\", " ").strip()
    total, at, last, name, dimension, count = Fraction(0), 0, Fraction(0), "", "", 0
    while at < len(text):
        found = _QUANTITY.match(text, at)
        name = units.one_name(found[2]) if found else ""
        known = units.factor(name) if found else None
        if found is None or known is None or (count and (known[0] != dimension or known[1] >= last)):
            return None
        dimension, last = known
        total += Fraction(found[1]) * last
        at, count = found.end(), count + 1
    return Scalar(Num(total / last), unit=units.TOTAL + name) if count > 1 else None


def _modulo(text: str) -> Form | None:
    found = _MODULO.fullmatch(text) if "mod" in text else None
    if found and re.search(r"[=<>,]|\\equiv", found[1]):
        return None
    return Scalar(read(found[1]), unit=f"{MODULAR}{int(found[2])}") if found else None


def _date(text: str) -> Form | None:
    if " " not in text or not any(char.isdigit() for char in text):
        return None
    found = _DATE.fullmatch(re.sub(r"\\text\s*\{([^{}]*)\}", r" \1 ", text).strip())
    if found is None:
        return None
    day, month, year = int(found[1] or found[4]), (found[2] or found[3]).lower()[:3], found[5]
    return Words(f"{year or ''}-{_MONTHS.index(month) + 1:02}-{day:02} date")


def _quadrant(text: str) -> Form | None:
    found = _QUADRANT.fullmatch(text.lower()) if "uadrant" in text else None
    return Words(f"{_PLACES[found[1] or found[2]]} quadrant") if found else None


def _rows(text: str, depth: int, read_form: ReadForm) -> Form | None:
    r"""Read `\begin{cases}`: a system of equations, or a function by pieces."""
    found = _ROWS.fullmatch(text) if "\\begin" in text else None
    if found is None or (found[2] != "cases" and not found[1]):
        return None
    rows = [row.strip(" ,;.\\") for row in found[3].split("\\\\")]
    rows = [row for row in rows if row]
    if not 1 < len(rows) <= _MAX_ROWS:
        return None
    pieces = [_piece(row) for row in rows]
    if all(piece is not None for piece in pieces):
        items = (tuple(read_form(p, depth + 1) for p in piece) for piece in pieces if piece)
        return Sequence("cases", tuple(Sequence("case", item) for item in items))
    if "&" in found[3]:
        raise Unreadable("an environment")
    return Sequence("", tuple(read_form(row, depth + 1) for row in rows))


def _piece(row: str) -> tuple[str, str] | None:
    """Return (expression, condition) of one row of a piecewise function; None for an equation of a system."""
    value, ampersand, condition = row.partition("&")
    if not ampersand:
        parts, _ = split(row, frozenset({","}))
        if len(parts) != 2 or not re.search(r"[<>=]|\\(?:le|ge|ne)(?![a-z])", parts[1]) or "=" in parts[0]:
            return None
        value, condition = parts
    condition = _IF.sub(" ", condition).strip(" ,;.")
    if not condition or "&" in condition:
        return None
    return value.strip(" ,;."), condition
