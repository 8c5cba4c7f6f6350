"""skyrl-gym's real registry and environment, stepped from as many threads as SkyRL has workers."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
import skyrl_gym
from contract_kit import SOURCE, Case, cases, decided_first, number
from skyrl_gym.envs.registration import register

from tinyv_stream import InvalidInputError


@pytest.fixture(scope="module", autouse=True)
def _registered() -> None:
    register(id="tinyv_math", entry_point="trainer_adapters.skyrl_reward:TinyVEnv")


def play(case: Case) -> tuple[float, dict[str, float]]:
    extras = {"reward_model": {"ground_truth": case.ground_truth}, "data_source": SOURCE}
    env = skyrl_gym.make("tinyv_math", env_config={"tinyv": {"run_id": "skyrl"}}, extras=extras)
    env.init([{"role": "user", "content": case.question}])
    step = env.step(case.completion)
    assert step["done"]
    assert env.get_metrics()["tinyv/wait_s"] == step["metadata"]["wait_s"]
    return step["reward"], step["metadata"]


async def test_all_contract_rollouts_get_their_reward() -> None:
    chosen, loop = cases(), asyncio.get_running_loop()
    with ThreadPoolExecutor(32) as threads:
        got = await decided_first(chosen, lambda case: loop.run_in_executor(threads, play, case))
    assert [reward for reward, _ in got] == pytest.approx([number(c) for c in chosen])
    assert [metadata["undecided"] for _, metadata in got] == [float(c.value is None) for c in chosen]


def test_a_row_without_a_reference_answer_names_the_column() -> None:
    env = skyrl_gym.make("tinyv_math", env_config={}, extras={"reward_model": {}})
    env.init([{"role": "user", "content": "q"}])
    with pytest.raises(InvalidInputError, match="ground_truth"):
        env.step("x")
