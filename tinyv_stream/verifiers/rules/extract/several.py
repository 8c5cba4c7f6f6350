r"""Which of several boxes are the answer: the last one, or those that belong together.

Boxes with nothing between them but separators are one answer, whatever the truth: a list, so that guesses do not pay
for a single truth. Where the ground truth is a list, boxes of one sentence, of sub-questions, or as many as it has
elements belong together too, unless what stands between them corrects.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; the letters of other scripts are meant

import itertools
import re
from collections.abc import Callable
from typing import Final

from tinyv_stream.verifiers.rules.extract.boxes import Box, balanced, boxes, unwrapped
from tinyv_stream.verifiers.rules.extract.words import first_mark

_MARKUP: Final = re.compile(
    r"\\[\[\]()]|\\q*uad\b|\\[,;:! ]|\\text\s*\{([^{}]*)\}|\\(?:cup|vee|lor|in|left|right|\\|\{|\})"
)
_SEPARATOR: Final = re.compile(
    r"[\s$,;.&+*_|>{}()/\-–—•]"
    r"|\b(?:and|or|vs|versus|maybe|perhaps|possibly|either|also|alternatively|else|otherwise|as well as|et|ou|und|oder|y|o|e|и|или)\b"
    r"|\b(?:version|option|candidate|guess|try|attempt|answer|value|root|solution)s?\s*(?:[A-H]|\d{1,2})?\s*[:.)]"
    r"|[A-Za-z](?:_\{?\w{1,3}\}?)?\s*=|\(?\d{1,2}[.)]|和|或者?|、|と|または",
    re.IGNORECASE,
)
_OPERATES: Final = re.compile(
    r"[^\S\n]*(?:[<>≤≥]=?|[+^/*-]|\\(?:cdot|times|div|le|ge|lt|gt|leq|geq|to|leqslant|geqslant|pm|rightarrow|Rightarrow)(?![A-Za-z])|\b(?:to|through|until)\b)"
    r"(?:[^\n$,;]{0,12}(?:[<>≤≥]|\\(?:le|ge|lt|gt|leq|geq)(?![A-Za-z])))?[^\S\n]*"
)
"""A sign between two boxes of one formula, which makes them one expression, chain or range."""
_BETWEEN: Final = re.compile(r"\b(?:between|from)\s[$\\(\[{]*$", re.IGNORECASE)
_DOUBT: Final = re.compile(r"\b(?:maybe|perhaps|possibly|alternatively|otherwise|else)\b", re.IGNORECASE)
_EITHER: Final = re.compile(r"\b(?:or|if|maybe|perhaps|otherwise|alternatively|possibly)\b", re.IGNORECASE)
_OR: Final = re.compile(r"\bor\b", re.IGNORECASE)
_IF_NOT: Final = re.compile(r"\bif not?\b", re.IGNORECASE)
_CORRECTS: Final = re.compile(
    r"\b(?:not|no|wrong|wait|correct(?:ed|ion|ing)?|instead|actually|fails?|redo|mistake|error|revised?|slip|again|but|however"
    r"|check|verify|reject(?:ed)?|discard(?:ed)?|first try|repeat|candidates?|compare|intermediate|then|only)\b",
    re.IGNORECASE,
)
_PART: Final = re.compile(
    r"(?:^|[\n.;,]|\band\b)[\s*_#$\\-]*(?:\(?(?:part|question|problem)?\s*\(?(?:[a-hA-H]|i{1,3}|iv|v|\d{1,2})\)|"
    r"(?:part|question|problem)\s*\(?(?:[a-hA-H]|\d{1,2}))",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(r"[.!?。]\s|\n\s*\n|\n")
_THOUSANDS: Final = re.compile(r"[^\d]*\d{1,3}(?:,\d{3})+(?:\.\d+)?[^\d]*")
_TOP: Final = re.compile(
    r"\\(?:left|right|[,;:!]|q*uad)|\\\{|\\\}|\\text\s*\{\s*,?\s*(?:and|or)\s*,?\s*\}|\\pm|\band\b|\bor\b|[()\[\]{},;]"
)
_MOST_GAP: Final = 2_000


def elements(truth: str, *, tuples: bool = True) -> int:
    """Return how many elements a list has at its top level; 1 for a single value, and for a tuple unless `tuples`."""
    text = truth.strip().strip("$ ")
    if _THOUSANDS.fullmatch(text):
        return 1
    for opening, closing in (("\\{", "\\}"), ("{", "}"), ("(", ")"), ("[", "]"))[: 4 if tuples else 2]:
        if text.startswith(opening) and text.endswith(closing) and _is_one_group(text):
            text = text[len(opening) : -len(closing)]
            break
    depth, count = 0, 1
    for piece in _TOP.finditer(text[:4_000]):
        found = piece[0]
        if found in {"(", "[", "{", "\\{"}:
            depth += 1
        elif found in {")", "]", "}", "\\}"}:
            depth -= 1
        elif depth == 0 and not re.match(r"\\(?:left|right|[,;:!]|q*uad)", found):
            count += 0 if re.match(r"\s*(?:and|or|$)", text[piece.end() : piece.end() + 6]) else 1
    return count


def chosen(text: str, found: list[Box], truth: str) -> str:
    """Return the answer that some boxes give: the last one, or several as a list."""
    found = _merged(text, found)
    last = unwrapped(found[-1].inside or "")
    if found[-1].inside is None or not last or elements(last, tuples=False) > 1:
        return last
    first = _group(text, found, lambda gap: _is_pure(gap) or _offers_another(gap))
    wanted = elements(truth) if truth and not (_is_tuple(truth) and _is_tuple(last)) else 1
    if wanted > 1:
        first = min(first, _group(text, found, lambda gap: _is_pure(gap) or _is_joint(gap)))
        if len(found) - first < wanted:
            wide = _group(text, found, lambda gap: not _CORRECTS.search(gap) and not first_mark(gap) >= 0)
            if len(found) - wide == len(_distinct(found[wide:])) == wanted:
                return ", ".join(_distinct(found[wide:]))
    elif first < len(found) - 1 and len(_distinct(found[first:])) == 1:
        first = len(found) - 1
    return _as_list(text, found[first:], named=_is_tuple(truth))


def _merged(text: str, found: list[Box]) -> list[Box]:
    """Return the boxes with those in one that a sign of operation or relation joins."""
    merged: list[Box] = []
    for box in found:
        last = merged[-1] if merged else None
        gap = text[last.end : box.start] if last else ""
        joined = _OPERATES.fullmatch(gap) or (
            gap.strip() == "and" and last and _BETWEEN.search(text[: last.start][-20:])
        )
        if last is None or not joined or last.inside is None or box.inside is None:
            merged.append(box)
            continue
        sign = " to " if gap.strip() == "and" else gap
        inside = f"{unwrapped(last.inside)}{sign}{unwrapped(box.inside)}"
        merged[-1] = Box(last.start, box.end, inside)
    return merged


def in_boxes(text: str) -> str:
    """Return what the boxes of a ground truth or an answer hold, all that are one answer; the text where it has none."""
    found = boxes(text)
    if not found or found[-1].inside is None:
        return text
    first = _group(text, found, lambda gap: _is_pure(gap) or _is_joint(gap))
    return _as_list(text, found[first:]) or text


def _group(text: str, found: list[Box], joins: Callable[[str], bool]) -> int:
    first = len(found) - 1
    while first > 0 and found[first - 1].inside and found[first].start - found[first - 1].end <= _MOST_GAP:
        if not joins(text[found[first - 1].end : found[first].start]):
            break
        first -= 1
    return first


def _bare(gap: str) -> str:
    return _MARKUP.sub(lambda m: f" {m[1] or ''} ", gap)


def _is_pure(gap: str) -> bool:
    """Say whether nothing but separators stands between two boxes."""
    return not _SEPARATOR.sub("", _bare(gap)).strip()


def _offers_another(gap: str) -> bool:
    """Say whether the next box is an alternative within the same sentence."""
    bare = _IF_NOT.sub("if", _bare(gap))
    return not _SENTENCE_END.search(gap) and _EITHER.search(bare) is not None and not _CORRECTS.search(bare)


def _is_joint(gap: str) -> bool:
    """Say whether two boxes answer one list: in one sentence, or each under the letter of its sub-question."""
    if _PART.search(gap):
        return True
    return not _SENTENCE_END.search(gap) and not (_CORRECTS.search(gap) or first_mark(gap) >= 0)


def _distinct(found: list[Box]) -> list[str]:
    return list(dict.fromkeys(_plain(box) for box in found))


def _plain(box: Box) -> str:
    return re.sub(r"^\s*[A-Za-z](?:_\{?\w{1,3}\}?)?\s*=\s*", "", unwrapped(box.inside or "").strip(" $"))


def _as_list(text: str, found: list[Box], *, named: bool = False) -> str:
    """Return boxes as a list; "or" stays where each value has a place or a name of its own."""
    values = [unwrapped(box.inside or "").strip() for box in found]
    if len(values) == 1:
        return values[0]
    gaps = [text[one.end : other.start] for one, other in itertools.pairwise(found)]
    if any(_DOUBT.search(gap) for gap in gaps):
        return " or perhaps ".join(values)
    if (named or any("=" in value for value in values)) and all(_OR.search(_bare(gap)) for gap in gaps):
        return " or ".join(values)
    return ("; " if any(elements(value, tuples=False) > 1 for value in values) else ", ").join(values)


def _is_tuple(text: str) -> bool:
    bare = text.replace("\\left", "").replace("\\right", "").strip("$ ")
    return bare[:1] in {"(", "["} and bare[-1:] in {")", "]"} and _is_one_group(bare)


def _is_one_group(text: str) -> bool:
    if text[0] != "{":
        depth = 0
        for index, char in enumerate(text[:4_000]):
            depth += (char in "([{") - (char in ")]}")
            if depth == 0 and char in ")]}":
                return index == len(text) - 1
        return False
    return balanced(text, 0, 400)[0] == len(text)
