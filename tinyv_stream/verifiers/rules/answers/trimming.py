r"""Surroundings of an answer that are not part of its value, with the reason why it may be dropped.

Each piece that goes is kept in `Trimmed.dropped` with its reason; nothing else of a text is ever left out by a reader:

- layout: bold marks of Markdown, a full stop at the end, "approximately" before a number, `st` behind an ordinal;
- conditions: `where k is an integer`, `k \in \mathbb{Z}`, `for all x`, `where C is a constant`. They are compared where
  both sides have them.
"""

import re
from typing import Final

import msgspec

from tinyv_stream.verifiers.rules.answers import commas
from tinyv_stream.verifiers.rules.answers.forms import Dropped
from tinyv_stream.verifiers.rules.extract import without_boxes
from tinyv_stream.verifiers.rules.maths.clean import clean

_STRAY: Final = re.compile(
    r"(?<=[\d})])\s*\.\s*(?=[)\]]\s*\Z)|\A&|\A`{1,3}(?=[^`]*`{1,3}\Z)|`{1,3}\Z|\A\"(?=[^\"]*\"\Z)|\"\Z"
)
"""A full stop before the last bracket, quotes around everything."""
JOINED: Final = re.compile(r"\\text\s*\{\s*,?\s*(and|or|;)\s*,?\s*\}")
_COMMA: Final = re.compile(r"\\text\s*\{\s*([,;])\s*\}")
_TRAILING_AND: Final = re.compile(r"\\text\s*\{([^{}]*[a-z]),?\s+(and|or)\s*\}")
_LEAD: Final = re.compile(
    r"(?:\\text\s*\{\s*)?(?:approximately|about|roughly|around|exactly|approx\.?)\s*\}?\s+|\\approx",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"(?:[,;]\s*\(?|\(|(?=\\text)|(?=\b(?:where|for|with)\b)|(?=\\forall)|(?<![A-Za-z0-9\\}])(?=[a-zA-Z]\s*(?:\\in|\bis\b)))\s*"
    r"(?:\\text\s*\{\s*)?(?:,\s*)?(?:where|for all|for any|for|with|and|\\forall)?\s*\}?\s*"
    r"(?<![A-Za-z0-9\\])([a-zA-Z](?:\s*,\s*[a-zA-Z])*)\s*"
    r"(?:\\in\s*\\?(?:mathbb|mathbf|text)?\s*\{?\s*([A-Z])\s*\}?((?:\s*[\^_]\s*\{?\s*[+*\-0-9]+\s*\}?)*)"
    r"|(?:\\text\s*\{)?\s*(?:is|are)\s+(?:any |an |a |arbitrary )*(integer|real|natural)s?"
    r"(?: number| constant)?s?\s*\}?)\s*\)?\.?$"
)
_CONSTANT: Final = re.compile(
    r"[,;]?\s*(?:\\text\s*\{)?\s*(?:where|with|for)\s[^{}]*\b(?:constants?)\b[^{}]*\}?\.?$", re.IGNORECASE
)
_ORDINAL: Final = re.compile(r"(?<=\d)\s*(?:\^\s*\{?\s*)?(?:\\text\s*\{\s*)?(?:st|nd|rd|th)\b(?:\s*\}){0,2}")
_CLAUSE: Final = re.compile(
    r"[,;]?\s*(?:\\text\s*\{\s*)?[,;]?\s*(?:\\forall|for (?:all|any|every|each|some))\b\s*"
    r"(?:(?:positive|negative|nonnegative|non-negative|nonzero|real|integers?|rational|natural|numbers?|values of|of)\b"
    r"|\}|\\text\s*\{|\s"
    r"|[a-z](?![a-z])|\\in(?![a-z])|\\mathbb\s*\{?\s*[A-Z]\s*\}?|[\^_]\s*\{?\s*(?:[+*]|>\s*0|\\ge\s*0)\s*\}?)*\.?$",
    re.IGNORECASE,
)
_FULL_STOP: Final = re.compile(r"(?<!\.)\.\Z")
"""One at the end; several are dots, which say that something goes on."""
_UNION_U: Final = re.compile(r"(?<=[\])}])\s*U\s*(?=[\[({\\])")
_BOLD: Final = re.compile(r"\*\*([^*]*)\*\*")
_FROM: Final = re.compile(
    r"[,;]?\s*\(?\s*(?:\\text\s*\{)?\s*(?:for|where|with)?\s*\}?\s*[a-z]\s*=\s*([01])\s*,\s*[12]\s*,[\s\d,]*(?:\\ldots|\.\.\.)\s*\)?$"
)


