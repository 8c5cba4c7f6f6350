"""Reward conversion: what an undecided reward is to a trainer, the running mean, and the figures beside it."""

import tracemalloc

import msgspec
import pytest

from tinyv_stream import Outcome, Reward, Rollout, Source, Status, UndecidedError, Verdict
from tinyv_stream.adapter_kit import (
    AbstainAs,
    JudgedReward,
    OnUndecided,
    Policy,
    RunningMean,
    completion_of,
    figures,
    flat_groups,
    means,
    policy_of,
    question_of,
)


def rollout(text: str) -> Rollout:
    return Rollout(question="q", completion=text, ground_truth="1", data_source="x_tinyv")


def reward(status: Status, rule: Outcome | None, value: float | None = None) -> Reward:
    verdict = Verdict(outcome=rule) if rule else None
    return Reward(rollout_id="r", value=value, status=status, source=Source.FALLBACK, rule=verdict)


@pytest.mark.parametrize("status", [Status.FAILED, Status.EXPIRED, Status.CANCELLED])
@pytest.mark.parametrize(
    ("rule", "by_rule"), [(Outcome.CORRECT, 1.0), (Outcome.INCORRECT, 0.0), (Outcome.UNDECIDED, None), (None, None)]
)
def test_what_nobody_decided_is_a_number_only_by_a_rule_verdict(
    status: Status, rule: Outcome | None, by_rule: float | None
) -> None:
    undecided = JudgedReward(reward=reward(status, rule), waited_s=1.0)
    assert undecided.value(OnUndecided.RULE, abstain_as="none") == by_rule
    assert undecided.value(OnUndecided.ABSTAIN, abstain_as="none") is None
    assert undecided.value(0.25, abstain_as="none") == 0.25
    with pytest.raises(UndecidedError):
        undecided.value(OnUndecided.RAISE, abstain_as="none")


def test_a_trainer_that_cannot_abstain_gets_the_baseline_value() -> None:
    lost = reward(Status.EXPIRED, None)
    measured = JudgedReward(reward=lost, waited_s=1.0, baseline=0.4)
    assert measured.value(OnUndecided.ABSTAIN, abstain_as="baseline") == 0.4
    assert measured.value(OnUndecided.RULE, abstain_as="baseline") == 0.4
    assert measured.value(2.0, abstain_as="baseline") == 2.0
    with pytest.raises(UndecidedError):
        measured.value(OnUndecided.RAISE, abstain_as="baseline")
    for policy in OnUndecided:
        with pytest.raises(UndecidedError):
            JudgedReward(reward=lost, waited_s=1.0).value(policy, abstain_as="baseline")


def test_a_trainer_that_abstains_by_error_gets_it_despite_a_baseline() -> None:
    lost = JudgedReward(reward=reward(Status.FAILED, Outcome.UNDECIDED), waited_s=1.0, baseline=0.4)
    for policy in OnUndecided:
        with pytest.raises(UndecidedError):
            lost.value(policy, abstain_as="error")
    ruled = JudgedReward(reward=reward(Status.FAILED, Outcome.INCORRECT), waited_s=1.0, baseline=0.4)
    assert ruled.value(OnUndecided.RULE, abstain_as="error") == 0.0
    assert lost.value(0.25, abstain_as="error") == 0.25


@pytest.mark.parametrize("abstain_as", ["none", "error", "baseline"])
@pytest.mark.parametrize("policy", [*OnUndecided, 0.25])
def test_a_decided_reward_is_its_value_whatever_the_policy(policy: Policy, abstain_as: AbstainAs) -> None:
    decided = JudgedReward(reward=reward(Status.OK, Outcome.INCORRECT, 1.0), waited_s=1.0)
    assert decided.value(policy, abstain_as=abstain_as) == 1.0


