"""Latency of other answers beside pathological ones: the real rule verifier, same arrivals with and without them."""

import asyncio
import random
import statistics
from typing import Final

from tinyv_stream_workers.rule.verifier import RuleVerifier

from bench.rules.mix import MixCase, grpo_mix, pathological
from tinyv_stream.broker.messages import Work
from tinyv_stream.config import RuleConfig

GROUPS: Final = 50
RATE_PER_S: Final = 40.0
"""Arrivals of ordinary answers; a tenth as many pathological ones come on top."""


ROUNDS: Final = 3
"""Both ways in turn, the median of each: what else the machine does meets both alike."""


async def p99_with_and_without(seed: int) -> tuple[float, float]:
    """Return the p99 latency (s) of ordinary answers: alone, and with a tenth of pathological ones among them."""
    ordinary = grpo_mix(GROUPS, seed=seed)
    bad = pathological(len(ordinary) // 10, seed=seed)
    alone: list[float] = []
    mixed: list[float] = []
    for _ in range(ROUNDS):
        for others, found in (([], alone), (bad, mixed)):
            async with RuleVerifier(RuleConfig(processes=1)) as verifier:
                found.append(_p99(await _latencies(verifier, ordinary, others, seed)))
    return statistics.median(alone), statistics.median(mixed)


async def _latencies(verifier: RuleVerifier, ordinary: list[MixCase], bad: list[MixCase], seed: int) -> list[float]:
    rng = random.Random(seed)  # noqa: S311 (a workload, not a secret)
    span_s = len(ordinary) / RATE_PER_S
    async with asyncio.TaskGroup() as group:
        timed = [group.create_task(_one(verifier, case, rng.uniform(0, span_s))) for case in ordinary]
        others = [group.create_task(_one(verifier, case, rng.uniform(0, span_s))) for case in bad]
        found = [await task for task in timed]
        for task in others:  # what is still queued says nothing about the ordinary ones
            task.cancel()
    return found


async def _one(verifier: RuleVerifier, case: MixCase, after_s: float) -> float:
    await asyncio.sleep(after_s)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await verifier.verify(
        Work(
            run_id="bench",
            client_id="bench",
            rollout_id="1",
            question="",
            ground_truth=case.ground_truth,
            model_answer=case.model_answer,
            data_source="bench_tinyv",
        )
    )
    return loop.time() - started


def _p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))]
