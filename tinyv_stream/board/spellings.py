r"""Spellings of answers, and the alarm for one whose rescues grow fast: a policy that has found a hole. Pure.

A spelling is an answer with its numbers, letters and blanks taken for alike: `3\cdot2^n` and `7 \cdot 2^{k}` are both
`0\cdot0^x`. A policy learns a form, not an answer, and a false positive of TinyV's is one of a form.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tinyv_stream.board.rates import wilson

MOST_CHARS: Final = 48
_WINDOW: Final = 8
"""Newest steps that are held against all before."""
_BEFORE: Final = 8
"""Steps that must have been before: a run's beginning has nothing to be held against."""
_LEAST: Final = 12
"""Rescues in the window below which nothing is said."""
_SHARE: Final = 0.02
"""Of all rollouts of the window."""
_TIMES: Final = 3.0
"""The window's share, at its lower end, is so many times that of before, at its upper end."""
_Z: Final = 3.3
"""Of both intervals: with dozens of spellings and hundreds of steps, a smaller one would cry wolf."""


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """A spelling whose rescues grow fast; shares are of all rollouts."""

    spelling: str
    before: float
    now: float
    rescues: int
    """In the window."""
    since: int
    """First step of the window."""


def spelling_of(answer: str) -> str:
    """Return how an answer is spelt, cut to `MOST_CHARS`."""
    flat = re.sub(r"\d+(?:\.\d+)?", "0", answer[: 4 * MOST_CHARS])
    flat = re.sub(r"[\s{}$]|\\[,;!: ]", "", flat)
    return re.sub(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])", "x", flat)[:MOST_CHARS]


def growing(rollouts: Mapping[int, int], rescues: Mapping[str, Mapping[int, int]]) -> list[Growth]:
    """Return the spellings that grow fast, the largest first.

    `rollouts` has the rewards of each step, `rescues` those that TinyV gave back, per spelling and step.
    """
    steps = sorted(rollouts)
    window, before = steps[-_WINDOW:], steps[:-_WINDOW]
    if len(before) < _BEFORE:
        return []
    found: list[Growth] = []
    now_n, before_n = (sum(rollouts[step] for step in some) for some in (window, before))
    for spelling, by_step in rescues.items():
        now, then = _within(by_step, window), _within(by_step, before)
        share, earlier = now / max(1, now_n), then / max(1, before_n)
        low, high = wilson(share, now_n, _Z)[0], wilson(earlier, before_n, _Z)[1]
        if now >= _LEAST and share >= _SHARE and low > _TIMES * earlier and low > high:
            found.append(Growth(spelling=spelling, before=earlier, now=share, rescues=now, since=window[0]))
    return sorted(found, key=lambda one: -one.now)


def _within(by_step: Mapping[int, int], steps: Sequence[int]) -> int:
    return sum(by_step.get(step, 0) for step in steps)
