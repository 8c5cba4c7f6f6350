"""Alarm of the audit: of what was paid lately, more is wrong than is let pass, whoever decided and however it is spelt.

- Of the newest `STEPS` steps it takes what labels know for certain (a label covers all equal rollouts), and for the
  rest the share of wrong ones among the pairs that the audit drew last. Without that split answers that are written
  again and again, and so are labelled, would hide those that are new.
- It sounds when the lower end of the 95 % interval (Wilson's, for the part that is not known) is above `TOLERATED`.
- It is as good as its labels, and as quick as they come: without an audit it says nothing.
Pure.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from tinyv_stream.board.rates import wilson

TOLERATED: Final = 0.1
"""Wrong share of what is paid that is let pass: verifiers err, and a policy learns in spite of it."""
STEPS: Final = 10
_DRAWN: Final = 40
"""Pairs of the audit, the newest, that stand for what nobody labelled."""
_LEAST: Final = 8
"""Of them below which nothing is said."""
_WRONG: Final = 3
"""Pairs labelled wrong below which nothing is said: one mistake among few rewards is no hole."""


class PaidPair(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled pair whose answer was accepted `n` times in the steps that are looked at."""

    n: int
    is_right: bool
    is_drawn: bool
    """By the audit, at random; else somebody labelled what caught the eye."""
    at: float
    """When it was labelled."""


class WrongPaid(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong of the accepted answers in steps `since` to `until`: a share of rewards, with its 95 % ends."""

    share: float
    low: float
    high: float
    pairs: int
    """Labelled ones among them."""
    since: int
    until: int


def wrong_paid(paid: int, pairs: Sequence[PaidPair], *, since: int, until: int) -> WrongPaid | None:
    """Return what is wrong with what was `paid` in these steps, if it is more than is let pass; else None."""
    drawn = sorted((one for one in pairs if one.is_drawn), key=lambda one: -one.at)[:_DRAWN]
    if len(drawn) < _LEAST:
        return None
    known = sum(one.n for one in pairs)
    mistakes = [one for one in pairs if not one.is_right]
    wrong = sum(one.n for one in mistakes)
    share = sum(not one.is_right for one in drawn) / len(drawn)
    of_all = [(wrong + max(0, paid - known) * part) / max(paid, known)
              for part in (share, *wilson(share, len(drawn)))]  # fmt: skip
    if of_all[1] <= TOLERATED or len(mistakes) < _WRONG:
        return None
    return WrongPaid(share=of_all[0], low=of_all[1], high=of_all[2], pairs=len(pairs), since=since, until=until)
