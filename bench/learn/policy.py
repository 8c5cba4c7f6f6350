# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportPrivateImportUsage=false
# ruff: noqa: ANN401 torch and transformers are only partly typed.
"""Policy of the learning benchmark: a small Llama, its first teaching, and sampling from it.

- Prompts have one length, so nothing is padded on the left; a completion is padded after its end.
- It is taught every value under one prompt sign (`task.SURE`) and a small share of right ones under another
  (`task.UNSURE`), which reinforcement learning then asks with: the skill is there, as in a pretrained model, and is
  rarely shown.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import torch
from torch import Tensor

from bench.learn.task import END, PAD, SURE, UNSURE, Problem, TaskFamily, taught

PAD_ID: Final = 0
END_ID: Final = 1


class Teaching(msgspec.Struct, frozen=True, kw_only=True):
    """How the policy is taught before reinforcement learning."""

    steps: int = 120
    batch: int = 64
    rate: float = 3e-3
    """Highest learning rate; it rises and falls (one cycle)."""
    right: float = 0.01
    """Share of right answers under `task.UNSURE`."""
    hedge: float = 0.02
    """Share of answers there that name two values."""


def encode(family: TaskFamily, tokens: Sequence[str]) -> list[int]:
    """Return the numbers of `tokens` in the family's vocabulary."""
    return [family.tokens.index(token) for token in tokens]


def decode(family: TaskFamily, row: Sequence[int]) -> str:
    """Return a completion's text up to its end; what a policy writes is only ever read as text."""
    told: list[str] = []
    for number in row:
        if number in {PAD_ID, END_ID}:
            break
        told.append(family.tokens[number])
    return "".join(told)


def make_policy(family: TaskFamily, seed: int) -> Any:
    """Return an untaught Llama of some 0.5 M parameters for the family's vocabulary."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(family.tokens),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=64,
        pad_token_id=PAD_ID,
        bos_token_id=None,
        eos_token_id=END_ID,
        tie_word_embeddings=True,
        initializer_range=0.08,  # 1 / sqrt(width), about: with the default a policy this narrow learns late
    )
    return LlamaForCausalLM(config)


def teach(family: TaskFamily, asked: Sequence[Problem], how: Teaching, seed: int) -> Any:
    """Return a policy that was taught the questions `asked`; the same for a seed on one machine with one thread."""
    policy = make_policy(family, seed)
    rng = random.Random(f"teach {seed}")  # noqa: S311 draws, not secrets
    optimizer = torch.optim.AdamW(policy.parameters(), how.rate, betas=(0.9, 0.95), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, how.rate, total_steps=how.steps, pct_start=0.15)
    index = {token: number for number, token in enumerate(family.tokens)}
    for _ in range(how.steps):
        rows = [_lesson(family, rng.choice(asked), how, rng, index) for _ in range(how.batch)]
        x = torch.tensor(rows)
        values, alive = log_probabilities(policy, x, family.prompt_tokens)
        loss = -(values * alive).sum() / alive.sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return policy


def _lesson(family: TaskFamily, one: Problem, how: Teaching, rng: random.Random, index: dict[str, int]) -> list[int]:
    sure = rng.random() < 0.5
    right, hedge = (1.0, 0.0) if sure else (how.right, how.hedge)
    told = [*one.prompt, SURE if sure else UNSURE, *taught(family, one.value, rng, right=right, hedge=hedge), END]
    told += [PAD] * (family.prompt_tokens + family.answer_tokens - len(told))
    return [index[token] for token in told]


def log_probabilities(policy: Any, x: Tensor, prompt_tokens: int) -> tuple[Tensor, Tensor]:
    """Return the log-probability of each token of the answers in `x`, and which of them count (up to their end)."""
    answers = x[:, prompt_tokens:]
    logits = policy(input_ids=x[:, :-1]).logits[:, prompt_tokens - 1 :]
    values = logits.log_softmax(-1).gather(-1, answers.unsqueeze(-1)).squeeze(-1)
    ended = torch.cumsum((answers == END_ID).int(), 1) - (answers == END_ID).int()
    return values, (ended == 0) & (answers != PAD_ID)


@torch.no_grad()
def sample(policy: Any, prompts: Tensor, each: int, most: int) -> Tensor:
    """Return `each` sampled answers per prompt, in the prompts' order, at temperature 1: rows of `most` tokens."""
    from transformers import DynamicCache

    past = DynamicCache(config=policy.config)
    logits = policy(input_ids=prompts, past_key_values=past, use_cache=True).logits[:, -1]
    past.batch_repeat_interleave(each)
    logits = logits.repeat_interleave(each, 0)
    told = torch.full((len(prompts) * each, most), PAD_ID)
    done = torch.zeros(len(told), dtype=torch.bool)
    for at in range(most):
        drawn = torch.multinomial(logits.softmax(-1), 1).squeeze(1).masked_fill(done, PAD_ID)
        told[:, at] = drawn
        done |= drawn == END_ID
        if bool(done.all()) or at + 1 == most:
            break
        logits = policy(input_ids=drawn.unsqueeze(1), past_key_values=past, use_cache=True).logits[:, -1]
    return told


def prompt_rows(family: TaskFamily, asked: Sequence[Problem], sign: str = UNSURE) -> Tensor:
    """Return the prompts' token numbers, one row each."""
    return torch.tensor([encode(family, [*one.prompt, sign]) for one in asked])


def batches(asked: Sequence[Problem], size: int, seed: int) -> Iterator[list[Problem]]:
    """Yield batches of `size` questions for ever: each pass over the set in another order."""
    rng = random.Random(f"batches {seed}")  # noqa: S311 draws, not secrets
    while True:
        order = rng.sample(list(asked), len(asked))
        for at in range(0, len(order) - size + 1, size):
            yield order[at : at + size]
