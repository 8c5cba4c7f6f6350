"""Reward policy: the next verifier to ask and the reward of their verdicts; pure, and written as tables.

- `route_for` maps a data source to a route (TinyV's rules, reference: uw-nsl/TinyV, MIT).
- `after_rule` and `after_tinyv` say what happens next: ask TinyV, or reward.
- A verifier's `undecided` never becomes a number: the reward is `failed`, and keeps both verdicts.
"""

from typing import Final

import msgspec

from tinyv_stream.types import Outcome, Setup, Source, Status, Verdict


class Route(msgspec.Struct, frozen=True):
    """Which rule grader looks first, and whether TinyV may be asked afterwards."""

    grader: str
    tinyv: bool


CASCADE: Final = Route("cascade", tinyv=True)
MATH_VERIFY: Final = Route("math_verify", tinyv=False)
PRIME: Final = Route("prime", tinyv=False)

ROUTES: Final[tuple[tuple[str, Route], ...]] = (
    ("_tinyv", CASCADE),
    ("HardVerify-Math", CASCADE),
    ("_mathverify", MATH_VERIFY),
    ("_prime", PRIME),
)
"""Substring of `data_source` -> route; the first row that matches wins, and a user's rows come before."""

DEFAULT_ROUTE: Final = PRIME


class Decision(msgspec.Struct, frozen=True):
    """How the rollout ends: `value` is a number exactly when `status` is ok."""

    value: float | None
    status: Status
    source: Source
    reason: str = ""


class RewardPolicy(msgspec.Struct, frozen=True):
    """The pool's setup, and the weight of TinyV's verdict in it (0 to 1)."""

    setup: Setup = Setup.ADDON
    weight: float = 1.0


_POINTS: Final = {Outcome.CORRECT: 1.0, Outcome.INCORRECT: 0.0}


def route_for(data_source: str, extra: tuple[tuple[str, Route], ...] = ()) -> Route:
    """Return the route of `data_source`; unknown sources go to Prime only, as in the reference."""
    for part, route in (*extra, *ROUTES):
        if part in data_source:
            return route
    return DEFAULT_ROUTE


def after_rule(policy: RewardPolicy, route: Route, rule: Verdict) -> Decision | None:
    """Return the decision, or None where TinyV is to be asked."""
    if not route.tinyv:
        return _alone(rule, Source.RULE)
    if policy.setup is Setup.ADDON and rule.outcome is Outcome.CORRECT:
        return Decision(1.0, Status.OK, Source.RULE)
    return None


def after_tinyv(policy: RewardPolicy, rule: Verdict | None, tinyv: Verdict, *, cached: bool = False) -> Decision:
    """Return the decision once TinyV has answered; `cached` marks an answer that cost no call."""
    source = Source.CACHE if cached else Source.TINYV
    if policy.setup is Setup.MIXED:
        return _mixed(policy.weight, rule, tinyv, source)
    decision = _alone(tinyv, source)
    if policy.setup is Setup.ADDON and decision.value is not None:
        return Decision(decision.value * policy.weight, decision.status, source)
    return decision


def rule_stands(rule: Verdict | None, reason: str) -> Decision | None:
    """Return the decision that the rule verdict means where TinyV was not waited for; None if it decides nothing."""
    points = _POINTS.get(rule.outcome) if rule else None
    return None if points is None else Decision(points, Status.OK, Source.FALLBACK, reason)


def _alone(verdict: Verdict, source: Source) -> Decision:
    points = _POINTS.get(verdict.outcome)
    if points is None:
        return Decision(None, Status.FAILED, Source.FALLBACK, verdict.reason or f"{source.value} undecided")
    return Decision(points, Status.OK, source)


def _mixed(weight: float, rule: Verdict | None, tinyv: Verdict, source: Source) -> Decision:
    ours = _POINTS.get(rule.outcome) if rule else None
    theirs = _POINTS.get(tinyv.outcome)
    if ours is None or theirs is None:
        who = "rule" if ours is None else "tinyv"
        return Decision(None, Status.FAILED, Source.FALLBACK, f"{who} undecided in setup mixed")
    return Decision(weight * theirs + (1.0 - weight) * ours, Status.OK, source)
