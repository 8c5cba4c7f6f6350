"""A trainer as small as one can be: streams rollouts to the job's pool, writes the rewards down, ends with a code.

`trainer.py FILE COUNT CODE [--linger]`: with `--linger` it goes on until SIGTERM, and writes that down too.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from tinyv_stream import RewardClient, Rollout

RESCUED = "The answer is \\boxed{twelve [[true]]}."


async def main(path: Path, count: int, code: int, *, linger: bool) -> int:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with RewardClient(os.environ["TINYV_REDIS_URL"], run_id="r", client_id="c") as client:
        tickets = [
            await client.submit(Rollout(question=f"q{n}", completion=RESCUED, ground_truth="12", data_source="x_tinyv"))
            for n in range(count)
        ]
        rewards = [await ticket for ticket in tickets]
    path.write_text(json.dumps([[reward.rollout_id, reward.status, reward.value] for reward in rewards]))  # noqa: ASYNC240 nothing runs beside it
    if linger:
        await stop.wait()
        path.with_suffix(".drained").touch()
    return code


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), linger="--linger" in sys.argv)))
