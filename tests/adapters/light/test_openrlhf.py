# ruff: noqa: ANN401 trainers' objects have no types here
"""OpenRLHF's real single-turn executor over a scripted engine: by our executor, and by its own HTTP path."""

import asyncio
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from contract_kit import SOURCE, Case, cases, rule_verdict_if_undecided

from tinyv_stream.gateway import Gateway, GatewayConfig

ROOT = Path(__file__).resolve().parents[3]
PROMPT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def agent() -> Any:
    """`openrlhf.utils.agent` without the package's own imports, which need flash-attention and a GPU."""
    home = Path(importlib.util.find_spec("openrlhf").submodule_search_locations[0])  # type: ignore[union-attr,index]
    for name, path in (("openrlhf", home), ("openrlhf.utils", home / "utils")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    return importlib.import_module("openrlhf.utils.agent")


class Tokenizer:
    """Fake: one token per character."""

    def __call__(self, text: str, **_: Any) -> dict[str, list[Any]]:
        class Row(list[int]):
            def tolist(self) -> list[int]:
                return list(self)

        return {"input_ids": [Row(ord(c) for c in text)]}

    def decode(self, ids: list[int], **_: Any) -> str:
        return "".join(map(chr, ids))


class Engine:
    """Fake vLLM: replies what the test says."""

    def __init__(self, reply: str) -> None:
        self.output = types.SimpleNamespace(token_ids=[ord(c) for c in reply], finish_reason="stop", logprobs=None)

    async def generate(self, *_: Any, **__: Any) -> Any:
        return types.SimpleNamespace(outputs=[self.output])


async def run(executor: Any, case: Case) -> dict[str, Any]:
    sampling = types.SimpleNamespace(max_tokens=64, logprobs=None)
    prompt = PROMPT.format(case.question)
    return await executor.execute(prompt, case.ground_truth, sampling, 4096, Tokenizer(), Engine(case.completion))


def check(outputs: list[dict[str, Any]], chosen: list[Case]) -> None:
    assert [o["reward"] for o in outputs] == [rule_verdict_if_undecided(c) for c in chosen]
    assert [o["scores"] for o in outputs] == [rule_verdict_if_undecided(c) for c in chosen]
    assert [o["extra_logs"]["undecided"] for o in outputs] == [float(c.value is None) for c in chosen]


async def test_our_executor_gives_all_contract_rollouts_their_reward(
    agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYV_DATA_SOURCE", SOURCE)
    path = ROOT / "trainer_adapters" / "openrlhf_reward.py"
    spec = importlib.util.spec_from_file_location("agent_module", path)  # as OpenRLHF loads it
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    assert issubclass(module.AgentExecutor, agent.AgentExecutorBase)
    executor, chosen = module.AgentExecutor(), cases()
    check(await asyncio.gather(*(run(executor, case) for case in chosen)), chosen)


async def test_its_own_http_path_gets_the_same_from_the_gateway(agent: Any, pool_url: str) -> None:
    config = GatewayConfig(redis_url=pool_url, port=0, run_id="openrlhf-http", data_source=SOURCE)
    async with Gateway(config) as gateway:
        executor, chosen = agent.SingleTurnAgentExecutor(gateway.url + "/get_reward"), cases()
        outputs = await asyncio.gather(*(run(executor, case) for case in chosen))
    flat = [
        {
            "reward": o["reward"][0],
            "scores": o["scores"][0],
            "extra_logs": {k: v[0] for k, v in o["extra_logs"].items()},
        }
        for o in outputs
    ]
    check(flat, chosen)
