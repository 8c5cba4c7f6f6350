"""Names of an answer in a text: a label (`Answer: 5`), a heading with the answer below, or a sentence.

A label or heading is strong. A sentence is a mark if it says a value and is neither a question nor under an "if" or a
"not"; what it says in words counts only where nothing else does.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; the letters of other scripts are meant

import re
from functools import lru_cache
from typing import Final, Literal

import msgspec

from tinyv_stream.verifiers.rules.extract import statement
from tinyv_stream.verifiers.rules.extract.closing import compares, stated
from tinyv_stream.verifiers.rules.extract.keyed import names_no_answer
from tinyv_stream.verifiers.rules.extract.labels import is_own
from tinyv_stream.verifiers.rules.extract.supposed import supposes
from tinyv_stream.verifiers.rules.extract.words import BY_NAME, Language, Noun, whole

_LIGHT: Final = re.compile(
    r"[\W_]*(?:(?:final|correct|corrected|revised|right|exact|numerical|short|overall|the|our|my|your|so|thus|hence|then|"
    r"therefore|finally|and|actual|updated|model|expected|complete|full|[a-h1-9])\b[\W_]*){0,4}",
    re.IGNORECASE,
)
_DOUBT: Final = re.compile(
    r"\b(?:not|false|wrong|incorrect|if|whether|suppose|assum\w*|unless|could|might|may|maybe|perhaps|would|thought"
    r"|guess\w*|claim\w*|says|said|other|previous|earlier|when|once|until|verify|confirm|why|how|doubt)\b|n't|(?<!\bI )(?<!\bwe )\b(?:think|say|believe)\b",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(r"[,;:.?!。，；：？\n]|\b(?:so|hence|thus|therefore|but)\b", re.IGNORECASE)
_ADVERBS: Final = re.compile(
    r"(?:[\s*_:：]*\b(?:therefore|thus|then|hence|simply|just|exactly|indeed|now|clearly|that|given by|equal to|also|somit|"
    r"daher|donc|então|entonces|portanto)\b[\s,:]*){0,3}[\s*_:：]*",
    re.IGNORECASE,
)
_OPENS: Final = re.compile(r"[\[(【][^\[\](){}【】\n]{0,20}$")
_UNDERLINE: Final = re.compile(r"[\s*_#=\-:：>✅]*")
_UNDERLINE_ONLY: Final = re.compile(r"(?:\s*(?:[=\-]{3,}|[*_]{2,})[ \t]*(?=\n))?\s*")
_FENCE: Final = re.compile(r"```[a-z]*[ \t]*\n(?=\s*\S)")
_BULLET: Final = re.compile(r"[ \t]*(?:[-*•+]|\d{1,2}[.)])[ \t]+(?=\S)")
_SAYS_OF_IT: Final = re.compile(r"(?:an?|the)\b|[A-Za-z]{3,}", re.IGNORECASE)
"""What begins like this says something of its subject, and is no value without it: `ABCD is a rectangle`."""
_CUT_OFF: Final = re.compile(r"\b(?:is|are|equals?|be|the|of|to)\s*$", re.IGNORECASE)
_WORDY: Final = re.compile(
    r"(?!approximately|about|roughly|option|choice|point|sin|cos|tan|log|ln|exp|sqrt|both|pi\b)[A-Za-z]{3,}"
)
_YES_NO: Final = re.compile(r"[\s*_$]*(?:\\text\{)?(?:yes|no|true|false)\b", re.IGNORECASE)
_FAR: Final = 250
_MOST_WORDS: Final = 8
"""An answer in words is no longer than this."""

Strength = Literal["strong", "sentence", "words"]


class NamedAnswer(msgspec.Struct, frozen=True):
    """What a mark says, where it starts, where its text ends and how strong it is. An empty text says: no answer."""

    text: str
    start: int
    end: int
    strength: Strength


def named(text: str, noun: Noun) -> NamedAnswer | None:
    """Read what a text says of the answer that it names at `noun`; None where that is no mark."""
    language = noun.language
    if text[noun.start - 1 : noun.start] in {"_", "-"} and names_no_answer(text[max(0, noun.start - 12) : noun.end]):
        return None
    line_start = max(text.rfind("\n", 0, noun.start), text.rfind(". ", 0, noun.start)) + 1
    before = text[max(line_start, noun.start - 200) : noun.start]
    light = noun.start - line_start < 80 and _is_light(before, language)
    own = is_own(before, "", language, label=True)
    if light and own and (heading := _heading(text, noun, language)):
        return heading
    link = _link(language.name).match(text, noun.end, min(len(text), noun.end + 200))
    if link is not None and link["closes"] and not _OPENS.search(before):
        link = None
    return _linked(text, noun, link, before, light=light) if link is not None else None


def _linked(text: str, noun: Noun, link: re.Match[str], before: str, *, light: bool) -> NamedAnswer | None:
    labels = bool(link["colon"] or link["equals"])
    if not is_own(before, link[0], noun.language, label=labels):
        return None
    if not labels and _DOUBT.search(_clause(before)):
        return None
    front = max(0, noun.start - _FAR)
    if supposes(text[front : link.end()], "") or supposes(text[front : noun.start].rstrip("{\"' "), ""):
        return NamedAnswer("", noun.start, link.end(), "words")
    if labels and light:
        return _labelled(text, noun.start, link.end(), noun.language)
    return _sentence(text, noun.start, link, noun.language)


def _sentence(text: str, start: int, link: re.Match[str], language: Language) -> NamedAnswer | None:
    adverbs = _ADVERBS.match(text, link.end())
    said, end, asks = statement.sentence(text, adverbs.end() if adverbs else link.end())
    if asks or not said:
        return None
    found = statement.value(said, language, denied=bool(link["no"] or link["no_verb"]))
    if found and (not statement.is_value(found) or _WORDY.match(found)):
        return NamedAnswer(found, start, end, "words") if len(found.split()) <= _MOST_WORDS else None
    return NamedAnswer(found, start, end, "sentence")


def _is_light(before: str, language: Language) -> bool:
    if language.name == "en":
        return _LIGHT.fullmatch(before) is not None
    return len(before.split()) <= 4 and not any(c.isdecimal() for c in before)


def _heading(text: str, noun: Noun, language: Language) -> NamedAnswer | None:
    """Read a line that is nothing but the name of the answer, and what stands below it."""
    line_end = text.find("\n", noun.end)
    rest = text[noun.end : len(text) if line_end < 0 else line_end]
    if not _UNDERLINE.fullmatch(rest):
        return None
    if line_end < 0:
        return NamedAnswer("", noun.start, len(text), "words")
    below = _UNDERLINE_ONLY.match(text, line_end)
    return _block(text, noun.start, below.end() if below else line_end, language)


def _labelled(text: str, start: int, at: int, language: Language) -> NamedAnswer | None:
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    if not text[at:line_end].strip(" \t*_"):
        return _block(text, start, at, language)
    return _content(text, start, at, language)


def _block(text: str, start: int, at: int, language: Language) -> NamedAnswer | None:
    """Read what stands below a heading: a list of lines, or one statement."""
    while at < len(text) and (text[at].isspace() or text[at] in "*_>"):
        at += 1
    if at >= len(text):
        return NamedAnswer("", start, len(text), "words")
    if fence := _FENCE.match(text, at):
        at = fence.end()
    at = text.rfind("\n", 0, at) + 1
    if fence and len(lines := _fenced(text, at)) > 1:
        return NamedAnswer(", ".join(lines), start, at, "strong")
    items: list[str] = []
    end = at
    while bullet := _BULLET.match(text, end):
        line_end = text.find("\n", bullet.end())
        line_end = len(text) if line_end < 0 else line_end
        items.append(statement.tidy(text[bullet.end() : line_end]))
        end = min(line_end + 1, len(text))
        if len(items) > 40:
            break
    if items and all(map(statement.is_value, items)):
        return NamedAnswer(", ".join(items), start, end, "strong")
    found = _content(text, start, at, language)
    if found is None or (not statement.is_value(found.text) and len(found.text.split()) > 4):
        return found if found and _YES_NO.match(found.text) else None
    return found


def _fenced(text: str, at: int) -> list[str]:
    """Return the lines of the code block that begins at `at`; none where they are longer than values."""
    close = text.find("```", at, at + 400)
    lines = [line.strip() for line in text[at:close].split("\n") if line.strip()] if close >= 0 else []
    return lines if all(len(line) < 80 and statement.is_value(line) for line in lines) else []


def _content(text: str, start: int, at: int, language: Language) -> NamedAnswer | None:
    while at < len(text) and text[at] in " \t\n*_>":
        at += 1
    said, end, asks = statement.sentence(text, at)
    if asks or not said.strip():
        return None if asks else NamedAnswer("", start, end, "words")
    if _YES_NO.match(said):
        return NamedAnswer(statement.tidy(said), start, end, "strong")
    return NamedAnswer(from_content(said, language), start, end, "strong")


def from_content(said: str, language: Language) -> str:
    """Return the value of what stands behind a label: the value itself, or a sentence that ends in it."""
    found = statement.value(said, language)
    if not statement.is_value(said):
        return "" if _CUT_OFF.search(said) else found or statement.tidy(said)
    if "\\text" in said:
        return found
    if not statement.is_value(found):
        return stated(said, language) or found
    if _CUT_OFF.search(found):
        return ""
    ends_in = stated(found, language, alone=False)
    return ends_in if ends_in and not _SAYS_OF_IT.match(ends_in) and not compares(ends_in) else found


def whole_content(inside: str) -> str:
    """Return the value of a text that holds an answer and nothing else."""
    if _YES_NO.match(inside):
        return statement.tidy(inside)
    return from_content(inside, BY_NAME["en"]) if inside else ""


def _clause(before: str) -> str:
    last = 0
    for found in _CLAUSE.finditer(before):
        last = found.end()
    return before[last:]


@lru_cache(maxsize=64)
def _link(name: str) -> re.Pattern[str]:
    """Return what stands between the name of an answer and its value."""
    row = BY_NAME[name]
    no, copula = whole(row, row.no), whole(row, row.copula)
    colon = r"(?P<colon>(?:[ \t]*\((?:final|exact|simplified|in [^()\d\n]{1,20})\))?[ \t*_]*[)\]]?(?:[:：](?:</\w{1,6}>|[ \t]*\})?(?:[ \t*_]*\|)?|[*_]*[ \t]*\|(?=[^\n|]*\d))|[ \t]+(?:[—–→-]|[-=]>)(?=[ \t])|[*_]*\.[*_]+|(?P<closes>[*_]*[\])】][ \t*_]*(?=[$\\\d(-])))"
    equals = r"(?P<equals>[ \t]*=)"
    if not row.spaced:
        gap, direct = r"(?:[ \t]*[^\s\d:：。，,.$\\*]{1,12}){0,2}?", r"(?=[ \t*_]*(?:[\d$\\(\[-]|[A-H](?![A-Za-z])))"
        return re.compile(
            rf"{gap}[ \t*_]*(?:(?P<no>{no})[ \t]*)?(?:{copula}|{colon})|{equals}|[ \t*_]*(?:(?P<no_verb>{no})[ \t]*)?{direct}",
            re.IGNORECASE,
        )
    clause = r"(?:[ \t*_,]+(?:to|for|of|in|that|we|which|à|a|de|du|al?|zu[rm]?|auf|к|на|para|da|do|per)\b[^.:;?!=\n]{0,80}?)?"
    words = r"(?:[ \t*_]+[^\W\d_]{1,20}){0,3}?"
    # Russian needs no verb, German puts it in front, and any language may say `answer not 5 but 6`
    needed = "?" if name in {"de", "ru"} else ""
    direct = rf"[ \t*_]*(?:(?P<no_verb>{no})[ \t*_]+){needed}(?=[ \t*_]*[\d$\\(\[-])"
    labelled = rf"(?:{words})?{colon}" if name != "en" else colon
    return re.compile(
        rf"{clause}(?:{words}[ \t*_]*(?:(?P<no>{no})[ \t*_]+)?{copula}|{labelled})|{equals}|{direct}", re.IGNORECASE
    )
