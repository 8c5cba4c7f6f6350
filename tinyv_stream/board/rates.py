"""Rates of wrong rewards from random audits, with intervals. Pure.

- A rate weighs each audited pair by how often it was rewarded; the interval takes the effective sample size.
- Noise of a reward as in Natarajan et al. (2013): rho0 is the share of wrong answers that are rewarded, rho1 the share
  of right ones that are refused; Youden's J is 1 - rho0 - rho1.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

Z95: Final = 1.959964


class AuditRate(msgspec.Struct, frozen=True, kw_only=True):
    """A share from 0 to 1 with its 95 % interval, of `n` audited pairs of which `wrong` were wrong."""

    share: float
    low: float
    high: float
    n: int
    wrong: int


def wilson(share: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Return Wilson's interval of a share seen in `n` draws; `n` may be an effective size."""
    if n <= 0:
        return 0.0, 1.0
    scale = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def rate(audited: Sequence[tuple[bool, int]]) -> AuditRate | None:
    """Return the rate of (is wrong, times rewarded); None without any."""
    total = sum(weight for _, weight in audited)
    if not total:
        return None
    share = sum(weight for is_wrong, weight in audited if is_wrong) / total
    effective = total**2 / sum(weight**2 for _, weight in audited)
    low, high = wilson(share, effective)
    wrong = sum(is_wrong for is_wrong, _ in audited)
    return AuditRate(share=share, low=low, high=high, n=len(audited), wrong=wrong)


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """The noise of a reward: shares from 0 to 1, with 95 % intervals that hold at least."""

    rho0: tuple[float, float, float]
    """Wrong answers that were rewarded: share, low, high."""
    rho1: tuple[float, float, float]
    """Right answers that were refused."""
    youden: tuple[float, float, float]


def noise(accepted: int, refused: int, wrong_accepted: AuditRate, wrong_refused: AuditRate) -> Noise:
    """Return the noise from how many were accepted and refused, and the audited rates of each.

    The ends of the intervals combine the ends of both rates, so they cover with 90 % at least.
    """

    def at(fp: float, fn: float) -> tuple[float, float]:
        false_positive, true_positive = accepted * fp, accepted * (1 - fp)
        false_negative, true_negative = refused * fn, refused * (1 - fn)
        return (
            false_positive / max(1e-12, false_positive + true_negative),
            false_negative / max(1e-12, false_negative + true_positive),
        )

    ends = [
        at(fp, fn) for fp in (wrong_accepted.low, wrong_accepted.high) for fn in (wrong_refused.low, wrong_refused.high)
    ]
    rho0, rho1 = at(wrong_accepted.share, wrong_refused.share)
    lows, highs = (min(e[0] for e in ends), min(e[1] for e in ends)), (max(e[0] for e in ends), max(e[1] for e in ends))
    youden = [1 - a - b for a, b in ends]
    return Noise(
        rho0=(rho0, lows[0], highs[0]),
        rho1=(rho1, lows[1], highs[1]),
        youden=(1 - rho0 - rho1, min(youden), max(youden)),
    )


def noise_of(decided: Mapping[str, int], rates: Mapping[str, AuditRate | None]) -> Noise | None:
    """Return a run's noise from its strata (`tinyv`, `rule`, `refused`); None while one that occurs is not audited.

    The strata are audited apart, so the rate of all accepted ones weighs each by its share of the rewards.
    """
    accepted = [(decided[name], rates[name]) for name in ("tinyv", "rule") if decided[name]]
    refused = rates["refused"]
    if refused is None or not accepted:
        return None
    total = sum(count for count, _ in accepted)
    known = [(count / total, found) for count, found in accepted if found is not None]
    if len(known) < len(accepted):
        return None
    together = AuditRate(
        share=sum(part * found.share for part, found in known),
        low=sum(part * found.low for part, found in known),
        high=sum(part * found.high for part, found in known),
        n=sum(found.n for _, found in known),
        wrong=sum(found.wrong for _, found in known),
    )
    return noise(total, decided["refused"], together, refused)
