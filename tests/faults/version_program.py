"""One side of a pool, of whatever release is on PYTHONPATH: `worker URL POOL NAME` until stdin ends, or `client URL
POOL NAME COUNT`, which prints its rewards as JSON."""

import asyncio
import sys

import msgspec
from scripted_verifier import ScriptedVerifier
from tinyv_stream_workers.worker import Worker

from tinyv_stream import RewardClient, Rollout
from tinyv_stream.config import BrokerConfig, Config


async def work(url: str, pool: str) -> None:
    stop = asyncio.Event()
    config = Config(broker=BrokerConfig(pool=pool, lease_s=2.0))
    verifiers = [ScriptedVerifier("rule"), ScriptedVerifier("tinyv")]
    running = [asyncio.create_task(Worker(url, config, v, grace_s=5.0).run(stop)) for v in verifiers]
    await asyncio.to_thread(sys.stdin.read)
    stop.set()
    await asyncio.gather(*running)


async def ask(url: str, pool: str, name: str, count: int) -> None:
    kinds = ("rule:correct", "rule:incorrect tinyv:correct", "rule:undecided tinyv:incorrect", "rule:raise tinyv:raise")
    async with RewardClient(url, run_id=name, pool=pool, deadline_s=60.0) as client:
        rollouts = [
            Rollout(
                rollout_id=f"r{n}", question=f"q{n}", completion=kinds[n % 4], ground_truth="1", data_source="x_tinyv"
            )
            for n in range(count)
        ]
        tickets = [await client.submit(rollout) for rollout in rollouts]
        rewards = [await ticket for ticket in tickets]
    sys.stdout.write(msgspec.json.encode(rewards).decode())


if __name__ == "__main__":
    role, url, pool, name, *more = sys.argv[1:]
    asyncio.run(work(url, pool) if role == "worker" else ask(url, pool, name, int(more[0])))
