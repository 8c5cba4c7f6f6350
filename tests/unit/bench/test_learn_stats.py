"""Intervals are the textbook's, and a hacked run is told from a clean one."""

import math

import msgspec
import pytest

from bench.learn.cell import SweepCell
from bench.learn.grpo import StepRecord
from bench.learn.hacking import alarm_at, hacked_at, wrong_share
from bench.learn.picture import curves_svg, smoothed
from bench.learn.result import result
from bench.learn.stats import mean_interval, paired, slope, wilson
from bench.learn.table import table
from tinyv_stream.errors import InvalidInputError


def step(accuracy: float = 0.5, *, paid: int = 10, wrong: int = 0) -> StepRecord:
    return StepRecord(
        accuracy=accuracy,
        reward=accuracy,
        flat=0.5,
        refused=0.4,
        paid=paid,
        paid_wrong=wrong,
        undecided=0,
        forms={"plain": 3, "unit": 1},
        wall_s=1.0,
        cpu_s=0.5,
        verify_s=0.1,
        audit=[n >= 4 * wrong / paid for n in range(4)] if paid else [],
    )


def cell(reward: str, seed: int, accuracy: float, loss: str = "grpo") -> SweepCell:
    return SweepCell(family="amounts", reward=reward, seed=seed, loss=loss, steps=[step(accuracy + 0.01 * seed)] * 12)


def test_a_paired_interval_is_students() -> None:
    found = paired([0.1, 0.2, 0.3], [0.2, 0.4, 0.6])  # differences 0.1 0.2 0.3: mean 0.2, deviation 0.1
    half = 4.303 * 0.1 / math.sqrt(3)
    assert found.mean == pytest.approx(0.2)
    assert (found.low, found.high) == (pytest.approx(0.2 - half), pytest.approx(0.2 + half))
    assert not found.is_above_zero
    assert paired([0, 0, 0], [0.2, 0.21, 0.19]).is_above_zero


def test_one_seed_has_no_interval_and_unequal_sides_are_an_error() -> None:
    assert mean_interval([0.3]).low is None
    assert not mean_interval([0.3]).is_above_zero
    for less, more in (([], []), ([1.0], [1.0, 2.0])):
        with pytest.raises(InvalidInputError):
            paired(less, more)


def test_a_slope_through_zero_is_least_squares() -> None:
    assert slope([(0.3, 0.15), (0.6, 0.30), (0.8, 0.40)]) == pytest.approx(0.5)
    assert slope([(1.0, 1.0), (2.0, 4.0)]) == pytest.approx(9 / 5)
    with pytest.raises(InvalidInputError):
        slope([(0.0, 1.0)])


def test_what_false_negatives_cost_is_told_per_unit_of_their_rate_with_one_slope_per_seed() -> None:
    cells = [cell(r, 0, a) for r, a in (("oracle", 0.5), ("fn30", 0.425), ("fn60", 0.35), ("fn80", 0.3))]
    told = result([*cells, cell("prime", 0, 0.2)], [], 1.0)
    assert (told["thumb"]["amounts"].mean, told["thumb"]["amounts"].low) == (pytest.approx(0.5), None)
    assert told["thumb_by_rate"]["amounts"]["fn80"].mean == pytest.approx(0.5)
    check = told["thumb_checks"]["amounts"]["prime"]  # it refuses 40 % of what is right, and costs 60 % of the area
    assert (check.predicted, check.measured) == pytest.approx((0.5 * 0.4, 0.6))
    assert "amounts/prime: lost by that 20%, measured 60%" in table(told)
    more = [cell(r, 1, a - 0.01) for r, a in (("oracle", 0.5), ("fn30", 0.35), ("fn60", 0.2), ("fn80", 0.1))]
    both = result([*cells, *more], [], 1.0)["thumb"]["amounts"]  # slopes 0.5 and 1: eight points, but two seeds
    assert (both.mean, both.seeds) == (pytest.approx(0.75), 2)


def test_wilsons_interval_is_the_textbooks() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 10) == (pytest.approx(0.2366, abs=1e-3), pytest.approx(0.7634, abs=1e-3))
    assert wilson(0, 20)[0] == 0.0


