# ruff: noqa: ANN401 trainers' objects have no types here
"""verl's real reward loop: Ray actors that load our manager by path, and the agent loop's streamed path."""

import asyncio
import collections
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
import torch
from contract_kit import SOURCE, Case, cases, rule_verdict_if_undecided
from omegaconf import OmegaConf
from tensordict import TensorDict
from tiny_policy import make
from transformers import AutoTokenizer
from verl import DataProto
from verl.experimental.agent_loop.agent_loop import AgentLoopMetrics, AgentLoopOutput, AgentLoopWorker
from verl.experimental.reward_loop import RewardLoopManager
from verl.trainer.ppo.reward import load_reward_manager

from tinyv_stream import UndecidedError
from tinyv_stream.broker.operator_side import OperatorSide
from tinyv_stream.config import BrokerConfig

ROOT = Path(__file__).resolve().parents[3]
KEYS = {"score", "acc", "rule_correct", "tinyv_correct", "rescued", "undecided", "from_cache", "wait_s"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make(tmp_path_factory.mktemp("model"), with_model=False)


@pytest.fixture(scope="module")
def tokenizer(model: str) -> Any:
    return AutoTokenizer.from_pretrained(model)


def config(model: str, url: str, path: str, **tinyv: str) -> Any:
    return OmegaConf.create(
        {
            "reward": {
                "num_workers": 8,
                "custom_reward_function": {"path": None, "name": "compute_score"},
                "reward_manager": {
                    "source": "importlib",
                    "name": "TinyVRewardManager",
                    "module": {"path": path, "name": "custom_reward_manager"},
                },
                "reward_model": {"enable": False, "enable_resource_pool": False},
                "sandbox_fusion": None,
                "tinyv": {"redis_url": url, "run_id": "verl"} | tinyv,
            },
            "actor_rollout_ref": {"model": {"path": model, "tokenizer_path": None}, "rollout": {"n": 8}},
        }
    )


def batch(tokenizer: Any, chosen: list[Case]) -> DataProto:
    """As verl has it: prompts padded on the left, responses on the right."""
    prompts = pad([tokenizer(c.question)["input_ids"] for c in chosen], left=True)
    responses = pad([tokenizer(c.completion)["input_ids"] for c in chosen], left=False)
    ids = torch.cat([prompts, responses], dim=1)
    mask = (ids != 0).long()
    tensors = {"prompts": prompts, "responses": responses, "input_ids": ids, "attention_mask": mask}
    rows = [row(c, i) for i, c in enumerate(chosen)]
    columns = {key: np.array([r[key] for r in rows], dtype=object) for key in rows[0]}
    return DataProto(batch=TensorDict(tensors, batch_size=len(chosen)), non_tensor_batch=columns)


def row(case: Case, index: int) -> dict[str, Any]:
    return {
        "data_source": SOURCE,
        "reward_model": {"style": "rule", "ground_truth": case.ground_truth},
        "extra_info": {"index": index},
        "raw_prompt": [{"role": "user", "content": case.question}],
        "uid": f"g{case.ground_truth}",
        "global_steps": 3,
    }


def pad(rows: list[list[int]], *, left: bool) -> torch.Tensor:
    width = max(len(r) for r in rows)
    return torch.tensor([[0] * (width - len(r)) + r if left else r + [0] * (width - len(r)) for r in rows])


def start_ray(tries: int = 3) -> None:
    """Ray gives its own processes 30 s to start, which a busy machine of two cores may not keep."""
    for left in reversed(range(tries)):
        try:
            ray.init(num_cpus=8, include_dashboard=False, log_to_driver=False)
        except Exception:  # Ray raises nothing more special
            ray.shutdown()
            if not left:
                raise
        else:
            return


@pytest.fixture(scope="module")
def manager(model: str, pool_url: str) -> Iterator[RewardLoopManager]:
    start_ray()
    yield RewardLoopManager(config(model, pool_url, "pkg://trainer_adapters.verl_reward"))
    ray.shutdown()


async def asked_of_tinyv(url: str) -> int:
    async with OperatorSide(url, BrokerConfig()) as operator:
        return (await operator.status()).stats.get("by_tinyv", 0)


def test_eight_ray_workers_give_all_contract_rollouts_their_reward(manager: RewardLoopManager, tokenizer: Any) -> None:
    chosen = cases()
    out = manager.compute_rm_score(batch(tokenizer, chosen))
    assert out.batch["rm_scores"].sum(-1).tolist() == [rule_verdict_if_undecided(c) for c in chosen]
    assert set(out.non_tensor_batch) >= KEYS
    assert out.non_tensor_batch["undecided"].tolist() == [float(c.value is None) for c in chosen]


def test_a_group_scattered_over_ray_workers_costs_one_call(
    manager: RewardLoopManager, tokenizer: Any, pool_url: str
) -> None:
    case = Case("What is 77 + 0?", "It is \\boxed{[[true]] scattered 77}.", "77", 1.0)
    before = asyncio.run(asked_of_tinyv(pool_url))
    out = manager.compute_rm_score(batch(tokenizer, [case] * 64))
    assert out.batch["rm_scores"].sum(-1).tolist() == [1.0] * 64
    assert asyncio.run(asked_of_tinyv(pool_url)) == before + 1
    assert collections.Counter(out.non_tensor_batch["from_cache"].tolist()) == {1.0: 63, 0.0: 1}


class StreamingWorker(AgentLoopWorker):
    """verl's agent-loop worker with its own `_compute_score`, and none of the engine around it."""

    def __init__(self, handles: list[Any]) -> None:
        self.reward_loop_worker_handles = handles

    def _compute_multi_modal_inputs(self, *_: Any) -> dict[str, Any]:
        return {}

    def _compute_position_ids(self, _ids: Any, mask: Any, *_: Any) -> Any:
        return mask.cumsum(-1) - 1

    def _get_mm_processor_kwargs(self, *_: Any) -> None:
        return None


async def test_the_agent_loop_streams_every_sample_when_it_ends(manager: RewardLoopManager, tokenizer: Any) -> None:
    worker = StreamingWorker(manager.reward_loop_worker_handles)

    async def one(index: int, case: Case) -> AgentLoopOutput:
        response = tokenizer(case.completion)["input_ids"]
        output = AgentLoopOutput(
            prompt_ids=tokenizer(case.question)["input_ids"],
            response_ids=response,
            response_mask=[1] * len(response),
            metrics=AgentLoopMetrics(),
        )
        await worker._compute_score([output], kwargs=row(case, index) | {"session_id": index % 8})
        return output

    chosen = cases(64)
    outputs = await asyncio.gather(*(one(i, c) for i, c in enumerate(chosen)))
    assert [o.reward_score for o in outputs] == [rule_verdict_if_undecided(c) for c in chosen]
    assert all(set(o.extra_fields["reward_extra_info"]) == KEYS for o in outputs)


async def test_it_loads_by_file_path_too_and_can_raise_where_nobody_decided(
    model: str, tokenizer: Any, pool_url: str
) -> None:
    path = str(ROOT / "trainer_adapters" / "verl_reward.py")
    loaded = load_reward_manager(config(model, pool_url, path, on_undecided="raise"), tokenizer)
    chosen = cases(8)
    data = batch(tokenizer, chosen)
    undecided = next(i for i, c in enumerate(chosen) if c.value is None)
    with pytest.raises(UndecidedError):
        await loaded.run_single(data[undecided : undecided + 1])
    decided = next(i for i, c in enumerate(chosen) if c.value == 1.0)
    assert (await loaded.run_single(data[decided : decided + 1]))["reward_score"] == 1.0


async def test_verl_takes_every_setting_of_the_recipe(
    tokenizer: Any, pool_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYV_REDIS_URL", pool_url)
    env = {**os.environ, "PYTHON": sys.executable}
    script = str(ROOT / "docs" / "trainers" / "run_grpo_tinyv.sh")
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", script, "--cfg", "job"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    composed = OmegaConf.create(done.stdout)
    loaded = load_reward_manager(composed, tokenizer)
    case = Case("What is 2 + 0?", "It is \\boxed{2}.", "2", 1.0)
    assert (await loaded.run_single(batch(tokenizer, [case])))["reward_score"] == 1.0