_ONLY: Final = re.compile(r"\A(?:\\text\s*\{\s*)?only\b\s*\}?\s*(?=[a-z]\s*=|\d|\\)")


class Trimmed(msgspec.Struct, frozen=True):
    """The answer alone, what was said beside it, and what was dropped."""

    text: str
    conditions: frozenset[str]
    dropped: tuple[Dropped, ...]
    narrowed: frozenset[str]


class _Scissors:
    """A text that is cut shorter, and what was cut off."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.dropped: list[Dropped] = []
        self.narrowed: set[str] = set()

    def cut(self, pattern: re.Pattern[str], why: str, put: str = "") -> None:
        found = pattern.search(self.text)
        if found is not None:
            self.dropped.append(Dropped(found[0], why))
            self.text = pattern.sub(lambda _m: put, self.text)

    def end(self, found: re.Match[str], why: str) -> None:
        self.dropped.append(Dropped(self.text[found.start() :], why))
        self.text = self.text[: found.start()].strip(" ,;")


def trim(text: str) -> Trimmed:
    """Return an answer without what stands around it."""
    text = commas.settle(_BOLD.sub(r"\1", clean(text))).removeprefix("=").strip()
    text = without_boxes(text)
    text = _STRAY.sub("", text)
    text = _COMMA.sub(r"\1", JOINED.sub(lambda m: f" {m[1]} ", text))
    text = _TRAILING_AND.sub(lambda m: f"\\text{{{m[1]}}} {m[2]} ", text)
    work = _Scissors(_FULL_STOP.sub("", _UNION_U.sub(lambda _m: "\\cup ", text).strip(" ,;:")))
    work.cut(_ONLY, "says that there is no other value")
    work.cut(_CONSTANT, "names a constant")
    work.cut(_ORDINAL, "ending of an ordinal", " ")
    conditions = _conditions(work)
    before = work.text
    work.cut(_CLAUSE, "holds for all")
    if not work.text:
        work.text = before
    work.text = _FULL_STOP.sub("", work.text.strip(" ,;:"))
    if _LEAD.match(work.text):
        work.text = _LEAD.sub("", work.text, count=1)
        work.dropped.append(Dropped("approximately", "says that a number is rounded"))
    return Trimmed(work.text, frozenset(conditions), tuple(work.dropped), frozenset(work.narrowed))


def _conditions(work: _Scissors) -> set[str]:
    conditions: set[str] = set()
    while (found := _CONDITION.search(work.text)) and found.start() > 0:
        domain = (found[2] or {"i": "Z", "r": "R", "n": "N"}[found[4][0]]) + re.sub(r"[\s{}]", "", found[3] or "")
        conditions.add(domain)
        work.narrowed |= set() if domain == "R" else set(re.findall("[A-Za-z]", found[1]))
        work.end(found, "domain of a letter")
    if (found := _FROM.search(work.text)) and found.start() > 0:
        conditions.add(f"N from {found[1]}")
        work.end(found, "domain of a letter")
    return conditions


def without_clause(text: str) -> str:
    """Return one of several values without a clause that it holds for all."""
    return _CLAUSE.sub("", text).strip(" ,;") or text