def test_a_run_is_hacked_from_the_step_at_which_half_of_what_is_paid_is_wrong() -> None:
    clean, foul = [step()] * 20, [step(wrong=6)] * 20
    assert hacked_at(clean) is None
    assert hacked_at(foul) == 0
    assert 16 <= (hacked_at(clean + foul) or 0) <= 20
    assert hacked_at([step(paid=0)] * 20) is None
    assert wrong_share(clean + foul) == pytest.approx(0.3)


def test_a_run_that_begins_badly_and_recovers_is_not_hacked() -> None:
    assert hacked_at([step(wrong=9)] * 10 + [step()] * 30) is None
    assert hacked_at([step(wrong=9)] * 10 + [step()] * 5 + [step(wrong=9)] * 30) == 0
    few = [step(paid=1, wrong=1)] * 10  # half of next to nothing
    assert hacked_at(few) is None
    assert hacked_at([*few, *[step()] * 30]) is None


def test_equal_time_compares_the_end_of_the_rules_with_a_slower_run_at_that_moment() -> None:
    quick, slow = cell("cascade", 0, 0.6), cell("cascade_tinyv", 0, 0.9)
    times = ((quick, 1.0), (slow, 4.0))
    cells = [
        msgspec.structs.replace(c, steps=[msgspec.structs.replace(s, wall_s=n * each) for n, s in enumerate(c.steps)])
        for c, each in times
    ]
    early = msgspec.structs.replace(cells[1].steps[0], accuracy=0.1)
    cells[1] = msgspec.structs.replace(cells[1], steps=[early] * 3 + cells[1].steps[3:])
    told = result(cells, [], 1.0)["equal_time"]["amounts"]
    assert told == {"cascade": [pytest.approx(0.6)], "cascade_tinyv": [pytest.approx(0.1)]}


def test_the_alarm_sounds_on_a_hacked_run_after_it_began_and_not_on_a_clean_one() -> None:
    clean, foul = [step()] * 30, [step(wrong=8)] * 30
    assert alarm_at(clean) is None
    assert alarm_at(([step(wrong=1)] + [step()] * 9) * 3) is None
    assert 30 <= (alarm_at(clean + foul) or 0) < 40
    assert alarm_at([step(paid=0)] * 30) is None


def test_the_result_pairs_rewards_by_seed_and_keeps_losses_apart() -> None:
    cells = [cell(r, s, a) for s in range(3) for r, a in (("cascade", 0.2), ("cascade_tinyv", 0.3), ("oracle", 0.5))]
    cells += [cell("oracle", s, 0.1, "dr_grpo") for s in range(3)]
    told = result(cells[::-1], [], 2.0)
    assert told["auc"]["amounts/cascade"] == pytest.approx([0.2, 0.21, 0.22])
    assert told["auc"]["amounts/oracle/dr_grpo"] == pytest.approx([0.1, 0.11, 0.12])
    assert told["gap_rules_to_addon"] == {"amounts": pytest.approx(0.1)}
    assert told["gap_addon_to_oracle"] == {"amounts": pytest.approx(0.2)}
    assert {"flat", "hacked_at", "minutes", "intervals"} <= told.keys()
    assert told["forms_end"]["amounts/oracle"] == {"plain": 0.75, "unit": 0.25}
    shown = table(told)
    assert "amounts/cascade_tinyv - cascade: +0.100" in shown
    assert "2.0 minutes" in shown


def test_curves_are_drawn_for_each_reward_and_smoothed_backwards_only() -> None:
    points = [{"accuracy": a, "wall_s": 2.0 * n, "paid_wrong": 0.0} for n, a in enumerate((0, 1, 1, 1, 1, 1, 1))]
    line = smoothed(points, "accuracy", None)
    assert line[0] == (0.0, 0.0)
    assert line[4][1] == pytest.approx(0.8)
    assert smoothed(points, "accuracy", "wall_s")[3][0] == 6.0
    drawn = curves_svg({"amounts/oracle": points, "amounts/prime": points, "roots/oracle": points}, "amounts")
    assert drawn.count("<polyline") == 6
