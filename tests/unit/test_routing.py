"""A run in which TinyV can never be asked says so once in the trainer's log, and no other run does."""

import pytest

from tinyv_stream import Outcome, Reward, RewardClient, Source, Status, Verdict
from tinyv_stream.client.routing import MANY, RoutingWatch


def reward(outcome: Outcome, *, asked: bool = False) -> Reward:
    tinyv = Verdict(outcome=Outcome.INCORRECT) if asked else None
    source = Source.TINYV if asked else Source.RULE
    return Reward(
        rollout_id="r", value=0.0, status=Status.OK, source=source, rule=Verdict(outcome=outcome), tinyv=tinyv
    )


def test_refusals_that_never_reach_tinyv_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    watch = RoutingWatch()
    for _ in range(10 * MANY):
        watch.note(reward(Outcome.INCORRECT))
    (line,) = caplog.records
    assert "_tinyv" in line.getMessage() and "tinyv.toml" in line.getMessage()


@pytest.mark.parametrize(
    "rewards",
    [
        [reward(Outcome.CORRECT)] * (10 * MANY),
        [reward(Outcome.INCORRECT)] * (MANY - 1),
        [reward(Outcome.INCORRECT, asked=True)] + [reward(Outcome.INCORRECT)] * (10 * MANY),
    ],
)
def test_a_run_that_asks_or_has_no_need_to_says_nothing(
    rewards: list[Reward], caplog: pytest.LogCaptureFixture
) -> None:
    watch = RoutingWatch()
    for one in rewards:
        watch.note(one)
    assert not caplog.records


async def test_a_client_that_means_to_go_past_tinyv_is_not_watched(caplog: pytest.LogCaptureFixture) -> None:
    for watched in (True, False):
        client = RewardClient("redis://127.0.0.1:1/0", run_id="r", watch_routing=watched)
        for _ in range(2 * MANY):
            client._on_reward(reward(Outcome.INCORRECT))
        assert len(caplog.records) == 1  # of the first alone
