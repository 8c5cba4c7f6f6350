"""Cuts of a cleaned text at its top level: separators and relations outside of every bracket. Linear."""

import functools
import re
from typing import Final

from tinyv_stream.verifiers.rules.maths.tree import Unreadable

MAX_PARTS: Final = 40

_OPEN: Final = frozenset({"(", "[", "{", "\\{", "\\begin", "\\langle", "\\lfloor", "\\lceil"})
_CLOSE: Final = frozenset({")", "]", "}", "\\}", "\\end", "\\rangle", "\\rfloor", "\\rceil"})
_PIECE: Final = re.compile(
    r"\\[A-Za-z]+|\\.|(?<![A-Za-z])(?:and|or)(?![A-Za-z])|\d{1,3}(?:,\d{3})+(?!\d)|<=|>=|!=|.", re.DOTALL
)


@functools.lru_cache(maxsize=512)
def pieces(text: str) -> tuple[tuple[str, int, int, int], ...]:
    """Return (piece, start, end, depth) over the text; raise Unreadable where brackets do not close."""
    found: list[tuple[str, int, int, int]] = []
    depth = 0
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece in _CLOSE:
            depth -= 1
            if depth < 0:
                raise Unreadable("a bracket too many")
        found.append((piece, match.start(), match.end(), depth))
        if piece in _OPEN:
            depth += 1
    if depth:
        raise Unreadable("an open bracket")
    return tuple(found)


def split(text: str, separators: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return the parts between top-level separators, and the separators found."""
    parts: list[str] = []
    used: list[str] = []
    start = 0
    for piece, begin, end, depth in pieces(text):
        if depth == 0 and piece in separators:
            parts.append(text[start:begin].strip())
            used.append(piece)
            start = end
    parts.append(text[start:].strip())
    if len(parts) > MAX_PARTS:
        raise Unreadable("too many parts")
    return parts, used


def enclosed(text: str) -> tuple[str, str, str] | None:
    r"""Return (opening, inside, closing) if one pair of brackets holds the whole text; `[1, 2)` counts as a pair."""
    found = pieces(text)
    if len(found) < 2 or found[0][0] not in _OPEN or found[-1][0] not in _CLOSE:
        return None
    if any(depth == 0 for _, _, _, depth in found[1:-1]):
        return None
    return found[0][0], text[found[0][2] : found[-1][1]].strip(), found[-1][0]
