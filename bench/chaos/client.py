"""Trainer of a chaos run, `python -m bench.chaos.client`. Its checkpoint is its journal, one line per reward.

Killed and started again, it submits what the journal does not hold, under the same client id. Each line is one write,
so a kill leaves whole lines and at most one torn one, which the next start cuts off.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

import msgspec
import uvloop

from bench.chaos.cases import make_cases, of_library
from tinyv_stream import Reward, RewardClient, Rollout
from tinyv_stream.errors import BrokerError

_SUBMITTERS = 16
AWAY = 75
"""Exit status where the broker could not be used at the start: whoever started the client starts it again."""


class ClientTask(msgspec.Struct, frozen=True, kw_only=True):
    """What the client of one run is to do."""

    url: str
    pool: str
    rollouts: int
    seed: int
    poison: int
    rate: float
    """Submissions per second, of all clients together."""
    deadline_s: float
    journal: str
    max_inflight: int = 256


class RewardRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One reward as it came."""

    rollout_id: str
    value: float | None
    status: str
    source: str
    reason: str
    total_s: float
    cursor: str = ""
    """Where a gateway's stream goes on after it."""


def read_journal(path: Path) -> list[RewardRecord]:
    """Return the whole lines of a journal, and cut a torn one off."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.truncate(path, len(whole))
    return [msgspec.json.decode(line, type=RewardRecord) for line in whole.splitlines()]


async def run(task: ClientTask) -> None:
    """Submit what has no reward yet, and journal each reward, until all have one."""
    path = Path(task.journal)
    had = {line.rollout_id for line in read_journal(path)}
    mine = of_library(make_cases(task.rollouts, task.seed, poison=task.poison))
    todo = [c for c in mine if c.rollout.rollout_id not in had]
    with path.open("ab", buffering=0) as journal:  # noqa: ASYNC230 one line at a time; before a fault can take descriptors
        async with RewardClient(
            task.url,
            run_id=f"chaos{task.seed}",
            client_id="trainer",
            pool=task.pool,
            max_inflight=task.max_inflight,
            deadline_s=task.deadline_s,
        ) as client:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_submit_all(client, task, [c.rollout for c in todo]), name="submit")
                async for reward in client.rewards():
                    journal.write(msgspec.json.encode(_line(reward)) + b"\n")
            if client.outstanding:
                raise RuntimeError(f"{client.outstanding} rollouts are left in the client's ledger")


async def _submit_all(client: RewardClient, task: ClientTask, rollouts: list[Rollout]) -> None:
    """Submit at the task's rate, several at a time as a trainer does; a busy machine falls behind and catches up."""
    began, left = time.monotonic(), iter(enumerate(rollouts))

    async def some() -> None:
        for n, rollout in left:
            await asyncio.sleep(began + n / (0.75 * task.rate) - time.monotonic())
            await client.submit(rollout)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_SUBMITTERS):
            tasks.create_task(some(), name="submit")
    client.end()


def _line(reward: Reward) -> RewardRecord:
    return RewardRecord(
        rollout_id=reward.rollout_id,
        value=reward.value,
        status=reward.status,
        source=reward.source,
        reason=reward.reason,
        total_s=reward.timings.total_s or 0.0,
    )


if __name__ == "__main__":
    # By stdin: the URL holds a password.
    try:
        uvloop.run(run(msgspec.json.decode(sys.stdin.buffer.read(), type=ClientTask)))
    except BrokerError:
        sys.exit(AWAY)
