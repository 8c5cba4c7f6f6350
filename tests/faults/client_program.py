"""A trainer in a process of its own: `URL POOL`; for each line of stdin, a number, it submits so many and prints their
statuses."""

import asyncio
import json
import sys

from tinyv_stream import RewardClient, Rollout


async def main(url: str, pool: str) -> None:
    done = 0
    async with RewardClient(url, run_id="run", pool=pool, deadline_s=60.0) as client:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            tickets = [
                await client.submit(
                    Rollout(rollout_id=f"r{n}", question="q", completion="rule:correct", ground_truth="1")
                )
                for n in range(done, done + int(line))
            ]
            done += int(line)
            sys.stdout.write(json.dumps([(await ticket).status for ticket in tickets]) + "\n")
            sys.stdout.flush()


asyncio.run(main(*sys.argv[1:]))
