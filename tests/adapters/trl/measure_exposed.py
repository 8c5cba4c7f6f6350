# ruff: noqa: ANN401, T201 trainers' objects have no types here; it prints its figures
"""How long TRL's real GRPOTrainer stands still for rewards, by the way it asks; not a test, because it is a time.

    TINYV_SCRIPTED_DELAY_S=0.4 tinyv-stream up --config slow.toml --pool slow   # pool.toml with max_num_seqs = 4
    TINYV_REDIS_URL=... TINYV_POOL=slow python tests/adapters/trl/measure_exposed.py

Two steps of 32 completions in 4 groups, one every 0.1 s. Each needs TinyV (0.4 s, scripted, 4 at a time: as much as
the generation makes), and none is equal to another.
"""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from contract_kit import SOURCE, Case
from test_trl_grpo import Recorder, dataset, said_by, scripted, trainer
from tiny_policy import make

from tinyv_stream.adapter_kit import background, read_settings, request_reward
from trainer_adapters.trl_reward import TinyVReward, TinyVStreaming, rollout_of

PACE_S = 0.1


def chosen(salt: str) -> list[Case]:
    return [
        Case(f"What is {n} + 0?", f"It is \\boxed{{[[true]] {salt} {n} {i}}}.", str(n), 1.0)
        for n in range(10, 18)
        for i in range(8)
    ]


def one_by_one(prompts: Sequence[Any], completions: Sequence[Any], ground_truth: Sequence[str], **_: Any) -> list[Any]:
    """A blocking reward function: each completion is sent when the one before has its reward."""
    mine = read_settings()
    values: list[Any] = []
    for prompt, completion, truth in zip(prompts, completions, ground_truth, strict=True):
        row = {"ground_truth": truth, "data_source": SOURCE}
        rollout = rollout_of(prompt, completion, row, mine, group_size=8, step=None)
        values.append(background.start(request_reward(mine, rollout)).result().reward.value)
    return values


def paced(generate: Callable[..., Any]) -> Callable[..., Any]:
    """TRL's `rollout_func` at the same pace, with nothing submitted."""

    def rollout(prompts: list[Any], trainer: Any) -> dict[str, Any]:
        prompt_ids, _, _ = trainer._tokenize_prompts(prompts)
        ids, logprobs = generate(trainer, prompt_ids)
        return {"prompt_ids": prompt_ids, "completion_ids": ids, "logprobs": logprobs}

    return rollout


def run(way: str, model: str, cases: list[Case]) -> dict[str, float]:
    generate = scripted(said_by(cases), PACE_S)
    if way == "streamed":
        stream = TinyVStreaming(dataset(cases), generate=generate)
        reward, rollout = Recorder(stream.reward), stream.rollout
    else:
        after = TinyVReward()
        inner = one_by_one if way == "blocking" else lambda **given: background.start(after(**given)).result()
        reward, rollout = Recorder(inner), paced(generate)
    with tempfile.TemporaryDirectory() as out:
        started = time.monotonic()
        trainer(model, Path(out), cases, batch=32, reward_funcs=reward, rollout_func=rollout).train()
        wall_s = time.monotonic() - started
    assert [value for _, value in reward.seen] == [1.0] * 64
    return {"exposed_s_per_step": sum(reward.waits) / len(reward.waits), "wall_s": wall_s}


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        model = make(Path(home))
        for way in ("blocking", "asynchronous", "streamed"):
            figures = run(way, model, chosen(f"{way} {time.time_ns()}"))
            print(json.dumps({"way": way, **{k: round(v, 2) for k, v in figures.items()}}), flush=True)


if __name__ == "__main__":
    main()
