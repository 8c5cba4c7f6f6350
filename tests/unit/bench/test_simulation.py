"""The simulation's arithmetic, on steps small enough to do in the head; and the plan that rests on it."""

import json
from pathlib import Path

import pytest

from bench import plan
from bench.overlap.growth import step_of
from bench.overlap.paced import Servers
from bench.overlap.saturation import WALL_S, LoadPoint, fleet_at, saturation_points
from bench.overlap.simulation import BENT, Arrival, Fleet, Mode, bend, simulate


def fleet(**more: float) -> Fleet:
    fields: dict[str, float] = {"engines": 1, "rate": 1.0, "verdict_s": 1.0, "rule_servers": 9, "rule_s": 0, "hop_s": 0}
    return Fleet(**(fields | more))  # type: ignore[arg-type]


def questions(*ends: float, same: bool = False) -> list[Arrival]:
    return [Arrival(t, "q" if same else f"q{n}") for n, t in enumerate(ends)]


def test_a_step_that_drains_exposes_the_way_of_its_last_completion_alone() -> None:
    found = simulate(questions(0, 2, 10), fleet(hop_s=0.1, rule_s=0.2), "stream")
    assert found.exposed_s == pytest.approx(0.1 + 0.2 + 1.0)


def test_what_does_not_drain_is_exposed() -> None:
    assert simulate(questions(0, 0, 0, 2), fleet(), "stream").exposed_s == pytest.approx(2.0)


def test_equal_questions_share_a_call_also_after_it_was_answered() -> None:
    shared = simulate(questions(0, 0.5, 8, same=True), fleet(), "stream")
    apart = simulate(questions(0, 0.5, 8, same=True), fleet(), "stream_no_coalesce")
    assert (shared.calls, shared.exposed_s, apart.calls, apart.exposed_s) == (1, 0, 3, 1)


def test_rules_alone_ask_nobody() -> None:
    found = simulate(questions(0, 1), fleet(rule_s=0.5), "rule_only")
    assert (found.calls, found.exposed_s) == (0, 0.5)


def test_blocking_begins_after_the_batch_and_keeps_to_its_window() -> None:
    wide = fleet(engines=4, rate=1.0)
    assert simulate(questions(0, 0, 0, 4), wide, "blocking").exposed_s == pytest.approx(1.0)
    assert simulate(questions(0, 0, 0, 4), fleet(engines=4, window=2), "blocking").exposed_s == pytest.approx(2.0)


def test_trl_begins_after_the_batch_and_verl_as_each_sample_ends() -> None:
    narrow = fleet(engines=4, window=2, hop_s=0.5)
    assert simulate(questions(0, 0, 0, 4), narrow, "trl").exposed_s == pytest.approx(1.0)
    assert simulate(questions(0, 0, 0, 4), narrow, "verl").exposed_s == pytest.approx(1.5)


def test_the_paced_engine_keeps_the_simulations_own_service_times() -> None:
    ends = [0.0, 0.0, 0.0, 0.3, 2.0]
    engine = Servers(rate=4.0, verdict_s=0.5)
    simulated = simulate(questions(*ends), fleet(rate=4.0, verdict_s=0.5), "per_sample")
    booked = [engine.book(t) for t in ends]
    assert booked == pytest.approx([0.5, 0.5, 1.0, 1.0, 2.5])
    assert booked[-1] - ends[-1] == pytest.approx(simulated.exposed_s)


def test_saturation_is_where_a_curve_bends_and_holds_near_the_simulated() -> None:
    assert bend([(1, 0), (2, 0), (3, 4)], 1.0) == pytest.approx(2.25)
    assert bend([(1, 0), (2, 0.5)], 1.0) is None

    def points(mode: Mode, off: float) -> list[LoadPoint]:
        limit_s = BENT * WALL_S
        curve = {1.0: 0.0, 1.5: 0.0, 2.0: 10 * limit_s}
        return [
            LoadPoint(mode=mode, load=load, measured_s=s + off, simulated_s=s, machine_load=0)
            for load, s in curve.items()
        ]

    good, bad = saturation_points(points("stream", 0.1) + points("per_sample", 99.0))
    assert good.holds
    assert (bad.measured, bad.holds) == (None, False)


def test_loads_are_of_the_calls_without_coalescing() -> None:
    arrivals = questions(0, 5, 10)
    modes: tuple[Mode, ...] = ("stream_no_coalesce", "blocking")
    for mode in modes:
        assert simulate(arrivals, fleet_at(1.3, arrivals, 0.1), mode).load == pytest.approx(1.3)


def test_load_is_calls_over_capacity() -> None:
    assert simulate(questions(0, 5, 10), fleet(rate=0.6), "stream").load == pytest.approx(3 / 6)


def test_the_plan_keeps_its_rule_and_one_engine_less_would_not() -> None:
    demand = plan.Demand(rollouts_per_s=100, verdict_rate=5, verdict_s=0.2, rule_s=0.01, wall_s=20, zipf_exponent=2.0)
    made = plan.plan(demand, step_of(2000, 20, 2.0))
    capacity = demand.verdict_rate * plan.UTILISATION
    assert capacity * (made.engines - 1) < made.calls_per_s <= capacity * made.engines
    assert made.one_engine_less is not None
    assert made.simulated.exposed_s <= made.one_engine_less.exposed_s


def test_the_command_writes_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    assert plan.main(["--rollouts-per-s", "10", "--verdict-rate", "20", "--wall", "10", "--json", str(file)]) == 0
    assert json.loads(file.read_text())["plan"]["engines"] == 1


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_file_that_is_no_result_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "result.json"
    file.write_text(text)
    with pytest.raises(SystemExit) as exit_:
        plan.main(["--check", str(file)])
    assert exit_.value.code == 2


@pytest.mark.parametrize("bad", ["0", "-1", "inf", "nan", "many"])
def test_a_rate_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(SystemExit) as exit_:
        plan.main(["--rollouts-per-s", bad, "--verdict-rate", "1"])
    assert exit_.value.code == 2
