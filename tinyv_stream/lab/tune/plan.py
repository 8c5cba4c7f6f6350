"""Settings of a training run, and their translation into TRL's. Nothing heavy is imported at the top."""
# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
# trl is only partly typed.

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.prompt import Style

if TYPE_CHECKING:
    from trl.trainer.sft_config import SFTConfig


Method = Literal["one_token", "sft"]
"""`one_token`: the two words against each other. `sft`: the reply against the whole vocabulary, its end included."""


class TuningPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a run."""

    method: Method = "one_token"
    epochs: float = 1.0
    batch: int = 32
    """Pairs per step, over all devices and accumulated ones."""
    micro_batch: int = 32
    """Most pairs that one device holds at a time; the rest of the batch is accumulated."""
    lr: float = 3e-4
    warmup: float = 0.03
    """Share of the steps; after it a cosine down to zero."""
    weight_decay: float = 0.0
    clip: float = 1.0
    seed: int = 0
    curriculum: bool = False
    minutes: float | None = None
    """Longest run; it then ends wherever its learning rate is."""
    evaluate_every: int = 50
    """Steps between evaluations, each with a checkpoint."""
    checkpointing: bool = False
    """Compute activations again in the backward pass: slower, and a fraction of the memory."""


class TrainingJob(msgspec.Struct, frozen=True, kw_only=True):
    """What is trained on what. `rank` 0 trains every weight."""

    base: str
    data: Path
    held_out: Path
    out: Path
    style: Style = "short"
    rank: int = 32
    alpha: float = 64.0
    adapter: Path | None = None
    """Start from this adapter instead of from nothing."""
    export_rank: int | None = None
    """After a full tuning: write what it changed as an adapter of this rank too."""
    split_digits: bool = False
    """Make the tokenizer read numbers digit by digit."""
    threads: int | None = None
    most_fp: float = 0.01
    """False positives that the recommended threshold may have on the held-out pairs."""
    plan: TuningPlan = TuningPlan()


def accumulation(plan: TuningPlan, devices: int) -> tuple[int, int]:
    """Return the pairs per device and how many of those make a step; raise InvalidInputError if none fit."""
    if plan.batch % devices:
        raise InvalidInputError("--batch", plan.batch, f"use a multiple of the {devices} processes")
    share = plan.batch // devices
    micro = next(n for n in range(min(plan.micro_batch, share), 0, -1) if share % n == 0)
    return micro, share // micro


def settings(plan: TuningPlan, out: Path, *, devices: int, is_gpu: bool, has_bf16: bool) -> "SFTConfig":
    """Return TRL's settings; the data is in order already, all epochs of it. `has_bf16`: multiply in it."""
    from trl.trainer.sft_config import SFTConfig

    micro, accumulated = accumulation(plan, devices)
    return SFTConfig(
        output_dir=str(out),
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=accumulated,
        per_device_eval_batch_size=micro,
        num_train_epochs=1,
        train_sampling_strategy="sequential",
        learning_rate=plan.lr,
        lr_scheduler_type="cosine",
        warmup_steps=plan.warmup,
        weight_decay=plan.weight_decay,
        max_grad_norm=plan.clip,
        seed=plan.seed,
        bf16=has_bf16,
        use_cpu=not is_gpu,
        gradient_checkpointing=plan.checkpointing,
        eval_strategy="steps",
        eval_steps=plan.evaluate_every,
        save_strategy="steps",
        save_steps=plan.evaluate_every,
        save_total_limit=2,
        logging_strategy="steps",
        logging_steps=max(1, plan.evaluate_every // 5),
        max_length=None,
        dataloader_pin_memory=is_gpu,
        ddp_find_unused_parameters=False,
        disable_tqdm=not sys.stderr.isatty(),
        report_to="none",
    )
