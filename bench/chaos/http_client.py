"""HTTP trainer of a chaos run, `python -m bench.chaos.http_client`: posts to the gateway, and reads its reward stream.

Its checkpoint is its journal, with the cursor of each reward. A request that fails in any way is made again, posts
under the same ids. Killed and started again, it posts what the journal does not hold, and reads on from its cursor.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
import uvloop

from bench.chaos.cases import make_cases, of_gateway
from bench.chaos.client import ClientTask, RewardRecord, read_journal
from tinyv_stream.types import Rollout

TOKEN: Final = "chaos"  # noqa: S105 of a gateway that lives for a minute
_AGAIN: Final = {408, 429, 500, 503}
_AGAIN_S: Final = 0.2
_BATCH: Final = 4
_FAULTS: Final = (aiohttp.ClientError, TimeoutError, OSError)
_CLIENT: Final = "chaos"


async def run(task: ClientTask) -> None:
    """Post what has no reward yet, and journal each reward, until all have one."""
    path = Path(task.journal)
    had = read_journal(path)
    ids = {line.rollout_id for line in had}
    mine = of_gateway(make_cases(task.rollouts, task.seed, poison=task.poison))
    todo = [case.rollout for case in mine if case.rollout.rollout_id not in ids]
    times = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=40.0)
    async with (
        aiohttp.ClientSession(task.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=times) as session,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(_post_all(session, task, todo), name="post")
        await _read(session, path, had[-1].cursor if had else "", len(todo))


async def _post_all(session: aiohttp.ClientSession, task: ClientTask, todo: list[Rollout]) -> None:
    began, rate = time.monotonic(), 0.25 * task.rate
    for at in range(0, len(todo), _BATCH):
        await asyncio.sleep(began + at / rate - time.monotonic())
        some = [msgspec.structs.replace(r, deadline_s=task.deadline_s) for r in todo[at : at + _BATCH]]
        body = msgspec.json.encode({"rollouts": some, "wait": False, "client": _CLIENT})
        while not await _posted(session, body):  # noqa: ASYNC110 another process's state
            await asyncio.sleep(_AGAIN_S)


async def _posted(session: aiohttp.ClientSession, body: bytes) -> bool:
    try:
        async with session.post("/v1/rollouts", data=body) as got:
            if got.status not in {202, *_AGAIN}:
                raise RuntimeError(f"a post was answered {got.status}: {await got.text()}")
            return got.status == 202
    except _FAULTS:
        return False


async def _read(session: aiohttp.ClientSession, path: Path, cursor: str, count: int) -> None:
    """Journal `count` rewards."""
    with path.open("ab", buffering=0) as journal:
        while count:
            try:
                query = {"client": _CLIENT, "cursor": cursor}
                async with session.get("/v1/rewards", params=query) as got:
                    if got.status not in {200, *_AGAIN}:
                        raise RuntimeError(f"the stream was answered {got.status}: {await got.text()}")
                    async for line in got.content:
                        if got.status == 200 and line.endswith(b"\n") and line.strip():
                            one: dict[str, Any] = msgspec.json.decode(line)
                            journal.write(msgspec.json.encode(_record(one)) + b"\n")
                            cursor, count = one["cursor"], count - 1
                            if not count:
                                return
            except _FAULTS:
                pass
            await asyncio.sleep(_AGAIN_S)


def _record(line: dict[str, Any]) -> RewardRecord:
    reward = line["reward"]
    return RewardRecord(
        rollout_id=reward["rollout_id"],
        value=reward["value"],
        status=reward["status"],
        source=reward["source"],
        reason=reward.get("reason", ""),
        total_s=reward.get("timings", {}).get("total_s") or 0.0,
        cursor=line["cursor"],
    )


if __name__ == "__main__":
    uvloop.run(run(msgspec.json.decode(sys.stdin.buffer.read(), type=ClientTask)))
