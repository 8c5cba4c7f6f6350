"""The contract over HTTP: every body that a trainer sends gets the reward that the plain client gets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from contract_kit import SOURCE, Case, cases, decided_first, number, plain

from tinyv_stream.gateway import Gateway, GatewayConfig


@pytest.fixture
async def http(pool_url: str) -> AsyncIterator[Callable[..., Any]]:
    config = GatewayConfig(redis_url=pool_url, port=0, run_id="gateway-contract", data_source=SOURCE)
    async with Gateway(config) as gateway, aiohttp.ClientSession(gateway.url) as session:

        async def post(path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 JSON
            async with session.post(path, json=body) as got:
                assert got.status == 200, await got.text()
                return await got.json()

        yield post


async def test_our_own_form(http: Callable[..., Any], pool_url: str) -> None:
    chosen = cases()
    rollouts = [{"question": c.question, "completion": c.completion, "ground_truth": c.ground_truth} for c in chosen]
    rewards = (await http("/v1/rollouts", {"rollouts": rollouts}))["rewards"]
    direct = await asyncio.to_thread(plain, pool_url, "gateway-plain", chosen)
    assert [r["value"] for r in rewards] == [c.value for c in chosen] == [r.value for r in direct]
    assert [r["status"] for r in rewards] == [r.status.value for r in direct]


async def test_slime(http: Callable[..., Any]) -> None:
    chosen = cases()

    async def give(case: Case) -> float:
        return await http(
            "/remote_rm", {"prompt": case.question, "response": case.completion, "label": case.ground_truth}
        )

    assert await decided_first(chosen, give) == pytest.approx([number(c) for c in chosen])


async def test_nemo_gym(http: Callable[..., Any]) -> None:
    chosen = cases()

    def body(case: Case) -> dict[str, Any]:
        text = {"type": "output_text", "text": case.completion, "annotations": []}
        message = {"type": "message", "role": "assistant", "id": "m", "status": "completed", "content": [text]}
        asked = {"input": [{"role": "user", "content": case.question}]}
        return {
            "responses_create_params": asked,
            "response": {"output": [message]},
            "expected_answer": case.ground_truth,
        }

    got = await decided_first(chosen, lambda case: http("/verify", body(case)))
    assert [g["reward"] for g in got] == pytest.approx([number(c) for c in chosen])
    assert [None if "_ng_failure_class" in g else g["reward"] for g in got] == [c.value for c in chosen]
