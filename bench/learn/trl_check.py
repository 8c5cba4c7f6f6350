# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportPrivateImportUsage=false, reportArgumentType=false
# ruff: noqa: ANN401 torch, datasets and TRL are only partly typed.
"""Check against TRL: its `GRPOTrainer` on the same policy, questions and settings, rewarded through our adapter.

The loop of the sweep is our own because TRL's step takes longer on so small a model. The two draw from different
random streams, so single runs differ; their areas under the curve must not differ by more than seeds do.
"""

import asyncio
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from bench.learn.cell import TaughtFamily
from bench.learn.grpo import Training
from bench.learn.policy import END_ID, PAD_ID
from bench.learn.rewards import completion_of
from bench.learn.stats import area
from bench.learn.task import PAD, UNSURE, Problem, is_right
from trainer_adapters.trl_reward import TinyVReward

SEPARATOR: Final = "\u241f"
"""Between the tokens of a prompt, so that its text is cut where its tokens end."""


class TrlRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of TRL's trainer."""

    seed: int
    accuracy: list[float]
    """True accuracy of each step's batch."""
    wall_s: float
    cpu_s: float

    @property
    def auc(self) -> float:
        """Mean accuracy over all steps."""
        return area(self.accuracy)


class _Counted:
    """The adapter, given completions in their box; beside it the truth is counted."""

    __name__ = "counted"

    def __init__(self, inner: TinyVReward, bench: TaughtFamily, stop: threading.Event) -> None:
        self._inner, self._bench, self._stop = inner, bench, stop
        self._problems = {one.question: one for one in bench.asked}
        self.accuracy: list[float] = []

    async def __call__(self, prompts: Sequence[str], completions: Sequence[str], **columns: Any) -> list[float | None]:
        if self._stop.is_set():
            raise asyncio.CancelledError
        questions: Sequence[str] = columns["question"]
        right = [
            is_right(self._bench.family, self._problems[q], text)
            for q, text in zip(questions, completions, strict=True)
        ]
        self.accuracy.append(sum(right) / len(right))
        return await self._inner(prompts, [completion_of(text) for text in completions], **columns)


def run_trl(bench: TaughtFamily, inner: TinyVReward, how: Training, seed: int, stop: threading.Event) -> TrlRun:
    """Train a fresh policy with TRL and return the truth over its steps; `inner` is our adapter.

    Raises CancelledError at the first step after `stop` was set.
    """
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    counted = _Counted(inner, bench, stop)
    rows = Dataset.from_list([_row(one) for one in bench.asked])
    with tempfile.TemporaryDirectory(prefix="tinyv-learn-trl-") as home:
        config = GRPOConfig(
            output_dir=home,
            per_device_train_batch_size=how.groups * how.size,
            num_generations=how.size,
            max_completion_length=bench.family.answer_tokens,
            max_steps=how.steps,
            learning_rate=how.rate,
            lr_scheduler_type="constant",
            weight_decay=0.0,
            max_grad_norm=how.clip,
            loss_type=how.loss,
            scale_rewards="group" if how.loss == "grpo" else "none",
            beta=0.0,
            temperature=1.0,
            seed=seed,
            report_to=[],
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
        )
        trainer = GRPOTrainer(
            model=bench.policy(),
            args=config,
            train_dataset=rows,
            reward_funcs=counted,
            processing_class=tokenizer_of(bench),
        )
        wall, cpu = time.monotonic(), time.process_time()
        trainer.train()
    return TrlRun(seed=seed, accuracy=counted.accuracy, wall_s=time.monotonic() - wall, cpu_s=time.process_time() - cpu)


def tokenizer_of(bench: TaughtFamily) -> Any:
    """Return a tokenizer of the family's vocabulary: prompts are cut at `SEPARATOR`, completions simply joined."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: number for number, token in enumerate(bench.family.tokens)}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token=PAD))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex(SEPARATOR), "removed")
    inner.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token=bench.family.tokens[PAD_ID],
        eos_token=bench.family.tokens[END_ID],
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def _row(one: Problem) -> dict[str, str]:
    prompt = SEPARATOR.join([*one.prompt, UNSURE])
    return {"prompt": prompt, "question": one.question, "ground_truth": one.reference}
