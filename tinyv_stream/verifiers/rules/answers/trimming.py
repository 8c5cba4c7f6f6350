r"""Surroundings of an answer that are not part of its value, with the reason why it may be dropped.

Each piece that goes is kept in `Trimmed.dropped` with its reason; nothing else of a text is ever left out by a reader:

- layout: bold marks of Markdown, a full stop at the end, "approximately" before a number, `st` behind an ordinal;
- conditions: `where k is an integer`, `k \in \mathbb{Z}`, `for all x`, `where C is a constant`. They are compared where
  both sides have them.
"""

import re
from typing import Final

import msgspec

from tinyv_stream.verifiers.rules.answers import commas, conditions, notation
from tinyv_stream.verifiers.rules.answers.conditions import Condition
from tinyv_stream.verifiers.rules.answers.forms import Dropped
from tinyv_stream.verifiers.rules.answers.split import enclosed, split
from tinyv_stream.verifiers.rules.extract import without_boxes
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.tree import Unreadable

_STRAY: Final = re.compile(
    r"(?<=[\d})])\s*\.\s*(?=[)\]]\s*\Z)|\A&|\A`{1,3}(?=[^`]*`{1,3}\Z)|`{1,3}\Z|\A\"(?=[^\"]*\"\Z)|\"\Z"
)
"""A full stop before the last bracket, quotes around everything."""
JOINED: Final = re.compile(r"\\text\s*\{\s*,?\s*(and|or|;)\s*,?\s*\}")
_COMMA: Final = re.compile(r"\\text\s*\{\s*([,;])\s*\}")
_TRAILING_AND: Final = re.compile(r"\\text\s*\{([^{}]*[a-z]),?\s+(and|or)\s*\}")
_LEAD: Final = re.compile(
    r"(?:\\text\s*\{\s*)?(?:approximately|about|roughly|around|exactly|precisely|approx\.?)\s*\}?\s+|\\approx",
    re.IGNORECASE,
)
_ORDINAL: Final = re.compile(r"(?<=\d)\s*(?:\^\s*\{?\s*)?(?:\\text\s*\{\s*)?(?:st|nd|rd|th)\b(?:\s*\}){0,2}")
_FULL_STOP: Final = re.compile(r"(?<!\.)\.\Z")
"""One at the end; several are dots, which say that something goes on."""
_UNION_U: Final = re.compile(r"(?<=[\])}])\s*U\s*(?=[\[({\\])")
_BOLD: Final = re.compile(r"(?<![\w*)}])\*\*([^*]*)\*\*(?![\w*({\\])")
_ONLY: Final = re.compile(
    r"[\s(]*(?:\\text\s*\{\s*)?\(?(?:the )?only(?: (?:real |such )?(?:solution|root|answer|value))?\)?\s*\}?[\s)]*\Z|"
    r"\A[\s$]*(?:\\text\s*\{\s*)?only\b\s*\}?\s*(?=[a-z]\s*=|\d|\\)"
)
_AGAIN: Final = re.compile(
    r"(.+?)\s*(?:\\text\s*\{\s*)?\(\s*(?:\\text\s*\{\s*)?"
    r"(=|\\approx|or|i\.e\.,?|about|approximately|approx\.?)\s*\}?\s*([^()]+?)\s*\)\s*\}?"
)
"""`7/4 (= 1.75)`, `5\\sqrt{2} (about 7.07)`: said twice, so both have to be the same."""
_THAT_IS: Final = re.compile(r"(.+?)\s*,?\s*(?:\\text\s*\{)?\s*,?\s*i\.e\.,?\s*\}?\s*(.+)")
_PERCENT: Final = re.compile(r"(.*[\d}])\s*\(\s*(\d[\d.]*\s*\\?%)\s*\)")
_MOST_AGAIN: Final = 120


class Trimmed(msgspec.Struct, frozen=True):
    """The answer alone, what was said beside it, and what was dropped."""

    text: str
    conditions: frozenset[Condition]
    dropped: tuple[Dropped, ...]


