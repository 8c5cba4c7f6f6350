"""A reward as trainers take it: one number, and figures for their logs. Pure.

- Where a verifier decided, the number is the reward's value, whatever the policy.
- Where none did, the policy decides: an abstention, the rule verdict, a number of the user's, or an error. A fault is
  never a 0.
- Abstaining is the trainer's own word for "leave it out". One that has no word gets what decided rewards were worth
  lately (`tinyv_stream.adapter_kit.running_mean`), and the figures say `undecided`.
- The figures have the same keys for every reward, because trainers stack them into columns.
"""

import enum
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import msgspec

from tinyv_stream.errors import InvalidInputError, UndecidedError
from tinyv_stream.types import MAX_ROLLOUT_BYTES, Outcome, Reward, Rollout, Source, Status

_ID_BYTES: Final = 128
"""Room for the id that a rollout is given later."""
_TURN: Final = re.compile(
    r"(?:<\|im_start\|>|<\|start_header_id\|>)user(?:<\|end_header_id\|>)?\s*(.*?)(?:<\|im_end\|>|<\|eot_id\|>)",
    re.DOTALL,
)


class OnUndecided(enum.StrEnum):
    """What a trainer gets for a rollout that no verifier decided."""

    ABSTAIN = "abstain"
    """The trainer's own word for "leave it out"; where it has none, what decided rewards were worth lately."""
    RULE = "rule"
    """The rule verdict if there is one, else as `abstain`. A 0 may then be TinyV's silence: see docs/trainers."""
    RAISE = "raise"
    """UndecidedError, which ends the trainer's step or drops the rollout."""


Policy = OnUndecided | float
"""A number is what the user gives undecided rollouts."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A reward, and how long its asker waited for it, in seconds."""

    reward: Reward
    waited_s: float
    usual: float | None = None
    """For an undecided one: what decided rewards were worth lately; None while nothing has been decided."""


def policy_of(said: str | float) -> Policy:
    """Return the policy that was said; raise InvalidInputError if it is none."""
    try:
        return OnUndecided(said)
    except ValueError:
        pass
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInputError("on_undecided", said, "use abstain, rule, raise or a number")
    return number


def needs_usual(policy: Policy) -> bool:
    """Tell whether a trainer without a word for "undecided" may come to need what decided rewards were worth."""
    return policy in {OnUndecided.ABSTAIN, OnUndecided.RULE}


def value_of(reward: Reward, policy: Policy) -> float | None:
    """Return the number for the trainer, or None for an abstention; raise UndecidedError if the policy says so."""
    if reward.status is Status.OK:
        return reward.value
    if not isinstance(policy, OnUndecided):
        return policy
    if policy is OnUndecided.RAISE:
        raise UndecidedError(reward.rollout_id, reward.status, reward.reason)
    if policy is OnUndecided.RULE and reward.rule is not None:
        return {Outcome.CORRECT: 1.0, Outcome.INCORRECT: 0.0}.get(reward.rule.outcome)
    return None


def number_of(judged: Judged, policy: Policy) -> float:
    """Return a number for a trainer that has no word for "undecided".

    Raises UndecidedError if the policy says so, or where nothing was decided so far that a number could come from.
    """
    value = value_of(judged.reward, policy)
    return decided(judged.reward, judged.usual if value is None else value)


def decided(reward: Reward, value: float | None) -> float:
    """Return `value`; raise UndecidedError in place of None."""
    if value is None:
        raise UndecidedError(reward.rollout_id, reward.status, reward.reason)
    return value


def figures(judged: Judged) -> dict[str, float]:
    """Return what a trainer may log beside the reward: 1.0 or 0.0 each, and seconds for `wait_s`.

    At most one of `from_rule`, `from_tinyv`, `from_cache` is 1: where the reward comes from.
    """
    reward = judged.reward
    return {
        "rule_correct": float(reward.rule is not None and reward.rule.outcome is Outcome.CORRECT),
        "tinyv_correct": float(reward.tinyv is not None and reward.tinyv.outcome is Outcome.CORRECT),
        "rescued": float(reward.rescued),
        "undecided": float(reward.status is not Status.OK),
        "from_rule": float(reward.source is Source.RULE),
        "from_tinyv": float(reward.source is Source.TINYV),
        "from_cache": float(reward.source is Source.CACHE),
        "wait_s": judged.waited_s,
    }


def means(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of every figure, and the longest wait as `wait_max_s`; empty for no rows."""
    kept = list(rows)
    if not kept:
        return {}
    mean = {key: sum(row[key] for row in kept) / len(kept) for key in kept[0]}
    return mean | {"wait_max_s": max(row["wait_s"] for row in kept)}


def fitted(rollout: Rollout) -> Rollout:
    """Return `rollout` with no more of its completion than may travel: the end, where the answer is.

    Models ramble, and a trainer must not die of it.
    """
    texts = [value for value in msgspec.structs.astuple(rollout) if isinstance(value, str)]
    over = sum(len(text.encode("utf-8", "replace")) for text in texts) - MAX_ROLLOUT_BYTES + _ID_BYTES
    if over <= 0:
        return rollout
    end = rollout.completion.encode("utf-8", "replace")[over:]
    return msgspec.structs.replace(rollout, completion=end.decode("utf-8", "ignore"))


def question_of(prompt: object) -> str:
    """Return the question in a prompt: the text itself, or the last user message of a chat."""
    messages = _messages(prompt)
    if messages is None:
        return _text(prompt)
    asked = [m for m in messages if m.get("role") == "user"] or messages
    return _text(asked[-1].get("content")) if asked else ""


def completion_of(completion: object) -> str:
    """Return a completion's text: the text itself, or what the assistant said in a chat, in order."""
    messages = _messages(completion)
    if messages is None:
        return _text(completion)
    said = [_text(m.get("content")) for m in messages if m.get("role", "assistant") == "assistant"]
    return "\n".join(text for text in said if text)


def plain_question(prompt: str) -> str:
    """Return the last user turn of a prompt in a chat template (ChatML, Llama 3), or the prompt."""
    turns = _TURN.findall(prompt)
    return str(turns[-1]).strip() if turns else prompt


def _messages(value: object) -> list[Mapping[str, Any]] | None:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return None
    return [cast("Mapping[str, Any]", m) for m in cast("Iterable[object]", value) if isinstance(m, Mapping)]


def _text(content: object) -> str:
    """Return the text of a message's content, which may be a list of typed parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Iterable):
        return "" if content is None else str(content)
    parts = [cast("Mapping[str, Any]", p) for p in cast("Iterable[object]", content) if isinstance(p, Mapping)]
    return "".join(str(part.get("text", "")) for part in parts)
