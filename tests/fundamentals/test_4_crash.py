"""A crash loses no rollout: workers and server are killed, and each rollout still gets one reward."""

import os
import signal

from tinyv_stream import RewardClient, Rollout, Status
from tinyv_stream.pool import Pool
from tinyv_stream.testing import wait_until


async def test_a_crash_loses_no_rollout(pool: Pool) -> None:
    await wait_until(lambda: all(worker.pid for worker in pool.workers), 30, "both workers run")
    async with RewardClient(pool.url, run_id="exp-1", pool="lesson", deadline_s=60) as client:
        tickets = [
            await client.submit(
                Rollout(question=f"{n}?", completion=f"\\boxed{{{n}}}", ground_truth=str(n), data_source="x_tinyv")
            )
            for n in range(50)
        ]
        for process in (*pool.workers, pool.server):
            if process and process.pid:
                os.kill(process.pid, signal.SIGKILL)
        rewards = [await ticket for ticket in tickets]
    assert [(reward.status, reward.value) for reward in rewards] == [(Status.OK, 1.0)] * 50
