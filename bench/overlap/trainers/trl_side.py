# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false, reportPrivateUsage=false
# pyright: reportArgumentType=false
# ruff: noqa: ANN401 TRL is not installed where the types are checked.
"""Mode `trl`, in TRL's environment: `python -m bench.overlap.trainers trl`, driven by `process`.

- A real `GRPOTrainer`; the step's completions go through its `_calculate_rewards`, which it calls when the whole batch
  is generated. The reward function is asynchronous: TRL awaits it on the trainer's loop thread.
- The generation phase is not replayed, since nothing happens in it; the clock starts at its end.
- Rules are graded in two processes, as in mode `per_sample`, while calls are in flight: kinder than in a row.
"""

import asyncio
import importlib.metadata
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Final

import aiohttp
import msgspec
import torch
from datasets import Dataset
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

from bench.overlap.reference import GRADERS, after_batch, found, job_of, prepare
from bench.overlap.reference_call import TIMEOUT_S, CallAnswer, ReferenceCall, ask, grade, warm
from bench.overlap.replay import ReplayedStep
from bench.overlap.trainers.policy import make_tokenizer, save_model
from bench.overlap.trainers.protocol import Hello, TrainerTask, serve
from bench.workload import Step

_PACKAGES: Final = ("trl", "torch", "transformers", "accelerate")
Turn = list[dict[str, str]]


class _Reward:
    """The reward function: every completion of the batch at once, rules first, then a call."""

    __name__ = "tinyv_over_http"

    def __init__(self, graders: ProcessPoolExecutor) -> None:
        self._graders = graders
        self.answers: list[CallAnswer] = []

    async def __call__(self, completions: Sequence[Turn], job: Sequence[dict[str, Any]], **_: Any) -> list[float]:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
            self.answers = await asyncio.gather(
                *(self._one(http, said[0]["content"], row) for said, row in zip(completions, job, strict=True))
            )
        return [answer.value for answer in self.answers]

    async def _one(self, http: aiohttp.ClientSession, text: str, row: dict[str, Any]) -> CallAnswer:
        asked = msgspec.structs.replace(msgspec.convert(row, ReferenceCall), completion=text)
        answer, request = await asyncio.get_running_loop().run_in_executor(self._graders, grade, asked)
        return answer if request is None else await ask(http, answer, request, asked.server)


def _play(trainer: GRPOTrainer, reward: _Reward, task: TrainerTask) -> ReplayedStep:
    step = task.step
    inputs, completions, ids = _inputs(trainer.processing_class, step, task)
    prompts = [row["prompt"] for row in inputs]
    began = time.monotonic()
    values = trainer._calculate_rewards(inputs, prompts, completions, ids)  # noqa: SLF001 TRL's own path
    ended_s = step.wall_s + time.monotonic() - began
    answers = reward.answers
    if values[:, 0].tolist() != [a.value for a in answers]:
        raise RuntimeError("TRL's rewards are not the function's")
    spans = [
        after_batch(line, answer, rewarded_s=ended_s, wall_s=step.wall_s, number=task.number, start=began)
        for line, answer in zip(step.lines, answers, strict=True)
    ]
    return found(spans, answers)


def _inputs(tokenizer: Any, step: Step, task: TrainerTask) -> tuple[list[dict[str, Any]], list[Turn], list[list[int]]]:
    """Return the batch as the trainer holds it when generation has ended: rows, completions and their tokens."""
    rows = [
        {
            "prompt": [{"role": "user", "content": line.rollout.question}],
            "job": msgspec.to_builtins(msgspec.structs.replace(job_of(line, task.server), completion="")),
        }
        for line in step.lines
    ]
    texts = [line.rollout.completion for line in step.lines]
    return rows, [[{"role": "assistant", "content": text}] for text in texts], tokenizer(texts)["input_ids"]


def _trainer(home: Path, reward: _Reward) -> GRPOTrainer:
    save_model(home, make_tokenizer(home))
    config = GRPOConfig(
        output_dir=str(home / "out"),
        per_device_train_batch_size=8,
        num_generations=8,
        report_to=[],
        use_cpu=True,
        bf16=False,
        save_strategy="no",
    )
    rows = Dataset.from_list([{"prompt": [{"role": "user", "content": "1 + 1?"}], "job": "{}"}])
    return GRPOTrainer(model=str(home), args=config, train_dataset=rows, reward_funcs=reward)


async def run(out: BinaryIO) -> None:
    """Serve steps on standard input until it ends."""
    torch.set_num_threads(1)
    await asyncio.to_thread(prepare)
    context = multiprocessing.get_context("forkserver")
    with tempfile.TemporaryDirectory(prefix="tinyv-trl-") as home, ProcessPoolExecutor(GRADERS, context) as graders:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(graders, warm) for _ in range(GRADERS)))
        reward = _Reward(graders)
        trainer = await asyncio.to_thread(_trainer, Path(home), reward)
        call = GRPOTrainer._calculate_rewards  # noqa: SLF001 as above
        path = f"{call.__module__}.{call.__qualname__} with an asynchronous reward function, after the batch"
        hello = Hello({name: importlib.metadata.version(name) for name in _PACKAGES}, path)
        await serve(out, hello, lambda task: asyncio.to_thread(_play, trainer, reward, task))
