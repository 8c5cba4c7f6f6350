# ruff: noqa: ANN401 trainers' objects have no types here
"""The faults of `fault_kit` by every adapter that needs no torch, by the gateway's formats, and by the plain client."""

import asyncio
import os
import types
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import openrlhf_kit
import pytest
import skyrl_gym
import verifiers.v1 as vf
from contract_kit import SOURCE, Case
from fault_kit import (
    Give,
    Way,
    ask_plainly,
    crew,  # noqa: F401 a fixture
    test_a_cancelled_trainer_leaves_no_work_and_may_ask_again,  # noqa: F401 collected here
    test_after_the_deadline_nothing_is_scored_at_all,  # noqa: F401
    test_killed_workers_change_no_reward,  # noqa: F401
    test_with_the_engine_down_nothing_is_scored_0,  # noqa: F401
    watch,  # noqa: F401
)
from skyrl_gym.envs.registration import register
from verifiers.v1.configs.agent import AgentConfig
from verifiers.v1.configs.task import RewardFunctionConfig
from verifiers.v1.trace import AgentInfo, Trace, TraceTask

from tinyv_stream import Status, UndecidedError
from tinyv_stream.gateway import Gateway, GatewayConfig
from trainer_adapters.slime_reward import custom_rm


class Data(vf.TaskData):
    answer: str
    data_source: str = SOURCE


class MathTask(vf.Task[Data, vf.State, vf.TaskConfig]):
    """A task without a reward of its own."""


@asynccontextmanager
async def by_verifiers() -> AsyncIterator[Give]:
    async def give(case: Case) -> float | None:
        data = Data(idx=0, prompt=case.question, answer=case.ground_truth)
        plugged = RewardFunctionConfig(fn="trainer_adapters.verifiers_reward:tinyv_reward")
        task = MathTask(data, vf.TaskConfig(rewards={"tinyv": plugged}))
        agent = AgentInfo(config=AgentConfig())
        trace = Trace(task=TraceTask(type="MathTask", data=data), agent=agent, root_reply=case.completion)
        await task.score(trace)
        return trace.reward

    yield give


@asynccontextmanager
async def by_skyrl() -> AsyncIterator[Give]:
    if "tinyv_fault" not in skyrl_gym.envs.registration.registry:
        register(id="tinyv_fault", entry_point="trainer_adapters.skyrl_reward:TinyVEnv")

    def step(case: Case) -> float:
        extras = {"reward_model": {"ground_truth": case.ground_truth}, "data_source": SOURCE}
        env = skyrl_gym.make("tinyv_fault", env_config={}, extras=extras)
        env.init([{"role": "user", "content": case.question}])
        return env.step(case.completion)["reward"]

    with ThreadPoolExecutor(256) as threads:
        yield lambda case: asyncio.get_running_loop().run_in_executor(threads, step, case)


@asynccontextmanager
async def by_slime() -> AsyncIterator[Give]:
    async def give(case: Case) -> float | None:
        sample = types.SimpleNamespace(
            prompt=[{"role": "user", "content": case.question}],
            response=case.completion,
            label=case.ground_truth,
            metadata={},
            group_index=None,
            remove_sample=False,
        )
        record = await custom_rm(None, sample)
        assert isinstance(record, dict)
        return None if sample.remove_sample else record["score"]

    yield give


@asynccontextmanager
async def by_openrlhf() -> AsyncIterator[Give]:
    openrlhf_kit.load_agent()
    executor = openrlhf_kit.load_ours().AgentExecutor()

    async def give(case: Case) -> float:
        return (await openrlhf_kit.run(executor, case))["reward"]

    yield give


@asynccontextmanager
async def gateway() -> AsyncIterator[Any]:
    """Posts to a gateway; an answer that there is no reward is UndecidedError, as for a trainer that then stops."""
    env = os.environ
    config = GatewayConfig(
        redis_url=env["TINYV_REDIS_URL"],
        pool=env["TINYV_POOL"],
        port=0,
        data_source=SOURCE,
        deadline_s=float(env["TINYV_DEADLINE_S"]),
        answer_s=float(env["TINYV_ANSWER_S"]),
    )
    connector = aiohttp.TCPConnector(limit=0)
    async with Gateway(config) as running, aiohttp.ClientSession(running.url, connector=connector) as session:

        async def post(path: str, body: dict[str, Any]) -> Any:
            async with session.post(path, json=body) as got:
                if got.status == 503:
                    raise UndecidedError("", Status.EXPIRED, await got.text())
                assert got.status == 200, await got.text()
                return await got.json()

        yield post


@asynccontextmanager
async def by_rollouts() -> AsyncIterator[Give]:
    async with gateway() as post:

        async def give(case: Case) -> float | None:
            sent = {"question": case.question, "completion": case.completion, "ground_truth": case.ground_truth}
            return (await post("/v1/rollouts", {"rollouts": [sent]}))["rewards"][0]["value"]

        yield give


@asynccontextmanager
async def by_get_reward() -> AsyncIterator[Give]:
    async with gateway() as post:

        async def give(case: Case) -> float:
            prompt = openrlhf_kit.PROMPT.format(case.question)
            sent = {"query": [prompt + case.completion], "prompts": [prompt], "labels": [case.ground_truth]}
            return (await post("/get_reward", sent))["rewards"][0]

        yield give


@asynccontextmanager
async def by_remote_rm() -> AsyncIterator[Give]:
    async with gateway() as post:
        yield lambda case: post(
            "/remote_rm", {"prompt": case.question, "response": case.completion, "label": case.ground_truth}
        )


@asynccontextmanager
async def by_verify() -> AsyncIterator[Give]:
    async with gateway() as post:

        async def give(case: Case) -> float | None:
            said = [{"type": "message", "content": [{"type": "output_text", "text": case.completion}]}]
            sent = {"response": {"output": said}, "question": case.question, "expected_answer": case.ground_truth}
            got = await post("/verify", sent)
            return None if "_ng_failure_class" in got else got["reward"]

        yield give


WAYS = [
    Way("plain", asynccontextmanager(ask_plainly)),
    Way("verifiers", by_verifiers),
    Way("slime", by_slime),
    Way("skyrl", by_skyrl, has_word=False, can_cancel=False),
    Way("openrlhf", by_openrlhf, has_word=False),
    Way("/v1/rollouts", by_rollouts),
    Way("/get_reward", by_get_reward, has_word=False),
    Way("/remote_rm", by_remote_rm, has_word=False),
    Way("/verify", by_verify),
]


@pytest.fixture(params=WAYS, ids=lambda way: way.name)
def way(request: pytest.FixtureRequest) -> Way:
    return request.param
