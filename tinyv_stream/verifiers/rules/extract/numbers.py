r"""Plain numbers beside an answer: the same value again, or another one.

Only a value that is a number can have another one beside it; `\boxed{2\sqrt3}, about 3.46` says the same twice.
"""
# ruff: noqa: E501, RUF001 signs of operation are meant

import re
from fractions import Fraction
from typing import Final

WORDS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_COMMAND: Final = re.compile(r"\\[dtc]?frac\s*\{?(\d{1,12})\}?\s*\{?(\d{1,12})\}?")
_LAYOUT: Final = re.compile(r"\\(?:[,;:! ]|left|right|text\s*\{[^{}]{0,40}\})|[{}$\s]")
_TEXT: Final = re.compile(r"\\(?:text|mbox|mathrm|textrm|textbf)\s*\{([^{}]{0,60})\}")
_SPACE: Final = re.compile(r"\\(?:q?quad(?![A-Za-z])|[,;:! ])")
PLAIN: Final = r"-?\d{1,15}(?:,\d{3}){0,4}(?:\.\d{1,12}|/\d{1,12})?"
"""A number with its separators, its decimals or its denominator."""
_WHOLE: Final = re.compile(PLAIN)
_NAME: Final = re.compile(r"[A-Za-z](?:_\w)?=")
NUMBER: Final = r"(?<![A-Za-z0-9_.\\^/*+])-?\d[\d,]*(?:\.\d+|/\d+)?(?![A-Za-z0-9_]|[.,]\d|[\s$]*(?:\\cdot|\\times|\\frac|\\%|[*/^+=×·%!]|-\s?\d))"
"""A number that stands by itself, and begins no formula."""
_NUMBER: Final = re.compile(NUMBER)


def size(text: str) -> Fraction | None:
    """Return the number that a short text is; None where it is none."""
    bare = _NAME.sub("", _LAYOUT.sub("", _COMMAND.sub(r"\1/\2", text[:80])), count=1)
    if _WHOLE.fullmatch(bare) is None:
        return None
    top, _, bottom = bare.replace(",", "").partition("/")
    below = Fraction(bottom or 1)
    return Fraction(top) / below if below else None


def in_plain(text: str) -> str:
    """Return a text with its commands of text and space as text, and its fractions as `a/b`."""
    if "\\" not in text:
        return text
    return _SPACE.sub(" ", _TEXT.sub(r" \1 ", _COMMAND.sub(r"\1/\2", text)))


def another(text: str, value: str) -> bool:
    """Say whether a text has numbers by themselves, and the last of them is another than the number `value`."""
    own = size(value)
    found = _NUMBER.findall(text) if own is not None else []
    return bool(found) and size(found[-1].rstrip(",")) not in {own, None}
