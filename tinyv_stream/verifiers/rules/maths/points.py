"""Points at which two expressions are compared, and the domains of their letters. The same in every process.

- A real letter takes values of both signs in every combination, far apart in size, and where a bend may be: around the
  numbers that are written, at whole numbers and halves.
- A letter of whole numbers takes many of them in a row: floors, powers of -1 and common divisors bend at each.
- A domain narrows the values; it comes from the question, or from what an expression needs (`n!`, `(-1)^n`).
"""

import itertools
import zlib
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

import msgspec

from tinyv_stream.verifiers.rules.maths.exact import exact
from tinyv_stream.verifiers.rules.maths.tree import BINDERS, Node, Num, Op, symbols, walk, words

_SIZES: Final = tuple(map(Fraction, ("1", "2.1", "0.013", "5.3", "11.3", "43.7", "997.3", "1.7")))
_BENDS: Final = words("abs max min floor ceil sqrt root ln log logb lg arcsin arccos arctan arccot gcd lcm")
_WHOLE: Final = words("fact binom gcd lcm sum prod")
_STEPS: Final = words("floor ceil gcd lcm fact binom sum prod")
_MOST_NUMBERS: Final = 8
_FAR_TENS: Final = 3
_FAR: Final = Fraction(10**_FAR_TENS)
_MOST_TENS: Final = 24
_FEW: Final = 2
"""Letters whose combinations of signs are all tried."""
_WHOLES: Final = (*range(1, 26), 27, 30, 31, 32, 36, 49, 60, 63, 64, 65, 81, 97, 100, 120)


class Domain(msgspec.Struct, frozen=True):
    """What a letter may be: real between two bounds (None: unbounded; open or closed is the same here), or whole."""

    low: Fraction | None = None
    high: Fraction | None = None
    whole: bool = False


REAL: Final = Domain()
Domains = Mapping[str, Domain]
Point = dict[str, Fraction]


def points(left: Node, right: Node, domains: Domains) -> Iterator[Point]:
    """Yield the points at which both trees are to be compared, the most telling first."""
    names = sorted(symbols(left) | symbols(right))
    needs = (whole_letters(left) | whole_letters(right)) & symbols(left)
    of = {name: domains.get(name, REAL) for name in names}
    of = {name: msgspec.structs.replace(d, whole=True) if name in needs else d for name, d in of.items()}
    nodes = [*walk(left), *walk(right)]
    operators = [node for node in nodes if isinstance(node, Op)]
    bends = any(node.name in _BENDS or _is_root(node) for node in operators)
    steps = any(node.name in _STEPS or _alternates(node) for node in operators)
    whole = frozenset(name for name in names if of[name].whole)
    yield from _generic(names, of, whole if steps else frozenset(), bends=bends or steps)
    if bends:
        yield from _around(names, of, _numbers(nodes))
    if whole:
        yield from _grid(names, of, whole)


def whole_letters(node: Node) -> frozenset[str]:
    """Return the letters that must be whole numbers for the tree to make sense: in `n!`, `(-1)^n`, a bound of a sum."""
    found: set[str] = set()
    for part in walk(node):
        if isinstance(part, Op) and part.name in BINDERS:
            found |= symbols(part.args[2]) | symbols(part.args[3])
        elif isinstance(part, Op) and part.name in _WHOLE:
            found |= symbols(part)
        elif isinstance(part, Op) and _alternates(part):
            found |= symbols(part.args[1])
    return frozenset(found)


def _alternates(node: Op) -> bool:
    value = exact(node.args[0]) if node.name == "pow" and symbols(node.args[1]) else None
    return value is not None and value < 0


def _is_root(node: Op) -> bool:
    power = exact(node.args[1]) if node.name == "pow" else None
    return node.name == "pow" and (power is None or power.denominator != 1)


def _generic(names: list[str], of: Domains, whole: frozenset[str], *, bends: bool) -> Iterator[Point]:
    """Yield points of every combination of signs, each letter with a size of its own; fewer where nothing bends."""
    count = len(_SIZES) if bends or len(names) > _FEW else 2 + 2 * len(names)
    for index in range(count if len(names) <= _FEW + 1 else 2 * len(_SIZES)):
        point: Point = {}
        for place, name in enumerate(names):
            seed = zlib.crc32(f"{name}/{index}".encode())
            # dividing by a prime keeps values off any special angle or square
            size = (Fraction(seed % 999_983, 1_500_007) + Fraction(1, 9)) * _SIZES[index % len(_SIZES)]
            flip = (index >> place) & 1 if place <= _FEW else seed >> 7 & 1
            point[name] = within(-size if flip else size, of[name])
            if name in whole:
                point[name] = _nearest(point[name], of[name])
        yield point


