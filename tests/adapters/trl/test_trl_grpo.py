# ruff: noqa: ANN401 trainers' objects have no types here
"""TRL's real GRPOTrainer on a CPU, a tiny model, the real pipeline; completions are scripted where values matter."""

import math
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contract_kit import SOURCE, Case, cases, plain
from datasets import Dataset
from tiny_policy import make
from trl import GRPOConfig, GRPOTrainer

from tinyv_stream import InvalidInputError
from tinyv_stream.record import segments
from tinyv_stream.record.lines import AnyLine, Began, Rewarded, decoder
from tinyv_stream.testing import wait_until_sync
from trainer_adapters.trl_reward import TinyVReward, TinyVStreaming


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make(tmp_path_factory.mktemp("model"))


def dataset(chosen: list[Case]) -> Dataset:
    questions = {c.question: c.ground_truth for c in chosen}
    return Dataset.from_list(
        [
            {"prompt": [{"role": "user", "content": q}], "ground_truth": truth, "data_source": SOURCE}
            for q, truth in questions.items()
        ]
    )


def trainer(model: str, out: Path, chosen: list[Case], *, steps: int = 2, batch: int = 16, **more: Any) -> GRPOTrainer:
    config = GRPOConfig(
        output_dir=str(out),
        per_device_train_batch_size=batch,
        num_generations=8,
        max_completion_length=24,
        max_steps=steps,
        steps_per_generation=1,
        logging_steps=1,
        report_to=[],
        use_cpu=True,
        bf16=False,
        save_strategy="no",
    )
    return GRPOTrainer(model=model, args=config, train_dataset=dataset(chosen), **more)


def scripted(said: dict[str, list[str]], pause_s: float = 0.0) -> Callable[..., Any]:
    """A generator for `TinyVStreaming` that gives each prompt its next scripted completion, at a fixed pace."""
    turn: dict[str, int] = {}

    def generate(trainer: GRPOTrainer, prompt_ids: Any) -> tuple[list[list[int]], list[list[float]]]:
        tokenizer = trainer.processing_class
        out: list[list[int]] = []
        for ids in prompt_ids:
            text = tokenizer.decode(ids)
            question = next(q for q in said if q in text)
            n = turn[question] = turn.get(question, -1) + 1
            out.append(tokenizer(said[question][n % len(said[question])])["input_ids"])
            time.sleep(pause_s)
        return out, [[-0.1] * len(ids) for ids in out]

    return generate


def said_by(chosen: list[Case]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for case in chosen:
        said.setdefault(case.question, []).append(case.completion)
    return said


class Recorder:
    """Wraps a reward function: keeps what TRL gave it and what it returned, and how long TRL stood still."""

    __name__ = "tinyv_stream"

    def __init__(self, inner: Callable[..., list[float | None]]) -> None:
        self.inner = inner
        self.seen: list[tuple[str, float | None]] = []
        self.waits: list[float] = []

    def __call__(self, **given: Any) -> list[float | None]:
        started = time.monotonic()
        values = self.inner(**given)
        self.waits.append(time.monotonic() - started)
        self.seen += [(c[0]["content"], v) for c, v in zip(given["completions"], values, strict=True)]
        return values


async def test_contract_rollouts_get_the_clients_reward_and_undecided_none(pool_url: str) -> None:
    chosen = cases()
    reward = pickle.loads(pickle.dumps(TinyVReward(redis_url=pool_url, run_id="trl")))
    logged: dict[str, float] = {}
    values = await reward(
        prompts=[[{"role": "user", "content": c.question}] for c in chosen],
        completions=[[{"role": "assistant", "content": c.completion}] for c in chosen],
        completion_ids=[[0]] * len(chosen),
        solution=[c.ground_truth for c in chosen],
        data_source=[SOURCE] * len(chosen),
        log_metric=logged.__setitem__,
        trainer_state=None,
    )
    assert values == [c.value for c in chosen]
    assert logged["tinyv/undecided"] == sum(v is None for v in values) / len(values)
    assert 0 < logged["tinyv/exposed_s"] <= logged["tinyv/wait_max_s"] + 1


def test_the_plain_client_agrees(pool_url: str) -> None:
    chosen = cases()
    assert [r.value for r in plain(pool_url, "trl-plain", chosen)] == [c.value for c in chosen]


def test_two_real_steps_with_the_asynchronous_reward(model: str, tmp_path: Path, pool_url: str) -> None:
    run = trainer(model, tmp_path, cases(16), reward_funcs=TinyVReward(redis_url=pool_url))
    run.train()
    steps = [row for row in run.state.log_history if "tinyv/exposed_s" in row]
    assert len(steps) == 2
    assert all(row["tinyv/undecided"] == 0.0 for row in steps)  # a random model's text is wrong, and decided
    for row in steps:  # what TRL hands on to W&B, TensorBoard and Trackio
        assert row["tinyv/both"] > 0 and 0.0 <= row["tinyv/agreement"] <= 1.0
        assert row["tinyv/flat_groups"] == row["tinyv/flat_by_rules"] == 1.0  # nothing was right, so nothing is learnt
    assert all(math.isfinite(row["rewards/tinyv_stream/mean"]) for row in steps)


def test_two_streamed_steps_give_every_completion_its_own_reward(model: str, tmp_path: Path, pool_url: str) -> None:
    chosen = cases(16)
    stream = TinyVStreaming(
        dataset(chosen), generate=scripted(said_by(chosen)), redis_url=pool_url, record=str(tmp_path / "record")
    )
    reward = Recorder(stream.reward)
    run = trainer(model, tmp_path, chosen, reward_funcs=reward, rollout_func=stream.rollout)
    run.train()
    right = {c.completion: c.value for c in chosen}
    assert len(reward.seen) == 32
    assert all(right[text] == value for text, value in reward.seen)
    assert stream._tickets == {}
    steps = {line.step for line in recorded(tmp_path / "record") if isinstance(line, Began)}
    assert steps == {0, 1} and len([r for r in recorded(tmp_path / "record") if isinstance(r, Rewarded)]) == 32


def recorded(directory: Path) -> list[AnyLine]:
    wait_until_sync(lambda: len(_lines(directory)) >= 66, 10, "the record is written")  # two lines each, two steps
    return _lines(directory)


def _lines(directory: Path) -> list[AnyLine]:
    return [decoder.decode(raw) for path in segments.listed(directory) for raw in path.read_bytes().splitlines()]


def test_the_trainers_own_generation_can_be_streamed(model: str, tmp_path: Path, pool_url: str) -> None:
    chosen = cases(16)
    stream = TinyVStreaming(dataset(chosen), redis_url=pool_url)
    run = trainer(model, tmp_path, chosen, steps=1, reward_funcs=stream.reward, rollout_func=stream.rollout)
    run.train()
    assert "tinyv/wait_s" in run.state.log_history[0]


def test_streaming_refuses_what_it_cannot_do(pool_url: str) -> None:
    rows = [{"prompt": "q", "ground_truth": "1"}]
    with pytest.raises(InvalidInputError, match="two reference answers"):
        TinyVStreaming([*rows, {"prompt": "q", "ground_truth": "2"}], redis_url=pool_url)
    with pytest.raises(InvalidInputError, match="rollout_func"):
        TinyVStreaming(rows, redis_url=pool_url).reward(prompts=["q"], completions=["x"])
