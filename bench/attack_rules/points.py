"""Points at which trees are compared: of both signs, far apart in size, integers for integer letters."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from bench.attack_rules.context import INTEGER_LETTERS

_REALS: Final = [Fraction(n, d) for n, d in ((7, 3), (-5, 4), (11, 2), (2, 7), (-17, 3), (13, 1), (-1, 9), (41, 5))]
_POSITIVE: Final = [Fraction(n, d) for n, d in ((7, 3), (5, 4), (2, 7), (17, 3), (13, 1), (1, 9), (41, 5), (101, 10))]
_INTEGERS: Final = [Fraction(n) for n in (5, -3, 2, 8, -6, 3, 12, 7, -1, 4)]
_NATURALS: Final = [Fraction(n) for n in (5, 3, 2, 8, 6, 4, 12, 7, 1, 9)]
ROWS: Final = 10


def points(names: Sequence[str], domain: str) -> list[dict[str, Fraction]]:
    """Return the points of a domain at which expressions in these letters are compared."""
    if not names:
        return [{}]
    rows: list[dict[str, Fraction]] = []
    for row in range(ROWS):
        point: dict[str, Fraction] = {}
        for at, name in enumerate(names):
            pool = _pool(name, domain)
            point[name] = pool[(row * (at + 1) + at * 3 + row // 5) % len(pool)]
        rows.append(point)
    return rows


def _pool(name: str, domain: str) -> list[Fraction]:
    if domain == "open":
        return _NATURALS if name[0] in INTEGER_LETTERS else _REALS
    table = {"positive": _POSITIVE, "integer": _INTEGERS, "natural": _NATURALS}
    if domain == "negative":
        return [-found for found in _POSITIVE]
    return table.get(domain, _REALS)
