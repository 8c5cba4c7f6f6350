"""Are two trees the same function? By exact numbers where possible, else by values at fixed irrational-looking points.

- True only if all points agree to 32 digits: two different elementary expressions do not do that by accident.
- False if they differ at a point where both have a value; None if nothing could be worked out.
- Points have positive and negative coordinates, so sqrt(x^2) is not x.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# mpmath carries no types.

import zlib
from typing import Any, Final

from tinyv_stream.verifiers.rules.maths.tree import Node, Op, Unreadable, symbols
from tinyv_stream.verifiers.rules.maths.value import CONTEXT, Number, approximate, exact

_SCALES: Final = (0.013, 1.0, -2.1, 5.3, -11.3, 43.7, 997.3)
"""Sizes of the points: small ones keep fast terms from hiding slow ones, large ones find where |x - 1| bends."""
_NEEDED: Final = 2
_STEEP: Final = 24
"""Powers up to this one show at a point above 1 that stays below the largest value allowed."""
_TOLERANCE: Final[Any] = CONTEXT.mpf(10) ** -32
_NOISE: Final[Any] = CONTEXT.mpf(10) ** -35


def equal(left: Node, right: Node) -> bool | None:
    """Say whether both trees have the same value everywhere; None if that cannot be told."""
    if left == right:
        return True
    ours, theirs = exact(left), exact(right)
    if ours is not None and theirs is not None:
        return ours == theirs
    names = symbols(left) | symbols(right)
    if not names:
        return _same_at(left, right, {})
    agreed = 0
    for index in range(len(_SCALES)):
        same = _same_at(left, right, point(names, index))
        if same is False:
            return False
        agreed += same is True
    return True if agreed >= _NEEDED and not (_is_steep(left) or _is_steep(right)) else None


def _is_steep(node: Node) -> bool:
    """Say whether a power is so high that its term vanishes at small points and overflows at large ones."""
    if not isinstance(node, Op):
        return False
    if (
        node.name == "pow"
        and symbols(node.args[0])
        and (power := exact(node.args[1])) is not None
        and abs(power) > _STEEP
    ):
        return True
    return any(_is_steep(arg) for arg in node.args)


def point(names: frozenset[str], index: int) -> dict[str, Number]:
    """Return the `index`-th fixed point: a value for every name, the same in every process."""
    return {name: _coordinate(name, index) for name in names}


def close(left: Number, right: Number) -> bool:
    """Say whether two values agree to 32 digits; what cancels to nothing may leave noise of 1e-33."""
    if CONTEXT.isinf(left) or CONTEXT.isinf(right):
        return bool(left == right)
    return bool(abs(left - right) <= _TOLERANCE * max(abs(left), abs(right)) + _NOISE)


def _same_at(left: Node, right: Node, where: dict[str, Number]) -> bool | None:
    try:
        ours = approximate(left, where)
        theirs = approximate(right, where)
    except Unreadable:
        return None
    return close(ours, theirs)


def _coordinate(name: str, index: int) -> Number:
    # crc32 spreads names; dividing by a prime keeps values off any special angle or square
    seed = zlib.crc32(f"{name}/{index}".encode())
    size = CONTEXT.mpf(seed % 999_983) / 1_500_007 + CONTEXT.mpf(1) / 9
    scale = _SCALES[index]
    return size * (abs(scale) if scale < 0 and seed % 3 == 0 else scale)
