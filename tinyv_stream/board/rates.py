"""Rates of wrong rewards from random audits, with intervals, and the noise of a reward that follows from them. Pure.

- A rate weighs each audited pair by how often it was rewarded; the interval takes the effective sample size.
- Noise of a reward as in Natarajan et al. (2013): rho0 is the share of wrong answers that are rewarded, rho1 the share
  of right ones that are refused; Youden's J is 1 - rho0 - rho1.
- Its intervals recover the variance from the ends of the rates' own intervals (MOVER, Zou and Donner 2008): each rate
  is moved to its ends with the others kept, and the distances add up as squares.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

Z95: Final = 1.959964
CELLS: Final = ("rule", "tinyv", "refused", "refused_by_tinyv")
"""Rewarded by the rules, rewarded by TinyV after the rules refused, refused by the rules alone, refused by TinyV."""
ACCEPTED: Final = frozenset({"rule", "tinyv"})
_STAGES: Final[Mapping[str, tuple[str, ...]]] = {"the rules alone": CELLS, "TinyV, where asked": CELLS[1::2]}


class AuditRate(msgspec.Struct, frozen=True, kw_only=True):
    """A share from 0 to 1 with its 95 % interval, of `n` audited pairs of which `wrong` were wrong."""

    share: float
    low: float
    high: float
    n: int
    wrong: int


class Noise(msgspec.Struct, frozen=True, kw_only=True):
    """The noise of a reward: shares from 0 to 1, each with its 95 % interval as (share, low, high)."""

    rho0: tuple[float, float, float]
    """Wrong answers that were rewarded."""
    rho1: tuple[float, float, float]
    """Right answers that were refused."""
    youden: tuple[float, float, float]


class Cell(msgspec.Struct, frozen=True):
    """`count` rewards of one kind, and the audited share of them that is wrong."""

    count: int
    is_accepted: bool
    wrong: AuditRate


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


def noise(cells: Sequence[Cell]) -> Noise:
    """Return the noise of a reward from its cells, accepted and refused ones."""
    if not cells:
        raise ValueError("no cell, no noise")
    return Noise(
        rho0=_recovered(cells, lambda shares: _rates(cells, shares)[0], 0.0),
        rho1=_recovered(cells, lambda shares: _rates(cells, shares)[1], 0.0),
        youden=_recovered(cells, lambda shares: 1 - sum(_rates(cells, shares)), -1.0),
    )


def noise_of(decided: Mapping[str, int], rates: Mapping[str, AuditRate | None]) -> Noise | None:
    """Return the noise of the reward from how often each of `CELLS` was rewarded, and its audited rate.

    None while one that occurs is not audited, or nothing was decided.
    """
    found = [
        Cell(decided[name], name in ACCEPTED, one)
        for name in CELLS
        if decided.get(name, 0) and (one := rates.get(name)) is not None
    ]
    complete = len(found) == sum(decided.get(name, 0) > 0 for name in CELLS)
    return noise(found) if found and complete else None


def stage_noise(decided: Mapping[str, int], rates: Mapping[str, AuditRate | None]) -> dict[str, Noise | None]:
    """Return the noise of each stage by itself, for the setup `addon`, in which TinyV is asked what the rules refuse.

    The rules alone would have refused what TinyV gave back: of those, the right ones are their false negatives.
    TinyV is held to what it was asked.
    """
    given_back = rates.get("tinyv")
    turned = AuditRate(
        share=1 - given_back.share,
        low=1 - given_back.high,
        high=1 - given_back.low,
        n=given_back.n,
        wrong=given_back.n - given_back.wrong,
    ) if given_back else None  # fmt: skip
    found: dict[str, Noise | None] = {}
    for stage, names in _STAGES.items():
        is_rules = stage == "the rules alone"
        of = {name: turned if is_rules and name == "tinyv" else rates.get(name) for name in names}
        accepts = {"rule"} if is_rules else {"tinyv"}
        cells = [Cell(decided[n], n in accepts, one) for n, one in of.items() if decided.get(n, 0) and one is not None]
        complete = len(cells) == sum(decided.get(n, 0) > 0 for n in names)
        found[stage] = noise(cells) if cells and complete else None
    return found


def _rates(cells: Sequence[Cell], shares: Sequence[float]) -> tuple[float, float]:
    """Return rho0 and rho1 where each cell's share of wrong rewards is as given."""
    wrong_in, right_in, wrong_out, right_out = 1e-12, 1e-12, 1e-12, 1e-12
    for cell, share in zip(cells, shares, strict=True):
        if cell.is_accepted:
            wrong_in, right_in = wrong_in + cell.count * share, right_in + cell.count * (1 - share)
        else:
            right_out, wrong_out = right_out + cell.count * share, wrong_out + cell.count * (1 - share)
    return wrong_in / (wrong_in + wrong_out), right_out / (right_out + right_in)


def _recovered(
    cells: Sequence[Cell], value_at: Callable[[Sequence[float]], float], least: float
) -> tuple[float, float, float]:
    shares = [cell.wrong.share for cell in cells]
    value = value_at(shares)
    down = up = 0.0
    for i, cell in enumerate(cells):
        ends = [value_at([*shares[:i], end, *shares[i + 1 :]]) - value for end in (cell.wrong.low, cell.wrong.high)]
        down += min(0.0, *ends) ** 2
        up += max(0.0, *ends) ** 2
    return value, max(least, value - math.sqrt(down)), min(1.0, value + math.sqrt(up))