def test_the_running_mean_is_of_the_same_question_else_of_all_and_forgets() -> None:
    mean = RunningMean()
    assert mean.of(rollout("x")) is None
    mean.add(rollout("x"), 1.0)
    other = msgspec.structs.replace(rollout("x"), question="other")
    mean.add(other, 0.0)
    assert (mean.of(rollout("y")), mean.of(other)) == (1.0, 0.0)
    assert mean.of(msgspec.structs.replace(other, ground_truth="2")) == 0.5
    for n in range(5000):
        mean.add(msgspec.structs.replace(rollout("x"), question=f"q{n}"), 0.25)
    assert mean.of(rollout("y")) == mean.of(other) == 0.25
    assert len(mean._of_question) <= 4096


def test_the_running_mean_keeps_no_text_of_any_question() -> None:
    mean = RunningMean()
    tracemalloc.start()
    try:
        for n in range(200):
            mean.add(msgspec.structs.replace(rollout("x"), question=f"{n} " + "x" * 100_000), 1.0)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2_000_000, "200 questions of 100 kB are 20 MB"


def test_questions_written_alike_have_running_means_of_their_own() -> None:
    mean = RunningMean()
    for question, truth, value in (("a\ud800", "bc", 1.0), ("a\ud800b", "c", 0.0)):
        mean.add(msgspec.structs.replace(rollout("x"), question=question, ground_truth=truth), value)
    for question, truth, value in (("a\ud800", "bc", 1.0), ("a\ud800b", "c", 0.0)):
        assert mean.of(msgspec.structs.replace(rollout("x"), question=question, ground_truth=truth)) == value


@pytest.mark.parametrize(
    ("said", "policy"), [("abstain", OnUndecided.ABSTAIN), ("-1", -1.0), (0.5, 0.5), ("rule", "rule")]
)
def test_a_policy_is_a_word_or_a_number(said: str | float, policy: object) -> None:
    assert policy_of(said) == policy


def test_the_figures_have_the_same_keys_for_every_reward() -> None:
    one = figures(JudgedReward(reward=reward(Status.OK, Outcome.CORRECT, 1.0), waited_s=1.0))
    other = figures(JudgedReward(reward=reward(Status.EXPIRED, None), waited_s=2.0))
    assert one.keys() == other.keys()
    assert all(type(v) is float for v in (*one.values(), *other.values()))


def test_texts_are_found_in_every_shape_that_trainers_use() -> None:
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "q"}]}]
    assert question_of(chat) == question_of("q") == "q"
    assert completion_of([{"role": "assistant", "content": "a"}, {"role": "tool", "content": "t"}]) == "a"
    assert completion_of([{"role": "assistant", "content": None}, {"role": "assistant", "content": "b"}]) == "b"


def test_agreement_is_of_those_that_both_decided() -> None:
    both = Verdict(outcome=Outcome.INCORRECT)
    judged = [
        JudgedReward(reward=msgspec.structs.replace(reward(Status.OK, rule, 0.0), tinyv=tinyv), waited_s=1.0)
        for rule, tinyv in (
            (Outcome.CORRECT, None),
            (Outcome.INCORRECT, both),
            (Outcome.INCORRECT, Verdict(outcome=Outcome.CORRECT)),
            (Outcome.INCORRECT, Verdict(outcome=Outcome.UNDECIDED)),
        )
    ]
    told = means(map(figures, judged))
    assert told["both"] == 0.5 and told["agreement"] == 0.5
    assert "agreement" not in means([figures(judged[0])])


def test_flat_groups_are_those_without_a_gradient_and_one_rollout_is_no_group() -> None:
    groups = [
        [(1.0, True), (1.0, True)],
        [(1.0, False), (0.0, False)],
        [(1.0, True), (0.0, False)],
        [(1.0, True), (None, False)],
        [(1.0, True)],
    ]
    assert flat_groups(groups) == {"flat_groups": 0.5, "flat_by_rules": 0.5}
    assert flat_groups([[(1.0, True)]]) == {}
