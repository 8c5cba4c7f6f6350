"""Real generation phase: a vLLM server generates with a policy model while the pool verifies.

- A completion ends when the trainer process has its text; nothing is replayed, and the engines compete for the machine.
- Prompts are the step's; what the policy answers is its own, so no mix of right and wrong is known beforehand.
"""

import asyncio
import time
from typing import Final

import aiohttp
import msgspec

from bench.overlap.reference_call import Endpoint
from bench.overlap.replay import ReplayedStep, found_of
from bench.workload import Step, StepCompletion
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.client.client import RewardClient
from tinyv_stream.timeline.spans import Span, span_of
from tinyv_stream.types import Reward

_INSTRUCTION: Final = r" Please reason step by step, and put your final answer within \boxed{}."
_TIMEOUT_S: Final = 1800.0


async def stream(client: RewardClient, policy: Endpoint, step: Step, *, number: int, max_tokens: int) -> ReplayedStep:
    """Generate the step's completions, submit each as it ends; return once the trainer holds every reward."""
    ends: dict[str, float] = {}
    arriving = client.rewards()
    start = time.monotonic()
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)

    async def one(http: aiohttp.ClientSession, line: StepCompletion, seed: int) -> None:
        text = await _complete(http, policy, line, max_tokens=max_tokens, seed=seed)
        ends[line.rollout.rollout_id] = time.monotonic() - start
        await client.submit(msgspec.structs.replace(line.rollout, completion=text))

    async def generate() -> None:
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http,
                asyncio.TaskGroup() as tasks,
            ):
                for seed, line in enumerate(step.lines, start=step.seed * len(step.lines)):
                    tasks.create_task(one(http, line, seed))
        finally:
            client.end()

    task = asyncio.create_task(generate(), name="generation")
    rewards: list[Reward] = []
    spans: list[Span] = []
    try:
        async for reward in arriving:
            now = time.monotonic() - start
            rewards.append(reward)
            spans.append(span_of(reward, rewarded_s=now, ended_s=ends[reward.rollout_id], step=number))
        await task
    finally:
        await cancel_all([task])
    return found_of(rewards, spans)


async def _complete(
    http: aiohttp.ClientSession, policy: Endpoint, line: StepCompletion, *, max_tokens: int, seed: int
) -> str:
    body = {
        "model": policy.model,
        "messages": [{"role": "user", "content": line.rollout.question + _INSTRUCTION}],
        "max_tokens": max_tokens,
        "temperature": 1.0,
        "seed": abs(seed),
    }
    async with http.post(policy.url, json=body, raise_for_status=True) as response:
        report = await response.json()
    return report["choices"][0]["message"]["content"] or " "
