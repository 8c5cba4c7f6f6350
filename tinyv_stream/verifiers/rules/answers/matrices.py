r"""Sums, products and multiples of matrices that are written out, worked out entry by entry.

`\frac12\begin{pmatrix}1\\-2\end{pmatrix}` is one matrix. Sizes that do not fit make the text unreadable; so does
whatever else stands between two matrices.
"""

import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers.forms import Matrix
from tinyv_stream.verifiers.rules.maths.read import read
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Unreadable

_MATRIX: Final = re.compile(r"\\begin\s*\{([pbBvV]?matrix)\}(.*?)\\end\s*\{\1\}", re.DOTALL)
_SIGN: Final = re.compile(r"\s*([-+]|\\cdot|\\times|)\s*")
_MOST_SIZE: Final = 6
_MOST_PARTS: Final = 4
_DETERMINANTS: Final = frozenset({"vmatrix", "Vmatrix"})

Rows = tuple[tuple[Node, ...], ...]


def combined(text: str) -> Matrix | None:
    """Return the matrix that a sum or a product of matrices is; None for a text that is no such thing."""
    found = list(_MATRIX.finditer(text))
    if not found or (len(found) == 1 and found[0].span() == (0, len(text))) or len(found) > _MOST_PARTS:
        return None
    if any(match[1] in _DETERMINANTS for match in found) or text[found[-1].end() :].strip():
        return None
    terms: list[Rows] = []
    end = 0
    for match in found:
        rows = _rows(match[2])
        between = text[end : match.start()].strip()
        end = match.end()
        sign, factor = _factor(between, first=not terms)
        rows = rows if factor is None else _times(factor, rows)
        if terms and sign in {"", "\\cdot", "\\times"} and factor is None:
            terms[-1] = _product(terms[-1], rows)
        else:
            terms.append(_times(Num(Fraction(-1)), rows) if sign == "-" else rows)
    total = terms[0]
    for rows in terms[1:]:
        total = _sum(total, rows)
    return Matrix(total)


def _factor(text: str, *, first: bool) -> tuple[str, Node | None]:
    """Return the sign in front of a matrix, and the number between the two."""
    sign = _SIGN.match(text)
    said, rest = (sign[1], text[sign.end() :]) if sign else ("", text)
    rest = re.sub(r"\s*\\(?:cdot|times)\s*\Z", "", rest).strip()
    if rest and not first and said not in {"+", "-"}:
        raise Unreadable("something between two matrices")
    return said, read(rest) if rest else None


def _rows(text: str) -> Rows:
    rows = [row for row in text.split("\\\\") if row.strip()]
    cells = tuple(tuple(read(cell) for cell in row.split("&")) for row in rows)
    if not cells or len(cells) > _MOST_SIZE or len({len(row) for row in cells}) != 1 or len(cells[0]) > _MOST_SIZE:
        raise Unreadable("a matrix of another size")
    return cells


def _times(factor: Node, rows: Rows) -> Rows:
    return tuple(tuple(Op("mul", (factor, cell)) for cell in row) for row in rows)


def _sum(one: Rows, other: Rows) -> Rows:
    if (len(one), len(one[0])) != (len(other), len(other[0])):
        raise Unreadable("matrices of different sizes")
    return tuple(tuple(Op("add", pair) for pair in zip(a, b, strict=True)) for a, b in zip(one, other, strict=True))


def _product(one: Rows, other: Rows) -> Rows:
    if len(one[0]) != len(other):
        raise Unreadable("matrices of different sizes")
    columns = list(zip(*other, strict=True))
    return tuple(
        tuple(Op("add", tuple(Op("mul", pair) for pair in zip(row, column, strict=True))) for column in columns)
        if len(other) > 1
        else tuple(Op("mul", (row[0], column[0])) for column in columns)
        for row in one
    )
