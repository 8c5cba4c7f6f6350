# ruff: noqa: ANN401 trainers' objects have no types here
"""OpenRLHF's real single-turn executor over a scripted engine: by our executor, and by its own HTTP path."""

from typing import Any

import openrlhf_kit
import pytest
from contract_kit import SOURCE, Case, cases, decided_first, number

from tinyv_stream.gateway import Gateway, GatewayConfig


@pytest.fixture(scope="module")
def agent() -> Any:
    return openrlhf_kit.load_agent()


def check(outputs: list[dict[str, Any]], chosen: list[Case]) -> None:
    right = pytest.approx([number(c) for c in chosen])
    assert [o["reward"] for o in outputs] == right
    assert [o["scores"] for o in outputs] == right
    assert [o["extra_logs"]["undecided"] for o in outputs] == [float(c.value is None) for c in chosen]
    assert sum(o["extra_logs"]["rescued"] for o in outputs) == len(chosen) / 4
    assert all(o["extra_logs"]["wait_s"] > 0 for o in outputs)


async def test_our_executor_gives_all_contract_rollouts_their_reward(
    agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYV_DATA_SOURCE", SOURCE)
    module = openrlhf_kit.load_ours()
    assert issubclass(module.AgentExecutor, agent.AgentExecutorBase)
    executor, chosen = module.AgentExecutor(), cases()
    check(await decided_first(chosen, lambda case: openrlhf_kit.run(executor, case)), chosen)


async def test_its_own_http_path_gets_the_same_from_the_gateway(agent: Any, pool_url: str) -> None:
    config = GatewayConfig(redis_url=pool_url, port=0, run_id="openrlhf-http", data_source=SOURCE)
    async with Gateway(config) as gateway:
        executor, chosen = agent.SingleTurnAgentExecutor(gateway.url + "/get_reward"), cases()
        outputs = await decided_first(chosen, lambda case: openrlhf_kit.run(executor, case))
    flat = [
        {
            "reward": o["reward"][0],
            "scores": o["scores"][0],
            "extra_logs": {k: v[0] for k, v in o["extra_logs"].items()},
        }
        for o in outputs
    ]
    check(flat, chosen)
