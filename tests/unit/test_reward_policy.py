"""Who is asked, and what the answers are worth."""

import pytest

from tinyv_stream.reward_policy import (
    CASCADE,
    MATH_VERIFY,
    PRIME,
    RewardPolicy,
    Route,
    after_rule,
    after_tinyv,
    route_for,
)
from tinyv_stream.types import Outcome, Setup, Source, Status, Verdict

CORRECT, INCORRECT, UNDECIDED = (Verdict(outcome=o) for o in Outcome)
ADDON = RewardPolicy(Setup.ADDON)


@pytest.mark.parametrize(
    ("data_source", "route"),
    [
        ("bigmath_tinyv", CASCADE),
        ("HardVerify-Math", CASCADE),
        ("aime_mathverify", MATH_VERIFY),
        ("aime_prime", PRIME),
        ("OLYMPIAD_BENCH", PRIME),
        ("", PRIME),
        ("something new", PRIME),
    ],
)
def test_routes_are_the_reference_s(data_source: str, route: Route) -> None:
    assert route_for(data_source) == route


def test_a_user_s_row_comes_before_the_table() -> None:
    mine = Route("mine", tinyv=True)
    assert route_for("bigmath_tinyv", (("bigmath", mine),)) == mine


@pytest.mark.parametrize(
    ("setup", "verdict", "asks"),
    [
        (Setup.ADDON, CORRECT, False),
        (Setup.ADDON, INCORRECT, True),
        (Setup.ADDON, UNDECIDED, True),
        (Setup.TINYV_ONLY, CORRECT, True),
        (Setup.MIXED, CORRECT, True),
    ],
)
def test_tinyv_is_asked_where_the_setup_says_so(setup: Setup, verdict: Verdict, asks: bool) -> None:  # noqa: FBT001
    assert (after_rule(RewardPolicy(setup), CASCADE, verdict) is None) is asks


@pytest.mark.parametrize("route", [PRIME, MATH_VERIFY])
@pytest.mark.parametrize(("verdict", "value"), [(CORRECT, 1.0), (INCORRECT, 0.0), (UNDECIDED, None)])
def test_a_rule_only_route_ends_with_the_rule(route: Route, verdict: Verdict, value: float | None) -> None:
    decision = after_rule(ADDON, route, verdict)
    assert decision is not None
    assert decision.value == value


@pytest.mark.parametrize(
    ("policy", "rule", "tinyv", "value"),
    [
        (RewardPolicy(Setup.ADDON, 0.5), INCORRECT, CORRECT, 0.5),
        (RewardPolicy(Setup.ADDON, 0.5), INCORRECT, INCORRECT, 0.0),
        (RewardPolicy(Setup.TINYV_ONLY, 0.5), CORRECT, INCORRECT, 0.0),
        (RewardPolicy(Setup.TINYV_ONLY, 0.5), INCORRECT, CORRECT, 1.0),
        (RewardPolicy(Setup.MIXED, 0.25), CORRECT, INCORRECT, 0.75),
        (RewardPolicy(Setup.MIXED, 0.25), INCORRECT, CORRECT, 0.25),
    ],
)
def test_two_verdicts_weigh_as_the_setup_says(
    policy: RewardPolicy, rule: Verdict, tinyv: Verdict, value: float
) -> None:
    assert after_tinyv(policy, rule, tinyv).value == value


@pytest.mark.parametrize("setup", list(Setup))
def test_undecided_is_never_a_number(setup: Setup) -> None:
    decision = after_tinyv(RewardPolicy(setup), INCORRECT, UNDECIDED)
    assert (decision.value, decision.status, decision.source) == (None, Status.FAILED, Source.FALLBACK)


@pytest.mark.parametrize("rule", [UNDECIDED, None])
def test_mixed_needs_both(rule: Verdict | None) -> None:
    assert after_tinyv(RewardPolicy(Setup.MIXED), rule, CORRECT).value is None
