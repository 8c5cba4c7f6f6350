r"""Fast path: plain numbers and equal texts, decided in microseconds, without sympy, on the worker's own event loop.

- `correct` means: the same text after cosmetics (spacing, `$`, `\left`, `\dfrac`), or the same exact number.
- `incorrect` is said only of two different numbers written without a decimal point: no rounding of one another.
- None: this needs a closer look. ASCII digits only; no backtracking, no big-integer work on long digit strings.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

import msgspec

from tinyv_stream.types import Outcome

_MAX_CHARS: Final = 200
"""Longer texts are compared as text only: parsing digits is quadratic."""

_COSMETIC: Final = re.compile(
    r"\\[dtc]frac|\\(?:left|right)(?![a-zA-Z])|"
    r"(?:\\(?:quad|qquad|displaystyle)(?![a-zA-Z])|(?<!\\)\\[,;:! ]|\\[()\[\]]|[\s$]|"
    r"(?:(?<=[^~])|\A(?=~[^A-Za-z~]))~(?!~))+"
)
_NUMBER: Final = re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:(?:,|\{,\})\d{3})+|\d+)?(?:\.\d+)?")
_THREE_DIGITS: Final = re.compile(r"\d{3}(?!\d)")
_BRACKET: Final = re.compile(r"[(\[{]")
_FRACTION: Final = re.compile(r"([+-]?)(?:\\frac\{(-?\d+)\}\{(\d+)\}|(\d+)/(\d+))")


class FastDecision(msgspec.Struct, frozen=True):
    """A decision, its reason, and for an accepted answer the class of the difference."""

    outcome: Outcome
    reason: str
    taxonomy: str | None = None


SAME_TEXT: Final = FastDecision(Outcome.CORRECT, "same text", "formatting")
SAME_NUMBER: Final = FastDecision(Outcome.CORRECT, "same number", "numeric")
OTHER_NUMBER: Final = FastDecision(Outcome.INCORRECT, "different numbers")


def decide(model_answer: str, ground_truth: str) -> FastDecision | None:
    """Return a decision, or None where a closer look is needed. An empty answer never equals anything."""
    answer, gold = cosmetic(model_answer), _gold(ground_truth)
    if not answer:
        return None
    if answer == gold:
        return SAME_TEXT
    ours, theirs = number(answer), _gold_number(gold)
    if ours is None or theirs is None:
        return None
    if ours == theirs:
        return SAME_NUMBER
    return None if "." in answer or "." in gold else OTHER_NUMBER


def cosmetic(text: str) -> str:
    """Return `text` without what only changes its looks; a word keeps its neighbours apart."""
    if text.isalnum() and text.isascii():
        return text
    return _COSMETIC.sub(_replace, text).removesuffix(".").strip()


def number(text: str) -> Fraction | None:
    """Return the exact value of a plain number or fraction, or None."""
    if len(text) > _MAX_CHARS or not text.isascii():
        return None
    if _NUMBER.fullmatch(text) and text[-1:].isdigit():
        return Fraction(text.replace("{,}", "").replace(",", ""))
    parts = _FRACTION.fullmatch(text)
    if parts is None:
        return None
    top, bottom = int(parts[2] or parts[4]), int(parts[3] or parts[5])
    if bottom == 0:
        return None
    return Fraction(-top if parts[1] == "-" else top, bottom)


def _replace(match: re.Match[str]) -> str:
    found = match[0]
    if found.endswith("frac"):
        return "\\frac"
    # "1 2", "x or y" and "1, 234" must not become "12", "xory" and "1,234"
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    apart = before.isalnum() and after.isalnum() and (found.isspace() or (before.isdigit() and after.isdigit()))
    if before == "," and after.isdigit():
        apart = _THREE_DIGITS.match(match.string, match.end()) is not None or not _BRACKET.search(match.string)
    return " " if apart and not found.startswith(("\\left", "\\right")) else ""


@lru_cache(maxsize=4096)
def _gold(ground_truth: str) -> str:
    return cosmetic(ground_truth)


@lru_cache(maxsize=4096)
def _gold_number(gold: str) -> Fraction | None:
    return number(gold)
