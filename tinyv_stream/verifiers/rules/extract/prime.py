r"""The reference's answer extraction, step by step (PRIME, as verl and TinyV use it), with its rough edges.

What follows the last `=` is kept even inside a box, so `\boxed{x=3, y=4}` becomes `4`. Pure string work, linear in the
text, never evaluated. A surplus of braces is not an answer: past `_MAX_BRACES` the box counts as unclosed.
"""

import re
from typing import Final

import msgspec

_MAX_BRACES: Final = 4_000
"""Braces looked at behind one box: a longer formula is over every answer limit, and each costs a step."""

_AFTER: Final = ("answer:", "answer is", "answers are")
_BEFORE: Final = ("is answer", "is the answer", "are answers", "are the answers")
_LAST_WORDS: Final = ("be ", "is ", "are ", "=", ": ", "get ", "be\n", "is\n", "are\n", ":\n", "get\n")
_BRACE: Final = re.compile(r"[{}]")
_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Extraction(msgspec.Struct, frozen=True):
    """The cut-out text, and whether the reference would say that an answer was found in it."""

    text: str
    matched: bool


def prime_answer(completion: str) -> Extraction:
    """Return the answer as the reference's Prime grader cuts it out."""
    text, marked = _cut_at_markers(completion)
    box = last_box(text)
    if box:
        text, marked = box, True
    dot = text.rfind(". ")
    if dot >= 0:
        text = text[:dot].strip()
    for marker in _LAST_WORDS:
        at = _lower(text).rfind(marker)
        if at >= 0:
            text, marked = text[at + len(marker) :].strip(), True
    return Extraction(text, marked and any(c.isdigit() for c in text))


def last_box(text: str) -> str | None:
    r"""Return the inside of the last `\boxed{...}` (else `\fbox{...}`); None where there is none or it never ends."""
    start = text.rfind("\\boxed")
    if start < 0:
        start = text.rfind("\\fbox")
    if start < 0:
        return None
    depth, inside = 0, -1
    for count, brace in enumerate(_BRACE.finditer(text, start)):
        if count > _MAX_BRACES:
            return None
        depth += 1 if brace[0] == "{" else -1
        if inside < 0:
            if brace[0] == "}":  # closes something that was opened before the box
                return None
            inside = brace.end()
        if depth == 0:
            return text[inside : brace.start()].strip()
    return None


def _cut_at_markers(text: str) -> tuple[str, bool]:
    marked = False
    for marker in _AFTER:
        at = _lower(text).rfind(marker)
        if at >= 0:
            text, marked = text[at + len(marker) :].strip(), True
    for marker in _BEFORE:
        at = _lower(text).rfind(marker)
        if at >= 0:
            text, marked = text[:at].strip(), True
    return text, marked


def _lower(text: str) -> str:
    """Lower-case A to Z only: full lower-casing may change the length, and every index with it."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)
