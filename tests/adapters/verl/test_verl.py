# ruff: noqa: ANN401 trainers' objects have no types here
"""verl's real reward loop: Ray actors that load our manager by path, and the agent loop's streamed path."""

import asyncio
import collections
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from contract_kit import Case, cases
from omegaconf import OmegaConf
from tiny_policy import make
from transformers import AutoTokenizer
from verl.experimental.agent_loop.agent_loop import AgentLoopMetrics, AgentLoopOutput, AgentLoopWorker
from verl.experimental.reward_loop import RewardLoopManager
from verl.trainer.ppo.reward import load_reward_manager
from verl_kit import batch, config, row, start_ray

from tinyv_stream import Reward, Source, Status, UndecidedError
from tinyv_stream.adapter_kit import JudgedReward, close_requesters
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig
from trainer_adapters.verl_reward import StepLog

ROOT = Path(__file__).resolve().parents[3]
KEYS = {"score", "acc", "rule_correct", "tinyv_correct", "rescued", "undecided", "wait_s"}
KEYS |= {"from_rule", "from_tinyv", "from_cache", "both", "agreed"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make(tmp_path_factory.mktemp("model"), with_model=False)


@pytest.fixture(scope="module")
def tokenizer(model: str) -> Any:
    return AutoTokenizer.from_pretrained(model)


@pytest.fixture(scope="module")
def manager(model: str, pool_url: str) -> Iterator[RewardLoopManager]:
    start_ray()
    yield RewardLoopManager(config(model, pool_url, "pkg://trainer_adapters.verl_reward"))
    ray.shutdown()


async def asked_of_tinyv(url: str) -> int:
    async with OperatorApi(url, BrokerConfig()) as operator:
        return (await operator.status()).stats.get("by_tinyv", 0)


def test_eight_ray_workers_give_whole_batches_their_rewards(manager: RewardLoopManager, tokenizer: Any) -> None:
    chosen = [case for case in cases() if case.value is not None]
    out = manager.compute_rm_score(batch(tokenizer, chosen))
    assert out.batch["rm_scores"].sum(-1).tolist() == [c.value for c in chosen]
    assert set(out.non_tensor_batch) >= KEYS
    assert out.non_tensor_batch["rescued"].sum() == len(chosen) / 3
    assert (out.non_tensor_batch["wait_s"] > 0).all()


def test_a_group_scattered_over_ray_workers_costs_one_call(
    manager: RewardLoopManager, tokenizer: Any, pool_url: str
) -> None:
    case = Case("What is 77 + 0?", f"It is \\boxed{{[[true]] {uuid.uuid4().hex} 77}}.", "77", 1.0)
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


async def test_the_agent_loop_streams_the_contract_and_drops_undecided_rollouts(
    manager: RewardLoopManager, tokenizer: Any
) -> None:
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

    chosen = cases()
    outputs = await asyncio.gather(*(one(i, c) for i, c in enumerate(chosen)), return_exceptions=True)
    for case, output in zip(chosen, outputs, strict=True):
        if case.value is None:
            assert isinstance(output, UndecidedError), output  # verl logs it, and counts its session as failed
        else:
            assert isinstance(output, AgentLoopOutput), output
            assert output.reward_score == case.value
            assert set(output.extra_fields["reward_extra_info"]) == KEYS


async def test_verls_own_trainer_side_drops_a_lost_sample_and_keeps_its_group(
    manager: RewardLoopManager, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """V1's `_run_prompt` over a queue that keeps what is put: what the replay buffer would see."""
    from verl.trainer.ppo.v1 import agent_loop_tq as v1

    kept: dict[str, Any] = {}

    async def put(key: str, tag: dict[str, Any], **_: Any) -> None:
        kept[key] = tag["status"]

    monkeypatch.setattr(v1.tq, "async_kv_put", put)
    group = cases(8)
    streaming = StreamingWorker(manager.reward_loop_worker_handles)

    class Loop(v1.AgentLoopWorkerTQ.__ray_metadata__.modified_class):
        def __init__(self) -> None:
            rollout = OmegaConf.create({"n": 8, "val_kwargs": {"n": 1}})
            self.config = OmegaConf.create({"actor_rollout_ref": {"rollout": rollout}})

        async def _run_agent_loop(self, *_: Any, session_id: int, uid: str, **__: Any) -> None:
            case = group[session_id]
            ids = tokenizer(case.completion)["input_ids"]
            asked = tokenizer(case.question)["input_ids"]
            output = AgentLoopOutput(
                prompt_ids=asked, response_ids=ids, response_mask=[1] * len(ids), metrics=AgentLoopMetrics()
            )
            await streaming._compute_score([output], kwargs=row(case, session_id) | {"session_id": session_id})
            kept[f"{uid}_{session_id}_0"] = output.reward_score

    await Loop()._run_prompt({"uid": "u"}, {}, trajectory={"validate": False})
    assert kept.pop("u") == "failure"  # a group whose samples that were kept stay in the batch
    assert kept == {f"u_{i}_0": c.value for i, c in enumerate(group) if c.value is not None}


async def test_it_loads_by_file_path_and_logs_every_step_at_the_driver(
    model: str, tokenizer: Any, pool_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = str(ROOT / "trainer_adapters" / "verl_reward.py")
    loaded = load_reward_manager(config(model, pool_url, path), tokenizer)
    chosen = cases(8)
    data = batch(tokenizer, chosen)
    given = await asyncio.gather(*(loaded.run_single(data[i : i + 1]) for i in range(8)), return_exceptions=True)
    assert [None if isinstance(g, UndecidedError) else g["reward_score"] for g in given] == [c.value for c in chosen]
    data.non_tensor_batch["global_steps"][:] = 4
    decided = next(i for i, c in enumerate(chosen) if c.value == 1.0)
    await loaded.run_single(data[decided : decided + 1])
    report = next(line for line in capfd.readouterr().out.splitlines() if line.startswith("tinyv "))
    figures = dict(part.split("=") for part in report.split()[1:])
    assert (figures["step"], figures["rewards"], figures["undecided"], figures["rescued"]) == ("3", "8", "0.25", "0.25")
    assert float(figures["wait_max_s"]) >= float(figures["wait_s"]) > 0
    await close_requesters()


def test_what_has_no_step_is_in_no_steps_line_and_is_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    reward = Reward(rollout_id="r", value=1.0, status=Status.OK, source=Source.RULE)
    steps = StepLog()
    for step in (None, None, 1, None, 1, None, 2, None):
        steps.add(step, JudgedReward(reward=reward, waited_s=1.0))
    assert [line.split()[:3] for line in capsys.readouterr().out.splitlines()] == [["tinyv", "step=1", "rewards=2"]]
    assert len(steps._rows) == 1


@pytest.mark.parametrize(("said", "value"), [("rule", 0.0), (0.25, 0.25), ("-1", -1.0)])
async def test_a_number_where_nobody_decided_is_the_users_choice(
    model: str, tokenizer: Any, pool_url: str, said: str | float, value: float
) -> None:
    chosen = config(model, pool_url, "pkg://trainer_adapters.verl_reward", on_undecided=said)
    loaded = load_reward_manager(chosen, tokenizer)
    undecided = next(case for case in cases(8) if case.value is None)
    given = await loaded.run_single(batch(tokenizer, [undecided]))
    assert (given["reward_score"], given["reward_extra_info"]["undecided"]) == (value, 1.0)
    await close_requesters()


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
