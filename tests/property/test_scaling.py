"""How many workers are wanted: rules that hold for any load, and a day with bursts, slow starts and engine deaths."""

import itertools
import math
import random
from collections import deque

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tinyv_stream.control.scaling import ScaleRule, StageLoad, StageScaler

RULE = ScaleRule(least=1, most=6, remove_after_s=600.0, start_s=600.0)

MOMENTS = st.lists(
    st.tuples(
        st.sampled_from([0.2, 1.0, 2.0, 30.0]),  # seconds since the last look
        st.sampled_from([0, 1, 50, 300, 5_000]),  # depth
        st.sampled_from([0.0, 1.0, 60.0, 400.0]),  # rate
        st.integers(0, 7),  # ready, also more than are wanted
        st.sampled_from([False, False, False, True]),  # paused
    ),
    max_size=120,
)


@given(moments=MOMENTS, least=st.integers(0, 3), more=st.integers(0, 4), first=st.integers(0, 9))
def test_whatever_comes_the_count_keeps_its_rules(
    moments: list[tuple[float, int, float, int, bool]], least: int, more: int, first: int
) -> None:
    rule = ScaleRule(least=least, most=least + more, remove_after_s=20.0, start_s=40.0)
    scaler = StageScaler(rule, first)
    now_s, changed_s, added_s = 0.0, 0.0, -math.inf
    for step_s, depth, rate, ready, is_paused in moments:
        now_s += step_s
        before = scaler.count
        load = StageLoad(now_s=now_s, depth=depth, rate=rate, ready=ready, slots=64 * ready, is_paused=is_paused)
        count = scaler.wanted(load)
        assert rule.least <= count <= rule.most and abs(count - before) <= 1
        assert not (is_paused and count != before)
        if count > before:
            assert depth > 0
            assert before == 0 or ready > 0, "what nobody works on is no reason for more"
            assert ready >= before or now_s - added_s >= rule.start_s, "one at a time"
            added_s = now_s
        if count < before:
            assert now_s - changed_s >= rule.remove_after_s and ready >= before
        changed_s = now_s if count != before else changed_s


def test_one_is_added_after_three_seconds_and_the_next_once_that_one_is_ready() -> None:
    scaler = StageScaler(RULE, 1)
    at = {}
    for now in range(400):
        ready = 1 + (now >= 200)
        at[now] = scaler.wanted(StageLoad(now_s=now, depth=9_000, rate=60.0 * ready, ready=ready, slots=256 * ready))
    assert [at[2], at[3], at[202], at[203], at[399]] == [1, 2, 2, 3, 3]


def test_a_start_that_never_ends_is_not_waited_for_for_ever() -> None:
    scaler = StageScaler(RULE, 1)
    for now in range(700):
        scaler.wanted(StageLoad(now_s=now, depth=9_000, rate=60.0, ready=1, slots=256))
    assert scaler.count == 3


def test_nobody_is_added_for_work_that_no_ready_worker_takes() -> None:
    scaler = StageScaler(RULE, 2)
    assert {scaler.wanted(StageLoad(now_s=n, depth=9_000, rate=0.0, ready=0, slots=0)) for n in range(2_000)} == {2}


def test_none_at_all_is_woken_by_the_first_rollout_and_goes_after_ten_quiet_minutes() -> None:
    scaler = StageScaler(ScaleRule(least=0, most=2), 0)
    assert scaler.wanted(StageLoad(now_s=0, depth=0, rate=0, ready=0, slots=0)) == 0
    assert scaler.wanted(StageLoad(now_s=1, depth=1, rate=0, ready=0, slots=0)) == 1
    quiet = [scaler.wanted(StageLoad(now_s=100 + n, depth=0, rate=0, ready=1, slots=64)) for n in range(602)]
    assert (quiet[599], quiet[601]) == (1, 0)


class Pool:
    """A stage in steps of a second: engines that take minutes to start, and die."""

    def __init__(self, *, per_engine: float, start_s: int, slots: int = 256) -> None:
        self.per_engine, self.start_s, self.slots = per_engine, start_s, slots
        self.ready_at: list[int] = [0]
        self.depth = 0.0
        self.done: deque[float] = deque([0.0] * 10, maxlen=10)

    def step(self, now: int, arrivals: int, wanted: int) -> StageLoad:
        while len(self.ready_at) < wanted:
            self.ready_at.append(now + self.start_s)
        del self.ready_at[wanted:]
        ready = sum(at <= now for at in self.ready_at)
        self.depth += arrivals
        given = min(self.depth, ready * self.per_engine)
        self.depth -= given
        self.done.append(given)
        rate = sum(self.done) / len(self.done)
        return StageLoad(now_s=now, depth=round(self.depth), rate=rate, ready=ready, slots=ready * self.slots)

    def kill(self, number: int, now: int) -> None:
        """It is started again, by whoever watches over it."""
        self.ready_at[number % len(self.ready_at)] = now + self.start_s
        self.ready_at.sort()


def arrivals_of(day: random.Random, demand: list[tuple[int, int]]) -> list[int]:
    """Training steps of 90 s whose completions end within its first 40; `demand` says from when on how many."""
    counts = [0] * 86_400
    for start in range(0, 86_400, 90):
        step = next(size for since, size in reversed(demand) if start >= since)
        for _ in range(step):
            counts[min(86_399, start + int(day.triangular(0, 40, 30)))] += 1
    return counts


@pytest.mark.parametrize("seed", range(4))
def test_a_day_of_bursts_slow_starts_and_deaths_has_no_flapping_and_a_bounded_backlog(seed: int) -> None:
    day = random.Random(seed)
    hours = sorted(day.sample(range(1, 23), 6))
    sizes = [day.choice([0, 300, 1_500, 4_000, 6_000]) for _ in hours]
    demand = [(0, 300), *((hour * 3_600, size) for hour, size in zip(hours, sizes, strict=True))]
    deaths = {day.randrange(86_400) for _ in range(12)}
    pool, scaler = Pool(per_engine=60.0, start_s=180), StageScaler(RULE, 1)
    changes: list[tuple[int, int]] = []
    upset = 0
    """Until when a longer backlog has its reason: demand grew or an engine died, and starts take their time."""
    late: list[int] = []
    for now, arrivals in enumerate(arrivals_of(day, demand)):
        if now in deaths:
            pool.kill(day.randrange(9), now)
            upset = max(upset, now + 2 * pool.start_s)
        if any(now == since for since, _ in demand):
            upset = max(upset, now + (RULE.most + 1) * (pool.start_s + 90))
        before, load = scaler.count, pool.step(now, arrivals, scaler.count)
        if scaler.wanted(load) != before:
            changes.append((now, scaler.count - before))
            # One fewer that proves too few costs one start, once: then it is known what a worker can do.
            upset = max(upset, now + 2 * pool.start_s) if scaler.count < before else upset
        if pool.depth / (RULE.most * pool.per_engine) > 3 * RULE.add_above_s and now > upset:
            late.append(now)
    turns = sum(a != b for (_, a), (_, b) in itertools.pairwise(changes))
    assert turns <= 2 * len(demand), f"it flaps: {changes}"
    assert len(changes) <= 2 * RULE.most * len(demand)
    assert not late, f"too long a backlog at {late[0]}, wanted were {changes}"
    assert pool.depth < RULE.most * pool.per_engine * 60
