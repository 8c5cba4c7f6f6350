"""Equivalence proof for a form that somebody else wrote: proved, disproved, or open.

- Proved by a form of the taxonomy that turns one into the other, or by equal numbers where numbers are all there is.
- Order, brackets, relations, units and words are more than numbers: with any of them numbers prove nothing.
"""
# ruff: noqa: RUF001 - answers are written with such signs

import re
from typing import Final

from tinyv_stream.lab.classify import is_form_of
from tinyv_stream.lab.synth.shape import elements
from tinyv_stream.lab.synth.worth import compare

_MORE_THAN_NUMBERS: Final = re.compile(
    r"[<>≤≥≠∈∪∩±%°]|\\(?:leq?|geq?|neq?|lt|gt|in|notin|cup|cap|pm|mp|text|mathrm|operatorname|begin|mid|circ)(?![a-z])|"
    r"leqslant|geqslant|\b(?:or|not|mod|except|if)\b",
    re.IGNORECASE,
)
_ORDERED: Final = ("(", "[", "\\langle")


def same(reference: str, form: str) -> bool | None:
    """Return True where the form is proved equal, False where its numbers disagree, None where it is open."""
    numbers = compare(reference, form)
    if numbers is False:
        return False
    if is_form_of(reference, form):
        return True
    if numbers is None or _MORE_THAN_NUMBERS.search(reference) or _MORE_THAN_NUMBERS.search(form):
        return None
    return True if _keeps_order(reference, form) else None


def _keeps_order(reference: str, form: str) -> bool:
    first, second = elements(reference), elements(form)
    if first is None or second is None:
        return first is second
    is_ordered = first[0] in _ORDERED or second[0] in _ORDERED
    if not is_ordered:
        return True
    in_place = len(first[1]) == len(second[1]) and all(
        compare(x, y) is True for x, y in zip(first[1], second[1], strict=True)
    )
    return in_place and (first[0], first[2]) == (second[0], second[2])