def within(value: Fraction, domain: Domain) -> Fraction:
    """Return a value moved into a domain, smoothly and one to one on either side."""
    low, high = domain.low, domain.high
    if low is not None and high is not None:
        share = abs(value) / (1 + abs(value))
        return low + (high - low) * share
    if low is not None:
        return low + abs(value)
    if high is not None:
        return high - abs(value)
    return value


def _nearest(value: Fraction, domain: Domain) -> Fraction:
    near = Fraction(round(value))
    if domain.low is not None and near <= domain.low:
        near = Fraction(domain.low.__floor__() + 1)
    return near


def _allows(value: Fraction, domain: Domain) -> bool:
    if domain.whole and value.denominator != 1:
        return False
    return (domain.low is None or value > domain.low) and (domain.high is None or value < domain.high)


def _numbers(nodes: list[Node]) -> list[Fraction]:
    """Return the numbers that are written or can be worked out, such as `10^6`, and steps to the far ones."""
    found = {Fraction(1), Fraction(2)}
    for node in nodes:
        value = exact(node) if isinstance(node, Num | Op) else None
        if value is not None and value:
            found.add(abs(value))
    kept = sorted(found, key=lambda value: (not 1 / _FAR < value < _FAR, value))[:_MOST_NUMBERS]
    return [*kept, *_steps_to(found)]


def _steps_to(numbers: set[Fraction]) -> Iterator[Fraction]:
    """Yield powers of ten past the largest and the smallest number, where one is far from 1: a bend may be anywhere."""
    largest, smallest = (_tens(edge) for edge in (max(numbers), 1 / min(numbers)))
    if largest >= _FAR_TENS:
        yield from (Fraction(10**k) for k in range(_FAR_TENS, min(2 * largest + 2, _MOST_TENS)))
    if smallest >= _FAR_TENS:
        yield from (Fraction(1, 10**k) for k in range(_FAR_TENS, min(2 * smallest + 2, _MOST_TENS)))


def _tens(value: Fraction) -> int:
    return len(str(value.__floor__())) - 1 if value < 10**_MOST_TENS else _MOST_TENS


def _around(names: list[str], of: Domains, numbers: list[Fraction]) -> Iterator[Point]:
    """Yield points where one letter is zero, large, or at and around a number that is written."""
    rest = {name: within(Fraction(zlib.crc32(name.encode()) % 999_983, 300_007), of[name]) for name in names}
    near = [Fraction(0), Fraction(123_457), *numbers]
    near += [n * f for n in numbers for f in (Fraction(11, 10), Fraction(9, 10))]
    near += [n + f for n in numbers[:4] for f in (Fraction(1, 2), Fraction(3, 10))]
    for name in names:
        ends = [end for end in (of[name].low, of[name].high) if end is not None]
        inside = [(end + sign * n) / 2 for end in ends for n in numbers for sign in (1, -1)]
        for value in (*(sign * n for n in near for sign in (1, -1)), *inside):
            if _allows(value, of[name]):
                yield {**rest, name: value}


def _grid(names: list[str], of: Domains, whole: frozenset[str]) -> Iterator[Point]:
    """Yield points of small whole numbers in many combinations."""
    lows = {name: of[name].low for name in names}
    values = {
        name: [Fraction(n) for n in (*_WHOLES, *((0, -1, -2, -3, -4, -5, -6, -7) if lows[name] is None else ()))]
        for name in names
    }
    if len(whole) == 1:
        name = next(iter(whole))
        rest = {n: within(Fraction(zlib.crc32(n.encode()) % 999_983, 300_007), of[n]) for n in names if n != name}
        yield from ({**rest, name: n} for n in values[name] if _allows(n, of[name]))
        return
    for index in range(36):
        point: Point = {}
        for name in names:
            seed = zlib.crc32(f"{name}#{index}".encode())
            allowed = [n for n in values[name][:12] if _allows(n, of[name])] or [Fraction(1)]
            point[name] = allowed[seed % len(allowed)] if name in whole else within(Fraction(seed % 997, 101), of[name])
        yield point
    for one, other in itertools.permutations(sorted(whole)[:3], 2):  # one much larger: sums with an end, binomials
        yield {**{n: within(Fraction(3), of[n]) for n in names}, one: Fraction(12), other: Fraction(4)}
