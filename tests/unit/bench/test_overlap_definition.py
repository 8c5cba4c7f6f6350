"""Exposed time is arithmetic on spans: checked against steps small enough to do in the head."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.overlap.definition import measure, quantile
from tinyv_stream.timeline import Span


def span(ended_s: float, rewarded_s: float, group: str = "", **more: float) -> Span:
    return Span(rollout_id=f"{ended_s}-{rewarded_s}", group_id=group, ended_s=ended_s, rewarded_s=rewarded_s, **more)  # type: ignore[arg-type]


def test_exposed_is_what_comes_after_the_last_completion() -> None:
    found = measure([span(1, 2), span(4, 9), span(10, 10.5)])
    assert (found.generation_s, found.exposed_s, found.exposed_fraction) == (10, 0.5, 0.05)
    assert found.hidden_s == pytest.approx(1 + 5)
    assert found.overlap == pytest.approx(6 / 6.5)


def test_a_straggler_that_ended_earlier_counts_as_exposed() -> None:
    found = measure([span(4, 15), span(10, 10.5)])
    assert (found.exposed_s, found.tail_wait_s) == (5, 0.5)


def test_verification_in_parallel_counts_its_wall_time_once() -> None:
    assert measure([span(1, 3), span(1, 3), span(2, 4), span(10, 10)]).hidden_s == pytest.approx(3)


def test_verifying_after_the_batch_hides_nothing() -> None:
    found = measure([span(t, 30, began_s=10) for t in (1, 5, 10)])
    assert (found.exposed_s, found.hidden_s, found.overlap) == (20, 0, 0)


def test_groups_have_tails_of_their_own() -> None:
    found = measure([span(1, 2, "a"), span(3, 7, "a"), span(9, 10, "b")])
    assert (found.group_exposed_p50_s, found.group_exposed_p99_s) == (1, 4)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_the_smallest_value_that_covers_its_share(values: list[float], share: float) -> None:
    found = quantile(values, share)
    assert found in values
    assert sum(v <= found for v in values) >= share * len(values)
    assert sum(v < found for v in values) < share * len(values)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=20))
def test_hidden_and_exposed_never_exceed_the_step(pairs: list[tuple[float, float]]) -> None:
    found = measure([span(ended, ended + wait) for ended, wait in pairs])
    end_s = max(ended + wait for ended, wait in pairs)
    assert 0 <= found.hidden_s + found.exposed_s <= end_s + 1e-6
    assert 0 <= found.overlap <= 1
