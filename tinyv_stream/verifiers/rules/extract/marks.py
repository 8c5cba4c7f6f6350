"""Places that a completion marks as its final answer; the last one that says a value counts.

Next to the names of an answer (`named`): `#### 42`, `<answer>42</answer>`, a key, and `42 is the answer`.
"""

import re
from typing import Final

import msgspec

from tinyv_stream.verifiers.rules.extract import statement
from tinyv_stream.verifiers.rules.extract.closing import denies, last_value, stated
from tinyv_stream.verifiers.rules.extract.keyed import last_keyed
from tinyv_stream.verifiers.rules.extract.named import NamedAnswer, named, whole_content
from tinyv_stream.verifiers.rules.extract.supposed import supposes
from tinyv_stream.verifiers.rules.extract.words import BY_NAME, nouns

_MOST: Final = 12
"""Marks of one kind that are looked at, from the end."""
_FEW_CHARS: Final = 100
_FAR: Final = 800
"""Characters in front of a mark and behind it in which its sentence is read."""
_LINE: Final = re.compile(r"^[ \t>*]*####(?!#)[ \t]*([^\n]*)", re.MULTILINE)
_TITLE: Final = re.compile(
    r"\W*(?:(?:step|part|case|section|solution|explanation|conclusion|verification|check|method|approach|summary|analysis"
    r"|note|proof|problem|answer|final|calculat\w*|comput\w*|find\w*|solv\w*)\b|\d+[.)]\s+[A-Za-z]{2})",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.IGNORECASE | re.DOTALL)
_CLOSES: Final = re.compile(
    r"(?:(?<![^\W\d_])(?:is|are|as)\s+(?:therefore |thus |indeed |then |also )?(?:the|our|my)\s+"
    r"(?:(?:final|correct|required|desired|requested|complete|overall)\s+){0,2}(?:answers?)(?![^\W\d_]))",
    re.IGNORECASE,
)
_RELATIVE: Final = re.compile(r"[\s,;]*(?:and\s+)?(?:which|this|that|it|these)?\s*$", re.IGNORECASE)


def last_mark(text: str, after: int) -> NamedAnswer | None:
    """Return the last mark behind `after` that says something; None where there is none."""
    if after and len(text) - after < _FEW_CHARS and not any(map(str.isalnum, text[after:])):
        return None
    mark, closing = _last_named(text, after), _closes(text, after)
    if closing is None or (mark is not None and mark.strength != "words" and mark.start > closing.start):
        return mark
    return closing


def _last_named(text: str, after: int) -> NamedAnswer | None:
    others = [found for found in (_line(text, after), _tag(text, after), _key(text, after)) if found]
    best = max(others, key=lambda found: found.start, default=None)
    worded: NamedAnswer | None = None
    denied = ""
    for noun in nouns(text, after, _MOST):
        if best is not None and noun.start < best.start:
            break
        found = named(text, noun)
        if found is None:
            continue
        if found.strength == "words":
            worded = worded or found
        elif found.strength == "strong" and worded and found.start < worded.start <= found.end and worded.text:
            return msgspec.structs.replace(worded, strength="strong")  # `Final answer: the answer is blue`
        elif found.text:
            return msgspec.structs.replace(found, text="") if found.text == denied else found
        elif found.strength == "strong":
            return found
        else:
            worded = worded or found
            denied = denied or _denied_value(text, found)
    if best is not None:
        return msgspec.structs.replace(best, text="") if denied and best.text == denied else best
    return worded


def _denied_value(text: str, found: NamedAnswer) -> str:
    numbers = re.findall(r"\$[^$]+\$|-?\d[\d.,/]*\d|\d", text[found.start : found.end])
    return statement.tidy(numbers[-1]) if len(numbers) == 1 else ""


def _line(text: str, after: int) -> NamedAnswer | None:
    """Read the last `#### 42`; a heading of that level is none."""
    if text.find("####", after) < 0:
        return None
    for line in reversed(list(_LINE.finditer(text, after))[-_MOST:]):
        said = line[1].strip()
        if not said:
            if not text[line.end() :].strip():
                return NamedAnswer("", line.start(), line.end(), "strong")
            continue
        is_last = not text[line.end() :].strip()
        in_words = not statement.is_value(said) and len(said.split()) > 2
        if nouns(said, 0, 1) or (not is_last and (_TITLE.match(said) or in_words)):
            continue
        return NamedAnswer(statement.tidy(said), line.start(), line.end(), "strong")
    return None


def _tag(text: str, after: int) -> NamedAnswer | None:
    at = text.lower().rfind("<answer>") if text.isascii() else text.rfind("<answer>")
    tag = _TAG.match(text, at) if at >= after else None
    if tag is None or supposes(text[max(0, at - _FAR) : at], text[tag.end() : tag.end() + _FAR], tag[1].strip()):
        return None
    inside = tag[1].strip()
    found = last_mark(inside, 0) or NamedAnswer(whole_content(inside), 0, 0, "strong")
    return NamedAnswer(found.text, tag.start(), tag.end(), "strong")


def _key(text: str, after: int) -> NamedAnswer | None:
    keyed = last_keyed(text, after)
    if keyed and supposes(text[max(0, (at := text.rfind("{", 0, keyed[0])) - _FAR) : at], ""):
        return NamedAnswer("", keyed[0], keyed[0], "words")
    return NamedAnswer(statement.tidy(keyed[1]), keyed[0], keyed[0], "strong") if keyed else None


def _closes(text: str, after: int) -> NamedAnswer | None:
    """Read the last `... is the answer`."""
    end = len(text)
    for _ in range(_MOST):
        end = text.rfind("answer", after, end)
        if end < 0:
            return None
        found = _CLOSES.search(text, max(after, end - 60), min(len(text), end + 10))
        if found is None:
            continue
        start = max(
            text.rfind("\n", 0, found.start()) + 1, text.rfind(". ", 0, found.start()) + 1, found.start() - 600, after
        )
        before = text[start : found.start()]
        plain = statement.masked(before)
        if denies(plain) or re.search(r"\b(?:if|whether|what|why|how)\b", plain, re.IGNORECASE):
            continue
        before = before[: _relative(before)]
        value = stated(before, BY_NAME["en"]) or last_value(before)
        if value and statement.is_value(value):
            return NamedAnswer(value, found.start(), found.end(), "sentence")
    return None


def _relative(before: str) -> int:
    found = _RELATIVE.search(before)
    return found.start() if found else len(before)
