r"""One GRPO step: prompts x completions, each with its answer and the moment at which its generation ends.

- Lengths are log-normal around a length per prompt, cut at the response limit. That RL rollouts have such a long
  tail is reported by RollPacker (NSDI 26), DARTS (arXiv 2605.30859) and verl's issue 4348; the parameters are ours.
- All completions are in flight from the start, one token per engine step: a completion's end is in proportion to its
  length.
- The last one to end is a false negative with an answer of its own: its reward takes the whole path, rules and a
  TinyV call, so that a short exposed time is never the luck of an easy tail.
- The same arguments give the same step, on every machine.
"""

import random
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from bench.workload import answers
from bench.workload.questions import WorkloadQuestion
from tinyv_stream.types import Rollout

CompletionKind = Literal["right", "false_negative", "wrong", "cut"]

DATA_SOURCE: Final = "bench_tinyv"
ZIPF_EXPONENT: Final = 1.7
"""Fitted to published samples: 40 answers of GPT-4o-mini to each of 1,318 questions of GSM8K (ConSol, arXiv 2503.17587,
`gpt4omini-gsm-vote` in LiuzLab/consol at 20f6917). In their groups of 8, 40.1 % of the wrong answers repeat an earlier
one; this exponent gives 39.8 % for the same numbers of wrong answers per group. For how the right answer is written in
words there is no such data: the same exponent is an assumption there."""
MEDIAN_TOKENS: Final = 700.0
SIGMA_PROMPT: Final = 0.45
SIGMA_COMPLETION: Final = 0.5
LIMIT_TOKENS: Final = 4096
"""The reference's response limit."""
_CHARS_PER_TOKEN: Final = 4
_THOUGHTS: Final = (
    "First I write down what is given and what is asked for.",
    "Putting the numbers in, one step follows from the one before.",
    "Let me check that once more, because a sign is easily lost here.",
    "Both sides agree, so I can go on from this line.",
    "Another way to see it leads to the same place.",
)


class Mix(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy is good at. A group's share of right answers is drawn from Beta(a, b)."""

    right_a: float = 0.9
    right_b: float = 1.1
    false_negative: float = 0.4
    """Share of the right answers that the rules refuse. With 45 % right this makes a quarter of the refused answers
    right; TinyV reports 38 % for its data."""
    zipf_exponent: float = ZIPF_EXPONENT
    """How much a prompt's completions repeat one another: the n-th likely wrong answer, and the n-th way to write the
    right one, has the weight 1/n^s. It decides how many TinyV calls can be avoided at all."""


class StepCompletion(msgspec.Struct, frozen=True, kw_only=True):
    """One completion; `end_s` counts from the start of the generation phase. `is_right` is the truth about it."""

    rollout: Rollout
    end_s: float
    tokens: int
    kind: CompletionKind

    @property
    def is_right(self) -> bool:
        """Whether the final answer is the ground truth, however it is written."""
        return self.kind in {"right", "false_negative"}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """The completions of one step in the order in which they end, the last one at `wall_s`."""

    lines: tuple[StepCompletion, ...]
    wall_s: float
    seed: int


def make(
    questions: Sequence[WorkloadQuestion], group_size: int, *, wall_s: float, seed: int, mix: Mix | None = None
) -> Step:
    """Return the step of these prompts with `group_size` completions each, generated within `wall_s`."""
    rng = random.Random(f"step {seed}")  # noqa: S311 a workload, not a secret
    mix = mix or Mix()
    drafts = [d for n, q in enumerate(questions) for d in _group(q, f"s{seed}-p{n}", group_size, mix, rng)]
    longest = max(tokens * jitter for _, tokens, jitter, _ in drafts)
    lines = [
        StepCompletion(rollout=rollout, tokens=tokens, kind=kind, end_s=round(wall_s * tokens * jitter / longest, 4))
        for rollout, tokens, jitter, kind in drafts
    ]
    lines.sort(key=lambda line: (line.end_s, line.rollout.rollout_id))
    lines[-1] = _whole_path(lines[-1], rng)
    return Step(lines=tuple(lines), wall_s=lines[-1].end_s, seed=seed)


def _group(
    question: WorkloadQuestion, group_id: str, size: int, mix: Mix, rng: random.Random
) -> list[tuple[Rollout, int, float, CompletionKind]]:
    share = rng.betavariate(mix.right_a, mix.right_b)
    worded, wrong = answers.disguises(question.ground_truth, rng), answers.slips(question.ground_truth, rng)
    median = rng.lognormvariate(0, SIGMA_PROMPT) * MEDIAN_TOKENS
    found: list[tuple[Rollout, int, float, CompletionKind]] = []
    for n in range(size):
        tokens = min(LIMIT_TOKENS, max(16, int(median * rng.lognormvariate(0, SIGMA_COMPLETION))))
        kind = _kind(tokens, share, mix, rng)
        boxed = {"right": question.ground_truth, "false_negative": answers.likely(worded, mix.zipf_exponent, rng)}.get(
            kind, answers.likely(wrong, mix.zipf_exponent, rng)
        )
        text = _thoughts(tokens, rng) + ("" if kind == "cut" else rf" The final answer is $\boxed{{{boxed}}}$.")
        rollout = Rollout(
            rollout_id=f"{group_id}-{n}",
            group_id=group_id,
            group_size=size,
            question=question.question,
            completion=text,
            ground_truth=question.ground_truth,
            data_source=DATA_SOURCE,
        )
        # Engine steps are not all equally long: up to 3 % between neighbours.
        found.append((rollout, tokens, rng.uniform(0.97, 1.0), kind))
    return found


def _kind(tokens: int, share: float, mix: Mix, rng: random.Random) -> CompletionKind:
    if tokens >= LIMIT_TOKENS:
        return "cut"
    if rng.random() >= share:
        return "wrong"
    return "false_negative" if rng.random() < mix.false_negative else "right"


def _thoughts(tokens: int, rng: random.Random) -> str:
    lines: list[str] = []
    left = tokens * _CHARS_PER_TOKEN
    while left > 0:
        lines.append(f"({rng.randint(2, 99)}) {rng.choice(_THOUGHTS)}")
        left -= len(lines[-1]) + 1
    return "\n".join(lines)


def _whole_path(last: StepCompletion, rng: random.Random) -> StepCompletion:
    """Give the tail a right answer in words that nobody else of its group wrote."""
    head = last.rollout.completion.partition(" The final answer is")[0]
    boxed = f"after step {rng.randint(100, 999)} we have {last.rollout.ground_truth}"
    rollout = msgspec.structs.replace(last.rollout, completion=rf"{head} The final answer is $\boxed{{{boxed}}}$.")
    return msgspec.structs.replace(last, rollout=rollout, kind="false_negative")
