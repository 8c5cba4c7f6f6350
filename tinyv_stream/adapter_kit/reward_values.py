"""Reward conversion: from a reward to the one number that a trainer takes, and figures for its logs. Pure.

- Where a verifier decided, the number is the reward's value, whatever the policy.
- Where none did, the policy decides: an abstention, the rule verdict, a number of the user's, or an error. A fault is
  never a 0.
- What an abstention is, the trainer decides: None, an error, or for one that must have a number the baseline value,
  the running mean of decided rewards (`tinyv_stream.adapter_kit.running_mean`); the figures say `undecided`.
- The figures have the same keys for every reward, because trainers stack them into columns.
"""

import enum
import math
from collections.abc import Iterable, Mapping
from typing import Final, Literal, overload

import msgspec

from tinyv_stream.errors import InvalidInputError, UndecidedError
from tinyv_stream.types import Outcome, Reward, Source, Status

_DECIDED: Final = (Outcome.CORRECT, Outcome.INCORRECT)


class OnUndecided(enum.StrEnum):
    """What a trainer gets for a rollout that no verifier decided."""

    ABSTAIN = "abstain"
    """An abstention: the trainer's own word for "leave it out", or where it has none the baseline value."""
    RULE = "rule"
    """The rule verdict if there is one, else as `abstain`. A 0 may then be TinyV's silence: see docs/trainers."""
    RAISE = "raise"
    """UndecidedError, which ends the trainer's step or drops the rollout."""


Policy = OnUndecided | float
"""A number is what the user gives undecided rollouts."""

AbstainAs = Literal["none", "error", "baseline"]
"""What an abstention is in a trainer: None, UndecidedError, or the baseline value."""


class JudgedReward(msgspec.Struct, frozen=True, kw_only=True):
    """A reward, and how long its requester waited for it, in seconds."""

    reward: Reward
    waited_s: float
    baseline: float | None = None
    """For an undecided one: the running mean of decided rewards; None while nothing has been decided."""

    @overload
    def value(self, policy: Policy, *, abstain_as: Literal["none"]) -> float | None: ...

    @overload
    def value(self, policy: Policy, *, abstain_as: Literal["error", "baseline"]) -> float: ...

    def value(self, policy: Policy, *, abstain_as: AbstainAs) -> float | None:
        """Return the trainer's number for this reward: of a decided one its value, else by `policy`.

        - a number: that number.
        - RULE: 1.0 or 0.0 by the rule verdict; without one, or with an undecided one, as ABSTAIN.
        - ABSTAIN: by `abstain_as` None ("none"), UndecidedError ("error"), or `baseline` ("baseline").
        - RAISE: UndecidedError.

        With "baseline", also raises UndecidedError where nothing has been decided so far: no number is made up.
        """
        reward = self.reward
        if reward.status is Status.OK:
            value = reward.value
        elif not isinstance(policy, OnUndecided):
            value = policy
        elif policy is OnUndecided.RAISE:
            raise UndecidedError(reward.rollout_id, reward.status, reward.reason)
        elif policy is OnUndecided.RULE and reward.rule is not None:
            value = {Outcome.CORRECT: 1.0, Outcome.INCORRECT: 0.0}.get(reward.rule.outcome)
        else:
            value = None
        if value is None and abstain_as == "baseline":
            value = self.baseline
        if value is None and abstain_as != "none":
            raise UndecidedError(reward.rollout_id, reward.status, reward.reason)
        return value


def policy_of(policy: str | float) -> Policy:
    """Return the policy that was said; raise InvalidInputError if it is none."""
    try:
        return OnUndecided(policy)
    except ValueError:
        pass
    try:
        number = float(policy)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInputError("on_undecided", policy, "use abstain, rule, raise or a number")
    return number


def figures(judged: JudgedReward) -> dict[str, float]:
    """Return what a trainer may log beside the reward: 1.0 or 0.0 each, and seconds for `wait_s`.

    At most one of `from_rule`, `from_tinyv`, `from_cache` is 1: where the reward comes from. `both` is 1 where rules
    and TinyV decided, `agreed` where they decided alike as well.
    """
    reward = judged.reward
    said = [v.outcome for v in (reward.rule, reward.tinyv) if v is not None and v.outcome in _DECIDED]
    return {
        "rule_correct": float(reward.rule is not None and reward.rule.outcome is Outcome.CORRECT),
        "tinyv_correct": float(reward.tinyv is not None and reward.tinyv.outcome is Outcome.CORRECT),
        "rescued": float(reward.rescued),
        "undecided": float(reward.status is not Status.OK),
        "from_rule": float(reward.source is Source.RULE),
        "from_tinyv": float(reward.source is Source.TINYV),
        "from_cache": float(reward.source is Source.CACHE),
        "both": float(len(said) == 2),
        "agreed": float(len(said) == 2 and said[0] is said[1]),
        "wait_s": judged.waited_s,
    }


def means(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of every figure, and the longest wait as `wait_max_s`; empty for no rows.

    `agreement` is the share on which rules and TinyV agreed, of those that both decided; left out where there is none.
    """
    kept = list(rows)
    if not kept:
        return {}
    mean = {key: sum(row[key] for row in kept) / len(kept) for key in kept[0]}
    agreement = {"agreement": mean["agreed"] / mean["both"]} if mean.get("both") else {}
    return mean | agreement | {"wait_max_s": max(row["wait_s"] for row in kept)}


def flat_groups(groups: Iterable[Iterable[tuple[float | None, bool]]]) -> dict[str, float]:
    """Return the shares of groups without a gradient: `flat_groups`, and `flat_by_rules` by the rules alone.

    A group is its rollouts' (reward, what the rules said); rewards that nobody decided are left out, as trainers do.
    Groups of one rollout say nothing; empty without any other.
    """
    known = [rows for group in groups if len(rows := list(group)) > 1]
    if not known:
        return {}
    flat = sum(len({value for value, _ in rows if value is not None}) < 2 for rows in known)
    by_rules = sum(len({is_right for _, is_right in rows}) < 2 for rows in known)
    return {"flat_groups": flat / len(known), "flat_by_rules": by_rules / len(known)}
