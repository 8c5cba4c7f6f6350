"""Real worker programs and a real server under kill -9, mid-run: each rollout gets its right reward, once.

The rule workers are the real ones. TinyV's engine is scripted here (the real one is killed in tests/engine).
"""

import asyncio
import os
import random
import signal
from collections import Counter
from pathlib import Path

from tinyv_stream import Reward, RewardClient, Rollout, Source, Status
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, RuleConfig, TinyVConfig
from tinyv_stream.pool import Pool
from tinyv_stream.testing import wait_until

CONFIG = Config(
    broker=BrokerConfig(pool="kills", lease_s=1.0),
    rule=RuleConfig(workers=2),
    tinyv=TinyVConfig(workers=1, engine=EngineConfig(kind="scripted")),
)
ROLLOUTS = 600


def rollout(n: int) -> Rollout:
    """Two of three are right by rule; the others are refused by it, and half of those TinyV gives back."""
    answer = {0: str(n), 1: f"{n}.0", 2: "twelve [[true]]" if n % 2 else "twelve [[false]]"}[n % 3]
    return Rollout(
        question=f"What is {n}?",
        completion=f"Let me see. The answer is \\boxed{{{answer}}}.",
        ground_truth=str(n),
        data_source="kills_tinyv",
        rollout_id=f"r{n}",
    )


def right_value(n: int) -> float:
    return 1.0 if n % 3 < 2 or n % 2 else 0.0


async def kill_at_random(pool: Pool, client_has: list[Reward], seed: int) -> Counter[str]:
    """Kill a worker each time 60 more rewards arrived, and the server twice."""
    dice, killed = random.Random(seed), Counter[str]()
    for goal in range(60, ROLLOUTS, 60):
        await wait_until(lambda goal=goal: len(client_has) >= goal, 60, f"{goal} rewards")
        alive = [w for w in pool.workers if w.pid]
        if goal in {180, 420} and pool.server and pool.server.pid:
            os.kill(pool.server.pid, signal.SIGKILL)
            killed["server"] += 1
        elif alive:
            victim = dice.choice(alive)
            assert victim.pid is not None
            os.kill(victim.pid, signal.SIGKILL)
            killed[victim.stage] += 1
    return killed


async def test_every_rollout_is_rewarded_once_and_rightly_whatever_is_killed(tmp_path: Path) -> None:
    stop = asyncio.Event()
    async with Pool(CONFIG, directory=tmp_path) as pool, asyncio.TaskGroup() as tasks:
        tasks.create_task(pool.run(stop))
        try:
            async with RewardClient(pool.url, run_id="run", pool="kills", max_inflight=64, deadline_s=100) as client:
                got: list[Reward] = []
                stream = client.rewards()

                async def collect() -> None:
                    async for reward in stream:
                        got.append(reward)  # noqa: PERF401 the killer watches it grow

                collecting = asyncio.create_task(collect())
                killing = asyncio.create_task(kill_at_random(pool, got, seed=7))
                for n in range(ROLLOUTS):
                    await client.submit(rollout(n))
                client.end()
                await collecting
                killed = await killing
        finally:
            stop.set()
    assert killed["server"] == 2 and killed.total() >= 8
    assert sorted(r.rollout_id for r in got) == sorted(f"r{n}" for n in range(ROLLOUTS))
    assert {r.rollout_id: (r.status, r.value) for r in got} == {
        f"r{n}": (Status.OK, right_value(n)) for n in range(ROLLOUTS)
    }
    assert {r.source for r in got} == {Source.RULE, Source.TINYV}
