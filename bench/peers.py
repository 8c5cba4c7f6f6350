# pyright: basic, reportMissingImports=false
# Runs in an interpreter of its own, with streaq or taskiq-redis installed; ours has neither.
"""Peer benchmark, `PYTHON bench/peers.py streaq|taskiq BYTES`: other task queues doing the two hops of a rollout.

Prints tasks per second: client → first task → second task → result at the client, with two worker processes that run
both tasks. Settings are those that served the peer best here; nothing is made slower.
"""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

URL = os.environ.get("PEER_REDIS_URL", "redis://127.0.0.1:6379")
COUNT, WARM, CONCURRENCY = 1000, 100, 64
INFLIGHT = 16 if "streaq" in sys.argv else 256
"""As many as the peer bears: streaq 7.2 gave no result in a minute with 64 awaited at once."""

if sys.argv[1:2] == ["streaq"] or sys.argv[1:2] == ["streaq-worker"]:
    from streaq import Worker

    worker = Worker(redis_url=URL, concurrency=CONCURRENCY)

    @worker.task
    async def first(text: str) -> str:  # noqa: ARG001 the hop is the point
        """Do the rule worker's part: a small answer goes on."""
        return "1"

    @worker.task
    async def second(answer: str) -> str:
        """Do TinyV's part."""
        return answer

else:
    from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

    broker = RedisStreamBroker(url=URL).with_result_backend(RedisAsyncResultBackend(URL, result_ex_time=600))

    @broker.task(task_name="second")
    async def second_taskiq(answer: str) -> str:
        """Do TinyV's part."""
        return answer

    @broker.task(task_name="first")
    async def first_taskiq(text: str, name: str) -> str:  # noqa: ARG001 the hop is the point
        """Do the rule worker's part: the second task's result is found under a name that the client knows."""
        await second_taskiq.kicker().with_task_id(name).kiq("1")
        return ""


async def through_streaq(text: str, n: int) -> None:  # noqa: ARG001
    """Send one task through both hops and await its result."""
    chain = first.enqueue(text).then(second)
    await chain
    await chain.result(timeout=60)


async def through_taskiq(text: str, n: int) -> None:
    """Send one task through both hops and await its result, which taskiq can only poll for."""
    name = f"s{n}"
    await first_taskiq.kiq(text, name)
    while not await broker.result_backend.is_result_ready(name):  # noqa: ASYNC110 it has nothing to wait on
        await asyncio.sleep(0.02)
    await broker.result_backend.get_result(name)


async def measure(name: str, size: int) -> float:
    """Return tasks per second."""
    one, text, numbers = {"streaq": through_streaq, "taskiq": through_taskiq}[name], "x" * size, iter(range(0))

    async def lane(until: int) -> None:
        while next(numbers) < until:
            n = time.perf_counter_ns()
            await one(text, n)

    async def flood(count: int) -> float:
        nonlocal numbers
        numbers = iter(range(count + INFLIGHT))
        began = time.perf_counter()
        await asyncio.gather(*(lane(count) for _ in range(INFLIGHT)))
        return count / (time.perf_counter() - began)

    if name == "taskiq":
        await broker.startup()
        await flood(WARM)
        return await flood(COUNT)
    async with worker:
        await flood(WARM)
        return await flood(COUNT)


def main() -> None:
    """Run as a worker, or start workers and measure."""
    name = sys.argv[1]
    if name == "streaq-worker":
        worker.run_sync()
        return
    here = Path(__file__).resolve()
    commands = {
        "streaq": [[sys.executable, str(here), "streaq-worker"]] * 2,
        "taskiq": [
            f"{sys.executable} -m taskiq worker peers:broker --workers 2".split()
            + f"--max-async-tasks {CONCURRENCY} --log-level WARNING".split()
        ],
    }[name]
    env = {**os.environ, "PYTHONPATH": str(here.parent)}
    workers = [subprocess.Popen(c, env=env, stdout=subprocess.DEVNULL) for c in commands]  # noqa: S603
    try:
        time.sleep(5.0 if name == "taskiq" else 0.0)  # a stream broker's group begins at its start
        sys.stdout.write(f"{asyncio.run(measure(name, int(sys.argv[2]))):.1f}\n")
    finally:
        for process in workers:
            process.terminate()
        for process in workers:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:  # taskiq's, at times; the figure is there
                process.kill()
                process.wait()


if __name__ == "__main__":
    main()
