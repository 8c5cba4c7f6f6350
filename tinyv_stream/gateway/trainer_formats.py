"""The trainers' own wire formats: from their bodies to rollouts, and from rewards to their answers. Pure.

- These formats cannot say "undecided" (NeMo-Gym's can, but has a number beside it): there the number is the
  baseline value, the running mean of decided rewards, or as the policy says, with `undecided` beside it where the
  format has room.
- Where nothing was decided so far there is no such number, and none is made up: UndecidedError.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar, cast

import msgspec

from tinyv_stream.adapter_kit import (
    JudgedReward,
    Policy,
    completion_of,
    figures,
    fitted,
    plain_question,
    question_of,
)
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.gateway.schemas import JsonScalar, NemoGym, OpenRLHFRead, Slime
from tinyv_stream.types import Outcome, Rollout

T = TypeVar("T")

_END: Final = re.compile(r"(?:\s*(?:<\|[^<>|]{1,40}\|>|</s>|<eos>|<pad>))+\s*$")
"""Special tokens after a completion: OpenRLHF decodes them with the text."""

_text: Final = msgspec.json.Decoder(str)
_scalar: Final[msgspec.json.Decoder[JsonScalar]] = msgspec.json.Decoder(JsonScalar)
_FIELD: Final = re.compile(r"rollouts\[(\d+)\]\.(\w+)")
OPENRLHF_NAMES: Final = {"completion": "query[{}]", "question": "prompts[{}]", "ground_truth": "labels[{}]"}
SLIME_NAMES: Final = {"completion": "response", "question": "prompt", "ground_truth": "label"}
NEMO_GYM_NAMES: Final = {"completion": "response.output", "question": "question", "ground_truth": "expected_answer"}
"""What a rollout's fields are called in the body that it came from; `{}` is its place in a list."""


def from_openrlhf(body: OpenRLHFRead, data_source: str) -> list[Rollout | InvalidInputError]:
    """Return per query of a `/get_reward` body its rollout, or what is wrong with it.

    Raises InvalidInputError if the lists do not match.
    """
    for name, column in (("prompts", body.prompts), ("labels", body.labels)):
        if len(column) != len(body.query):
            raise InvalidInputError(name, f"{len(column)} entries", f"give {len(body.query)}, one per query")
    rows = zip(body.query, body.prompts, body.labels, strict=True)
    return [_openrlhf_row(i, *row, data_source=data_source) for i, row in enumerate(rows)]


def _openrlhf_row(
    i: int, query: msgspec.Raw, prompt: msgspec.Raw, label: msgspec.Raw, *, data_source: str
) -> Rollout | InvalidInputError:
    try:
        said, asked = _typed("query", i, query, _text), _typed("prompts", i, prompt, _text)
        truth = _typed("labels", i, label, _scalar)
    except InvalidInputError as exc:
        return exc
    return fitted(
        Rollout(
            prompt=asked,
            question=plain_question(asked),
            completion=_END.sub("", said.removeprefix(asked)),
            ground_truth=str(truth),
            data_source=data_source,
        )
    )


def _typed(name: str, i: int, raw: msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError) as exc:
        raise InvalidInputError(f"{name}[{i}]", str(exc)[:120], "see /openapi.json") from exc


def to_openrlhf(judged: Sequence[JudgedReward], policy: Policy) -> dict[str, Any]:
    """Return OpenRLHF's answer: `rewards` for the advantage, `scores` (0 to 1) for filtering, `extra_logs`."""
    values = [one.value(policy, abstain_as="baseline") for one in judged]
    rows = [figures(one) for one in judged]
    logs = {key: [row[key] for row in rows] for key in rows[0]} if rows else {}
    return {"rewards": values, "scores": values, "extra_logs": logs}


def from_slime(body: Slime, data_source: str) -> Rollout:
    """Return the rollout of a slime `remote_rm` body."""
    prompt = question_of(body.prompt)
    return fitted(
        Rollout(
            prompt=prompt,
            question=plain_question(prompt),
            completion=_END.sub("", body.response),
            ground_truth=str(body.label),
            data_source=data_source,
        )
    )


def to_slime(judged: JudgedReward, policy: Policy, *, detailed: bool) -> float | dict[str, float]:
    """Return slime's answer: the number itself, or with `detailed` a record for `--reward-key score`."""
    value = judged.value(policy, abstain_as="baseline")
    return {"score": value, **figures(judged)} if detailed else value


def from_nemo_gym(body: NemoGym, data_source: str) -> Rollout:
    """Return the rollout of a NeMo-Gym `/verify` body; raise InvalidInputError if it names no reference answer."""
    labels = [label for label in (body.expected_answer, body.ground_truth, body.answer) if label is not None]
    if not labels:
        raise InvalidInputError("expected_answer", "", "give the reference answer")
    return fitted(
        Rollout(
            question=body.question or question_of(body.responses_create_params.get("input", "")),
            completion=_said(body.response),
            ground_truth=str(labels[0]),
            data_source=body.data_source or data_source,
        )
    )


def to_nemo_gym(judged: JudgedReward, policy: Policy, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return NeMo-Gym's answer: what was sent, with the reward, or with its mark of a judge that failed.

    Raises UndecidedError as `JudgedReward.value` does for a baseline: the mark has a number beside it, too.
    """
    value = judged.value(policy, abstain_as="none")
    rule = judged.reward.rule
    answer = {**sent, "library_reward": float(rule is not None and rule.outcome is Outcome.CORRECT), **figures(judged)}
    if value is not None:
        return {**answer, "reward": value}
    # NeMo-Gym's own spelling. It puts 0 beside it, which would be a score for whoever does not look at the mark.
    reason = f"{judged.reward.status}: {judged.reward.reason}"
    number = judged.value(policy, abstain_as="baseline")
    return {**answer, "reward": number, "_ng_failure_class": "judge_failed", "_ng_failure_judge_error": reason}


def as_sent(error: InvalidInputError, names: Mapping[str, str]) -> InvalidInputError:
    """Return `error` with the field's name as it was in the body."""
    found = _FIELD.fullmatch(error.field)
    name = names.get(found[2], found[2]).format(found[1]) if found else error.field
    return InvalidInputError(name, error.value, error.remedy)


def _said(response: Mapping[str, Any]) -> str:
    """Return the text of a response in OpenAI's Responses form."""
    output = response.get("output")
    items = cast("list[object]", output) if isinstance(output, list) else []
    messages = [cast("Mapping[str, Any]", item) for item in items if isinstance(item, Mapping)]
    return completion_of([m for m in messages if m.get("type", "message") == "message"])
