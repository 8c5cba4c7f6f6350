"""A run in which TinyV can never be asked says so once in the trainer's log, and no other run does."""

import pytest

from tinyv_stream import Outcome, Reward, Source, Status, Verdict
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
