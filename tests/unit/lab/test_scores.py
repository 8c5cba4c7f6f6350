"""The figures are what their names say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyv_stream.lab.scores import auc, calibration_error, precise_threshold, rate, sweep

SCORED = st.lists(st.tuples(st.integers(0, 8).map(lambda k: k / 8), st.booleans()), min_size=1, max_size=40)


def test_wilson_interval_of_a_known_case() -> None:
    # 8 of 10 at 95 %: 0.490 to 0.943 (Brown, Cai, DasGupta 2001 give the formula).
    found = rate(8, 10)
    assert found.value == 0.8
    assert found.low == pytest.approx(0.490, abs=5e-4)
    assert found.high == pytest.approx(0.943, abs=5e-4)


def test_nothing_counted_has_no_rate() -> None:
    assert rate(0, 0).value is None


@given(SCORED)
def test_auc_is_the_chance_of_the_right_order(rows: list[tuple[float, bool]]) -> None:
    right = [s for s, label in rows if label]
    wrong = [s for s, label in rows if not label]
    found = auc([s for s, _ in rows], [label for _, label in rows])
    if not right or not wrong:
        assert found is None
    else:
        pairs = [(a > b) + 0.5 * (a == b) for a in right for b in wrong]
        assert found == pytest.approx(sum(pairs) / len(pairs))


@given(SCORED, st.sampled_from([0.0, 0.1, 0.25]))
def test_the_precise_threshold_keeps_its_promise(rows: list[tuple[float, bool]], most: float) -> None:
    scores, labels = [s for s, _ in rows], [label for _, label in rows]
    threshold = precise_threshold(scores, labels, most)
    wrong = [s for s, label in rows if not label]
    if wrong and threshold < 1.0:
        assert sum(s >= threshold for s in wrong) <= most * len(wrong)


def test_sweep_goes_from_everything_to_little() -> None:
    points = sweep([0.1, 0.4, 0.9], [False, True, True])
    assert [(p.recall, p.fp_rate) for p in points] == [(1.0, 1.0), (1.0, 0.0), (0.5, 0.0)]


def test_calibration_error_of_a_confident_liar_is_one() -> None:
    assert calibration_error([1.0, 0.0], [False, True]) == 1.0
    assert calibration_error([1.0, 0.0], [True, False]) == 0.0
