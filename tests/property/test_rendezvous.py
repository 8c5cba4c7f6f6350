"""Which server a rollout goes to: the same for equal rollouts, about as many to each, few moved by one more."""

from collections import Counter

import hypothesis.strategies as st
from hypothesis import given

from tinyv_stream.broker.messages import shard_of, work_of
from tinyv_stream.types import Rollout


def uid(n: int, completion: str = "c") -> str:
    rollout = Rollout(rollout_id=f"r{n}-{completion}", question=f"q{n}", ground_truth="1", completion=completion)
    return work_of(rollout, run_id="run", client_id="c").uid


@given(n=st.integers(0, 10**9), servers=st.integers(1, 64))
def test_equal_questions_meet_and_one_more_server_takes_only_what_becomes_its_own(n: int, servers: int) -> None:
    at = shard_of(uid(n), servers, is_server=True)
    assert 0 <= at < servers
    assert shard_of(uid(n, "another completion"), servers, is_server=True) == at
    assert shard_of(uid(n), servers + 1, is_server=True) in {at, servers}


def test_each_of_several_servers_gets_about_its_share() -> None:
    for servers in (2, 3, 5, 8):
        counts = Counter(shard_of(uid(n), servers, is_server=True) for n in range(4_000))
        assert set(counts) == set(range(servers))
        # Six standard deviations of a fair draw: one set of questions, so it is the same in every run.
        spread = 6 * (4_000 * (1 / servers) * (1 - 1 / servers)) ** 0.5
        assert max(abs(count - 4_000 / servers) for count in counts.values()) < spread
