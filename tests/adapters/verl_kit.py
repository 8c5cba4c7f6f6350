# ruff: noqa: ANN401 trainers' objects have no types here
"""verl's config and batches, as its trainer makes them."""

from typing import Any

import numpy as np
import ray
import torch
from contract_kit import SOURCE, Case
from omegaconf import OmegaConf
from tensordict import TensorDict
from verl import DataProto


def start_ray(tries: int = 3, *, cpus: int = 8) -> None:
    """Ray gives its own processes 30 s to start, which a busy machine of two cores may not keep."""
    for left in reversed(range(tries)):
        try:
            ray.init(num_cpus=cpus, include_dashboard=False, log_to_driver=False)
        except Exception:  # Ray raises nothing more special
            ray.shutdown()
            if not left:
                raise
        else:
            return


def config(model: str, url: str, path: str, **tinyv: str | float) -> Any:
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
