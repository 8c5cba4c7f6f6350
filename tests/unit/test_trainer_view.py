"""A reward as trainers take it: what an undecided one becomes, and the figures beside it."""

import tracemalloc

import msgspec
import pytest

from tinyv_stream import Outcome, Reward, Rollout, Source, Status, UndecidedError, Verdict
from tinyv_stream.adapter_kit.reward_values import (
    Judged,
    OnUndecided,
    completion_of,
    figures,
    number_of,
    policy_of,
    question_of,
    value_of,
)
from tinyv_stream.adapter_kit.running_mean import Usual


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
    undecided = reward(status, rule)
    assert value_of(undecided, OnUndecided.RULE) == by_rule
    assert value_of(undecided, OnUndecided.ABSTAIN) is None
    assert value_of(undecided, 0.25) == 0.25
    with pytest.raises(UndecidedError):
        value_of(undecided, OnUndecided.RAISE)


def test_a_trainer_without_a_word_gets_what_decided_rewards_were_worth_and_nothing_made_up() -> None:
    lost = reward(Status.EXPIRED, None)
    assert number_of(Judged(reward=lost, waited_s=1.0, usual=0.4), OnUndecided.ABSTAIN) == 0.4
    assert number_of(Judged(reward=lost, waited_s=1.0, usual=0.4), OnUndecided.RULE) == 0.4
    assert number_of(Judged(reward=lost, waited_s=1.0, usual=0.4), 2.0) == 2.0
    for policy in OnUndecided:
        with pytest.raises(UndecidedError):
            number_of(Judged(reward=lost, waited_s=1.0), policy)


def test_the_usual_is_of_the_same_question_else_of_all_and_forgets() -> None:
    usual = Usual()
    assert usual.mean(rollout("x")) is None
    usual.add(rollout("x"), 1.0)
    other = msgspec.structs.replace(rollout("x"), question="other")
    usual.add(other, 0.0)
    assert (usual.mean(rollout("y")), usual.mean(other)) == (1.0, 0.0)
    assert usual.mean(msgspec.structs.replace(other, ground_truth="2")) == 0.5
    for n in range(5000):
        usual.add(msgspec.structs.replace(rollout("x"), question=f"q{n}"), 0.25)
    assert usual.mean(rollout("y")) == usual.mean(other) == 0.25
    assert len(usual._of) <= 4096


def test_the_usual_keeps_no_text_of_any_question() -> None:
    usual = Usual()
    tracemalloc.start()
    try:
        for n in range(200):
            usual.add(msgspec.structs.replace(rollout("x"), question=f"{n} " + "x" * 100_000), 1.0)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2_000_000, "200 questions of 100 kB are 20 MB"


def test_the_usual_of_one_question_is_not_that_of_another_that_is_written_alike() -> None:
    usual = Usual()
    for question, truth, value in (("a\ud800", "bc", 1.0), ("a\ud800b", "c", 0.0)):
        usual.add(msgspec.structs.replace(rollout("x"), question=question, ground_truth=truth), value)
    for question, truth, value in (("a\ud800", "bc", 1.0), ("a\ud800b", "c", 0.0)):
        assert usual.mean(msgspec.structs.replace(rollout("x"), question=question, ground_truth=truth)) == value


@pytest.mark.parametrize(
    ("said", "policy"), [("abstain", OnUndecided.ABSTAIN), ("-1", -1.0), (0.5, 0.5), ("rule", "rule")]
)
def test_a_policy_is_a_word_or_a_number(said: str | float, policy: object) -> None:
    assert policy_of(said) == policy


def test_the_figures_have_the_same_keys_for_every_reward() -> None:
    one = figures(Judged(reward=reward(Status.OK, Outcome.CORRECT, 1.0), waited_s=1.0))
    other = figures(Judged(reward=reward(Status.EXPIRED, None), waited_s=2.0))
    assert one.keys() == other.keys()
    assert all(type(v) is float for v in (*one.values(), *other.values()))


def test_texts_are_found_in_every_shape_that_trainers_use() -> None:
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "q"}]}]
    assert question_of(chat) == question_of("q") == "q"
    assert completion_of([{"role": "assistant", "content": "a"}, {"role": "tool", "content": "t"}]) == "a"
    assert completion_of([{"role": "assistant", "content": None}, {"role": "assistant", "content": "b"}]) == "b"