class _Scissors:
    """A text that is cut shorter, and what was cut off."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.dropped: list[Dropped] = []

    def cut(self, pattern: re.Pattern[str], why: str, put: str = "") -> None:
        found = pattern.search(self.text)
        if found is not None:
            self.dropped.append(Dropped(found[0], why))
            self.text = pattern.sub(lambda _m: put, self.text)

    def clauses(self) -> list[Condition]:
        before = self.text
        self.text, found = conditions.cut(before)
        if found:
            self.dropped.append(Dropped(before.removeprefix(self.text), "domain of a letter"))
            self.text = _FULL_STOP.sub("", self.text.strip(" ,;:"))
        return found


def trim(text: str) -> Trimmed:
    """Return an answer without what stands around it."""
    text = commas.settle(_BOLD.sub(r"\1", notation.settle(clean(notation.separated(text))))).removeprefix("=").strip()
    text = without_boxes(text)
    text = _again(_STRAY.sub("", text))
    text = _COMMA.sub(r"\1", JOINED.sub(lambda m: f" {m[1]} ", text))
    text = _TRAILING_AND.sub(lambda m: f"\\text{{{m[1]}}} {m[2]} ", text)
    work = _Scissors(_FULL_STOP.sub("", _UNION_U.sub(lambda _m: "\\cup ", text).strip(" ,;:")))
    if "only" in work.text:
        work.cut(_ONLY, "says that there is no other value")
    work.cut(_ORDINAL, "ending of an ordinal", " ")
    work.text = _unbuilt(work.text)
    said = work.clauses()
    work.text = _FULL_STOP.sub("", work.text.strip(" ,;:"))
    if _LEAD.match(work.text):
        work.text = _LEAD.sub("", work.text, count=1)
        work.dropped.append(Dropped("approximately", "says that a number is rounded"))
    return Trimmed(work.text, frozenset(said), tuple(work.dropped))


def _again(text: str) -> str:
    """Return a value that is said twice as the equation that it is."""
    if len(text) > _MOST_AGAIN or (not text.endswith((")", "}")) and "i.e." not in text):
        return text
    if (found := _AGAIN.fullmatch(text)) is not None:
        sign = {"=": "=", "or": " or ", "i": "="}.get(
            found[2] if found[2] in {"=", "or"} else found[2][:1], "\\approx "
        )
        return f"{found[1]} {sign} {found[3]}"
    found = _THAT_IS.fullmatch(text) or _PERCENT.fullmatch(text)
    return f"{found[1]} = {found[2]}" if found else text


def _unbuilt(text: str) -> str:  # noqa: PLR0911 (one way out per doubt)
    r"""Return `\{2k \mid k \in \mathbb{Z}\}` as `2k, k \in \mathbb{Z}`, `\{x \mid x = 2k, k \in \mathbb{Z}\}`."""
    try:
        pair = enclosed(text)
        if pair is not None and pair[0] == "{" and conditions.cut(pair[1])[1]:
            return pair[1]
        if pair is None or pair[0] != "\\{" or pair[2] != "\\}":
            return text
        parts, used = split(pair[1], frozenset({"|", "\\mid", ":"}))
    except Unreadable:
        return text
    if len(used) != 1:
        return text
    rest, said = conditions.cut(f"{parts[0]}, {parts[1]}")
    if not said:
        return text
    if rest == parts[0]:
        return text if re.fullmatch(r"[a-z]", parts[0]) else f"{parts[0]}, {parts[1]}"
    element = re.match(r"([a-z])\s*(?:=|\\(?:ne|equiv)(?![a-z]))", parts[1])
    if element is None or not re.fullmatch(rf"{element[1]}(?:\s*\\in\s*\\mathbb\s*\{{?[RZ]\}}?)?", parts[0]):
        return text
    return parts[1]


def without_clause(text: str) -> str:
    """Return one of several values without a clause that it holds for all."""
    rest, said = conditions.cut(text)
    return text if any(domain not in {"", "R", "Z"} for _, domain in said) else rest
