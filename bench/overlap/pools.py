"""The pools under test: one embedded server, and per streaming mode a pool with workers and an engine of its own.

- Modes share neither verdict cache nor graders' memory nor the engine's prefix cache, so none warms another up.
- All of them stay up during all repeats; only one has work at a time.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from bench.workload.steps import DATA_SOURCE
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import Config, RouteConfig
from tinyv_stream.errors import EngineStartError
from tinyv_stream.pool import Pool

STREAMING: Final = ("rule_only", "stream", "stream_no_coalesce")
READY_S: Final = 300.0


def config_of(mode: str, base: Config) -> Config:
    """Return the pool's settings for one streaming mode."""
    replace = msgspec.structs.replace
    # A name of its own per run: on a user's server an earlier run's verdicts would answer this one's questions.
    named = replace(base.broker, pool=f"overlap-{mode}-{uuid.uuid4().hex[:8]}")
    if mode == "rule_only":
        alone = RouteConfig(contains=DATA_SOURCE, grader="cascade", tinyv=False)
        return replace(base, broker=named, tinyv=replace(base.tinyv, workers=0), routes=(alone, *base.routes))
    if mode == "stream_no_coalesce":
        named = replace(named, cache_ttl_s=0.0)
    return replace(base, broker=named)


@asynccontextmanager
async def pools(
    modes: list[str], base: Config, url: str, directory: Path, say: Callable[[str], None]
) -> AsyncGenerator[dict[str, Config]]:
    """Run the pools of `modes` on the server at `url`; yields their settings once every worker is ready.

    Raises EngineStartError with the end of its log if a worker does not come up.
    """
    configs = {mode: config_of(mode, base) for mode in modes}
    async with AsyncExitStack() as stack:
        running = [await stack.enter_async_context(_running(c, url, directory / m)) for m, c in configs.items()]
        for (mode, config), pool in zip(configs.items(), running, strict=True):
            await _ready(config, pool, url)
            say(f"pool {mode}: {config.rule.workers} rule and {config.tinyv.workers} TinyV workers are ready")
        yield configs


@asynccontextmanager
async def _running(config: Config, url: str, directory: Path) -> AsyncGenerator[Pool]:
    async with Pool(config, redis_url=url, directory=directory) as pool:
        stop = asyncio.Event()
        task = asyncio.create_task(pool.run(stop), name=f"pool {config.broker.pool}")
        try:
            yield pool
        finally:
            stop.set()
            await task


async def _ready(config: Config, pool: Pool, url: str) -> None:
    wanted = config.rule.workers + config.tinyv.workers
    give_up = asyncio.get_running_loop().time() + READY_S
    async with OperatorApi(url, config.broker) as operator:
        while sum(w.state == "ready" for w in (await operator.status()).workers) < wanted:
            broken = next((w for w in pool.workers if w.restarts), None)
            if broken or asyncio.get_running_loop().time() > give_up:
                reason = broken.reason if broken else f"not ready in {READY_S:.0f} s"
                raise EngineStartError(
                    reason, "try `tinyv-stream doctor`, or `--engine scripted` for a look without one"
                )
            await asyncio.sleep(0.1)
