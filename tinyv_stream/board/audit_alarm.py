"""Alarm of the audit: of what was paid lately, more is wrong than is let pass, whoever decided and however it is spelt.

- It looks at the newest steps that hold `_PAIRS` audited pairs of accepted answers, each weighed by how often it was
  paid there, and sounds when the 95 % interval of the wrong share lies wholly above `TOLERATED`.
- It is as good as its labels, and as quick as they come: without an audit it says nothing.
Pure.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tinyv_stream.board.audit import Seen
from tinyv_stream.board.rates import ACCEPTED, rate

TOLERATED: Final = 0.1
"""Wrong share of what is paid that is let pass: verifiers err, and a policy learns in spite of it."""
_PAIRS: Final = 40
"""Audited pairs that an alarm is judged by, the newest; with fewer it takes what there is."""
_LEAST: Final = 8
"""Audited pairs below which nothing is said."""


class WrongPaid(msgspec.Struct, frozen=True, kw_only=True):
    """What the audit says of accepted answers in steps `since` to `until`; shares are of rewards, with 95 % ends."""

    share: float
    low: float
    high: float
    pairs: int
    wrong: int
    since: int
    until: int


def wrong_paid(audited: Sequence[Seen], is_right: Mapping[str, bool]) -> WrongPaid | None:
    """Return what is wrong with the newest paid answers, if it is more than is let pass; else None.

    `audited` has the rewards of pairs drawn at random and labelled, `is_right` whether each pair's answer is correct.
    """
    paid = [one for one in audited if one.cell in ACCEPTED]
    weights: Counter[str] = Counter()
    steps = sorted({one.step for one in paid}, reverse=True)
    since = max(steps, default=0)
    for step in steps:
        if len(weights) >= _PAIRS:
            break
        since = step
        for one in paid:
            if one.step == step:
                weights[one.pair] += one.n
    found = rate([(not is_right[pair], n) for pair, n in weights.items()])
    if found is None or found.n < _LEAST or found.low <= TOLERATED:
        return None
    return WrongPaid(
        share=found.share,
        low=found.low,
        high=found.high,
        pairs=found.n,
        wrong=found.wrong,
        since=since,
        until=steps[0],
    )
