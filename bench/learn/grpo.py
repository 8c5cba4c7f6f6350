# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# ruff: noqa: ANN401 torch is only partly typed.
"""GRPO and Dr. GRPO: one update per batch, with what every step taught and what its answers looked like.

- GRPO (arXiv 2402.03300): advantages are divided by the group's deviation, each answer's loss by its length. Dr. GRPO
  (arXiv 2503.20783): by neither; a constant length instead. No KL term, one update per batch: ratios are 1.
- Only groups whose rewards differ go through the model again: the others' gradient is zero, exactly.
- A reward of None (nobody decided) leaves the answer out of its group's baseline and loss.
- Accuracy is the oracle's, of the batch before its update; the reward never sees it.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Literal, Protocol

import msgspec
import torch
from torch import Tensor

from bench.learn.policy import PAD_ID, batches, decode, log_probabilities, prompt_rows, sample
from bench.learn.task import MIXED, Problem, TaskFamily, is_right

_EPSILON: Final = 1e-4
"""Added to the deviation that advantages are divided by, as TRL does."""
AUDITED: Final = 4
"""Paid answers of a step that an audit looks at."""
OTHER: Final = "hedge or other"
"""Under which the table of spellings counts what is no single answer."""


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """One run of reinforcement learning."""

    steps: int = 48
    groups: int = 8
    size: int = 8
    """Answers per question."""
    rate: float = 3e-4
    loss: Literal["grpo", "dr_grpo"] = "grpo"
    clip: float = 1.0
    """Largest norm of the gradient."""


class GradedText(msgspec.Struct, frozen=True):
    """One answer of the policy, as a reward is given it; `right` is for rewards made of the oracle alone."""

    problem: Problem
    text: str
    right: bool


class RewardSource(Protocol):
    """What a run is rewarded by."""

    def __call__(self, answers: Sequence[GradedText], step: int) -> Sequence[float | None]:
        """Return one reward per answer, in order; None where nobody decided."""
        ...


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What one step taught. Shares are from 0 to 1."""

    accuracy: float
    reward: float
    flat: float
    """Share of groups whose rewards are all equal: they teach nothing."""
    refused: float | None
    """Share of right answers that were not paid; None where there was none."""
    paid: int
    paid_wrong: int
    undecided: int
    forms: dict[str, int]
    """Spelling -> answers; `hedge or other` for what is no single answer."""
    wall_s: float
    """Since the run began, at the end of the step."""
    cpu_s: float
    """Processor time of this process, likewise; a verifier in other processes is not in it."""
    verify_s: float
    """Wall time for the rewards."""
    audit: list[bool]
    """Of paid answers drawn at random: was it right?"""


def advantages(rewards: Tensor, loss: str) -> Tensor:
    """Return the advantages of rewards in rows of groups; NaN rewards get 0 and count in no baseline."""
    known = ~rewards.isnan()
    centred = (rewards - rewards.nanmean(1, keepdim=True)).nan_to_num()
    if loss == "dr_grpo":
        return centred
    count = known.sum(1, keepdim=True)
    deviation = (centred.square().sum(1, keepdim=True) / (count - 1).clamp(min=1)).sqrt()
    return centred / (deviation + _EPSILON)


def train(
    policy: Any, family: TaskFamily, asked: Sequence[Problem], source: RewardSource, how: Training, *, seed: int
) -> list[StepRecord]:
    """Train `policy` in place and return a record per step."""
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(policy.parameters(), how.rate, weight_decay=0.0)
    draws, told = batches(asked, how.groups, seed), list[StepRecord]()
    rng = random.Random(f"audit {seed}")  # noqa: S311 draws, not secrets
    wall, cpu = time.monotonic(), time.process_time()
    for step in range(how.steps):
        batch = next(draws)
        prompts = prompt_rows(family, batch)
        rows = sample(policy, prompts, how.size, family.answer_tokens)
        answers = [
            GradedText(one, text := decode(family, row), is_right(family, one, text))
            for one, row in zip((one for one in batch for _ in range(how.size)), rows.tolist(), strict=True)
        ]
        began = time.monotonic()
        paid = source(answers, step)
        verify_s = time.monotonic() - began
        rewards = torch.tensor([float("nan") if r is None else r for r in paid]).view(how.groups, how.size)
        update(policy, optimizer, (prompts.repeat_interleave(how.size, 0), rows), rewards, how)
        spent = {"wall_s": time.monotonic() - wall, "cpu_s": time.process_time() - cpu, "verify_s": verify_s}
        told.append(_record(family, answers, paid, rewards, rng=rng, spent=spent))
    return told


def update(policy: Any, optimizer: Any, x: tuple[Tensor, Tensor], rewards: Tensor, how: Training) -> None:
    """Take one step along the policy gradient; `x` are prompts and answers, in the order of `rewards`."""
    prompts, answers = x
    weights = advantages(rewards, how.loss)
    taught = weights.abs().amax(1).gt(0).repeat_interleave(rewards.shape[1])
    optimizer.zero_grad(set_to_none=False)
    if bool(taught.any()):
        loss = policy_loss(policy, (prompts[taught], answers[taught]), weights.view(-1)[taught], how.loss)
        (loss * (int(taught.sum()) / len(answers))).backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), how.clip)
    optimizer.step()


def policy_loss(policy: Any, x: tuple[Tensor, Tensor], weights: Tensor, loss: str) -> Tensor:
    """Return the loss of prompts and answers `x`, a mean over answers; `weights` are their advantages."""
    prompts, answers = x
    longest = int((answers != PAD_ID).sum(1).max())
    values, alive = log_probabilities(policy, torch.cat([prompts, answers[:, :longest]], 1), prompts.shape[1])
    length = alive.sum(1).clamp(min=1) if loss == "grpo" else answers.shape[1]
    return -(weights * (values * alive).sum(1) / length).mean()


def _record(
    family: TaskFamily,
    answers: Sequence[GradedText],
    paid: Sequence[float | None],
    rewards: Tensor,
    *,
    rng: random.Random,
    spent: dict[str, float],
) -> StepRecord:
    right = [r for a, r in zip(answers, paid, strict=True) if a.right]
    bought = [a for a, r in zip(answers, paid, strict=True) if r]
    return StepRecord(
        accuracy=len(right) / len(answers),
        reward=float(rewards.nanmean()) if bool((~rewards.isnan()).any()) else 0.0,
        flat=_flat(rewards),
        refused=sum(not r for r in right) / len(right) if right else None,
        paid=len(bought),
        paid_wrong=sum(not a.right for a in bought),
        undecided=sum(r is None for r in paid),
        forms=_forms(family, answers),
        audit=[a.right for a in rng.sample(bought, min(AUDITED, len(bought)))],
        **spent,
    )


def _flat(rewards: Tensor) -> float:
    spread = rewards.nan_to_num(float("-inf")).amax(1) - rewards.nan_to_num(float("inf")).amin(1)
    return float((~(spread > 0)).float().mean())


def _forms(family: TaskFamily, answers: Sequence[GradedText]) -> dict[str, int]:
    found = Counter(read[1] if (read := family.read(a.text)) else OTHER for a in answers)
    return {name: found[name] for name in (*family.forms, MIXED, OTHER)}
