"""Figures of a step: hidden is a union, exposed is what came after the last completion, and only closed steps count."""

from board_kit import began, ended, left, reward

from tinyv_stream.board.steps import StepFigures, Steps, combined


def figures(*lines: object, step: int = 1) -> StepFigures:
    steps = Steps()
    for line in lines:
        steps.event(1, line)  # type: ignore[arg-type]
    found = combined(steps.of_run(1)[step])
    assert found is not None
    return found


def test_hidden_is_the_union_of_waits_and_exposed_comes_after_the_last_completion() -> None:
    found = figures(
        began(1, 0.0),
        reward(0, ended=2.0, rewarded=5.0),
        reward(1, ended=3.0, rewarded=4.0),
        reward(2, ended=7.0, rewarded=9.0),
        reward(3, ended=8.0, rewarded=8.5),
    )
    assert (found.generation, found.hidden, found.exposed) == (8.0, 4.0, 1.0)


def test_a_step_is_closed_by_a_later_one_or_by_leaving_but_never_with_an_open_rollout() -> None:
    open_ = (began(1, 0.0), ended(0, 1.0), ended(1, 2.0), reward(0, ended=1.0, rewarded=1.5))
    assert not figures(*open_).is_closed
    assert not figures(*open_, began(2, 3.0)).is_closed
    last = reward(1, ended=2.0, rewarded=2.5)
    assert not figures(*open_, last).is_closed
    assert figures(*open_, last, began(2, 3.0)).is_closed
    assert figures(*open_, last, left()).is_closed
    assert figures(*open_, began(2, 3.0), last).is_closed


def test_without_a_told_beginning_a_step_begins_at_its_first_completion_and_a_later_completion_ends_it() -> None:
    lines = (ended(0, 5.0), reward(0, ended=5.0, rewarded=6.0), ended(1, 7.0), reward(1, ended=7.0, rewarded=7.5))
    found = figures(*lines, ended(2, 9.0, step=2))
    assert not found.is_told and found.is_closed and found.generation == 2.0


def test_times_of_two_clients_are_not_compared_the_one_that_waited_longest_speaks() -> None:
    found = figures(
        began(1, 0.0),
        reward(0, ended=4.0, rewarded=4.1),
        began(1, 1000.0, client="d"),  # a clock that is far off
        reward(1, client="d", ended=1003.0, rewarded=1005.0),
    )
    assert found.rollouts == 2 and found.generation == 3.0 and found.exposed == 2.0


def test_a_late_reward_of_an_older_step_does_not_bring_it_back() -> None:
    steps = Steps()
    for line in (
        began(1, 0.0),
        ended(0, 1.0),
        began(2, 2.0),
        ended(1, 3.0, step=2),
        reward(0, ended=1.0, rewarded=4.0),
    ):
        steps.event(1, line)
    two = combined(steps.of_run(1)[2])
    assert two is not None and two.open == 1 and not two.is_closed
