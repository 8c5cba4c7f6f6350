r"""Frame right around a box: a denial, a question, or an operator that makes it a part of an expression.

A box that is denied (`not \boxed{5}`) or asked (`\boxed{5}?`) is none. One that is an operand (`-\boxed{5}`,
`\boxed{5}^2`) gives the expression. `f(x) \ge \boxed{5}` names a minimum and changes nothing; for other relations see
`bounded`.
"""
# ruff: noqa: RUF001 one alternation is one line; the letters of other scripts are meant

import re
from typing import Final

import msgspec

from tinyv_stream.verifiers.rules.extract.beside import left_aside, offers_another
from tinyv_stream.verifiers.rules.extract.boxes import Box, balanced, unwrapped, without_commands
from tinyv_stream.verifiers.rules.extract.frame_words import around, denies
from tinyv_stream.verifiers.rules.extract.judged import judges
from tinyv_stream.verifiers.rules.extract.operands import operands
from tinyv_stream.verifiers.rules.extract.supposed import supposes

_ASKED: Final = re.compile(r"[\s$*)}\]\\]*[?？]")
_ARGUMENT: Final = re.compile(
    r"\\(?:sqrt(?:\[[^\]]{0,20}\])?|[dtc]?frac|d?binom|overline|underline|overrightarrow|bar|hat|vec|x?cancel|log|ln|exp|sin|cos|tan|lfloor|lceil)\s*\{\s*$"
)
_NEAR: Final = 60
_FAR: Final = 800
"""Characters around a box in which its sentence is read, and the work that comes to its value."""


def standing(text: str, found: list[Box]) -> list[Box]:
    """Return the boxes that say a value, with the operators around them inside."""
    kept: list[Box] = []
    for box in found:
        before = text[max(0, box.start - _NEAR) : box.start]
        behind = text[box.end : box.end + _NEAR]
        if box.inside is None:
            kept.append(box)
        elif "\\" in before and (argument := _ARGUMENT.search(before)):
            kept.append(_with_command(text, box, max(0, box.start - _NEAR) + argument.start()))
        elif offers_another(before, text[box.end : box.end + _FAR // 4], box.inside):
            kept.append(msgspec.structs.replace(box, inside=None))
        elif not (
            denies(before, behind)
            or judges(behind)
            or left_aside(before, behind)
            or _ASKED.match(behind)
            or supposes(text[max(0, box.start - _FAR) : box.start], text[box.end : box.end + _FAR], box.inside)
        ):
            kept.append(_whole(text, box, before, behind))
    return kept


def _with_command(text: str, box: Box, start: int) -> Box:
    r"""Return the command that a box is the argument of: `\sqrt{\boxed{2}}` is a root; none where it never ends."""
    at = text.index("{", start)
    end, _ = balanced(text, at, 400)
    while end > 0 and text[end : end + 1] == "{":
        end, _ = balanced(text, end, 400)
    inside = without_commands(text[start:end]) if end > box.end - 1 else None
    return msgspec.structs.replace(box, inside=inside)


def _whole(text: str, box: Box, before: str, behind: str) -> Box:
    inside = unwrapped(box.inside or "")
    if not inside:
        return box
    front, back = around(before, behind)
    if front or back:
        return msgspec.structs.replace(box, inside=f"{front}{inside}{back}")
    head, tail = operands(text, box.start, box.end)
    if not (head or tail) or inside in {head, tail}:
        return box
    grouped = inside if re.fullmatch(r"[\w.]+", inside) and not head[-1:].isdigit() else f"({inside})"
    return msgspec.structs.replace(box, inside=f"{head}{grouped}{tail}")
