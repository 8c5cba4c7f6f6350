"""How many servers a pool wants: what they carry follows from the busiest, which the pool's own rendezvous decides."""

import pytest

from bench.overlap.growth import step_of
from bench.plan import UTILISATION, Demand, plan
from bench.servers import MOST, servers_for, spread


def test_several_servers_carry_less_than_as_many_times_one_and_more_questions_lie_more_evenly() -> None:
    few, many = spread(64, 8), spread(4_096, 8)
    assert 1.0 < many.busiest < few.busiest
    assert 1.0 < few.carries < many.carries < 8
    assert spread(512, 1).carries == 1.0


@pytest.mark.parametrize("rate", [100.0, 6_000.0, 40_000.0])
def test_the_busiest_server_is_filled_to_the_utilisation_at_most_and_one_fewer_would_be_fuller(rate: float) -> None:
    servers = servers_for(rate, 9_000.0, 512, utilisation=UTILISATION)
    assert servers is not None
    assert rate <= UTILISATION * 9_000 * spread(512, servers).carries
    assert servers == 1 or rate > UTILISATION * 9_000 * spread(512, servers - 1).carries


def test_a_rate_that_no_number_of_servers_carries_has_none() -> None:
    assert servers_for(9_000.0 * MOST, 9_000.0, 512, utilisation=UTILISATION) is None


def test_a_plan_names_the_servers_where_the_rate_of_one_is_given() -> None:
    demand = Demand(rollouts_per_s=300, verdict_rate=50, verdict_s=0.02, rule_s=0.01, wall_s=5, zipf_exponent=2.0)
    step = step_of(1_500, 5, 2.0)
    assert plan(demand, step).servers is None
    assert plan(demand, step, 9_000.0).servers == 1
    assert (plan(demand, step, 300.0).servers or 0) >= 2
