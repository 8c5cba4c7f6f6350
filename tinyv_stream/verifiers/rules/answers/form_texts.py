r"""Honest dress of an answer whose form is looked at: fonts, brackets around everything, a unit, a sign of money.

What goes here goes for the look at its form alone; the value is compared with all that stands beside it.
"""

import functools
import re
from typing import Final

import msgspec

from tinyv_stream.verifiers.rules.answers import units
from tinyv_stream.verifiers.rules.answers.split import enclosed
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.read import read
from tinyv_stream.verifiers.rules.maths.tree import Node, Unreadable

_PERCENT: Final = re.compile(r"\\text\s*\{\s*per\s?cent(?:age)?\s*\}|\bper\s?cent(?:age)?\b", re.IGNORECASE)
_REMARK: Final = re.compile(r"\\text\s*\{[^{}\d]*\}|(?<=[\d}])\s+(?:of|in) [A-Za-z ]+(?:(?<=base )10)?\Z")
_TEXT: Final = re.compile(r"\\text\s*\{([^{}]*)\}")
_FONT: Final = re.compile(r"\\text\s*(\{.*\})", re.DOTALL)
_BRACED: Final = re.compile(r"(?<![\\A-Za-z}\]^_])\{\s*(-?\d+)\s*\}")
_SIDES: Final = re.compile(r"=|\\approx(?![a-z])")
_UNIT: Final = re.compile(r"([^A-Za-z]*(?:\\[A-Za-z]+[^A-Za-z]*)*?)(?<=[\d})])\s*([A-Za-z][A-Za-z ./^{}0-9]{0,30})")
_MONEY: Final = re.compile(r"\\\$|^\s*\$(?=[^$]*\Z)")
_FULL_STOP: Final = re.compile(r"(?<!\.)\s*\.\Z")
_CONDITION: Final = re.compile(r"\\text(?![a-z])|[,;]|\b(?:for|where|if|when|with)\b")
_MOST_BRACKETS: Final = 4
_MOST_CHARS: Final = 300


class AnswerSide(msgspec.Struct, frozen=True):
    """One of the expressions that an answer says to be equal."""

    text: str
    """Without layout, remarks and units."""
    raw: str

    @property
    def tree(self) -> Node | None:
        """The expression as it is read, without a condition behind it; None where it is not understood."""
        return _tree(self.raw)


@functools.lru_cache(maxsize=1024)
def sides(text: str) -> tuple[AnswerSide, ...]:
    """Return what is said to be equal, as in `6/8 = 3/4`."""
    plain = _PERCENT.sub(lambda _m: "\\%", _MONEY.sub(" ", clean(text)))
    whole = _TEXT.fullmatch(plain.strip())
    plain = whole[1] if whole else plain
    return tuple(AnswerSide(_bare(_TEXT.sub(r" \1 ", _REMARK.sub(" ", side))), side) for side in _SIDES.split(plain))


@functools.lru_cache(maxsize=1024)
def _tree(raw: str) -> Node | None:
    if len(raw) > _MOST_CHARS:
        return None
    try:
        side = _CONDITION.split(raw, maxsplit=1)[0].replace("$", " ").strip().rstrip(" .")
        return read(_without_unit(side)) if side else None
    except Unreadable:
        return None


def _bare(side: str) -> str:
    side = _FULL_STOP.sub("", re.sub(r"[\s$]+", " ", side).strip())
    for _ in range(_MOST_BRACKETS):
        inside = _inside(side)
        if inside == side:
            break
        side = inside
    return _without_unit(_BRACED.sub(r"\1", side))


def _inside(side: str) -> str:
    """Return what one pair of brackets, or a font, stands around."""
    font = _FONT.fullmatch(side)
    try:
        pair = enclosed(font[1] if font else side)
    except Unreadable:
        return side
    if pair is None or pair[0] + pair[2] not in {"()", "{}"} or "," in pair[1]:
        return side
    return pair[1].strip()


def _without_unit(side: str) -> str:
    r"""Return `\frac{3}{4} cm` without its unit: one of measure, behind what has no letters; `5m` is a product."""
    found = _UNIT.fullmatch(side)
    lone = found is not None and len(found[2]) == 1 and not side[: -len(found[2])].endswith((" ", "}"))
    if found is None or lone or units.factor(units.one_name(found[2])) is None:
        return side
    return found[1].strip()
