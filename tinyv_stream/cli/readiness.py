"""Readiness wait for a pool of one's own: a deadline must not run while an engine is being loaded."""

import asyncio
from collections.abc import Callable
from typing import Final

from tinyv_stream.broker.operator import OperatorApi, PoolStatus
from tinyv_stream.config import Config
from tinyv_stream.errors import EngineStartError
from tinyv_stream.pool import Pool

READY_S: Final = 600.0
"""How long the workers may take to be ready: a first start may unpack or download a model."""
_LOOK_EVERY_S: Final = 0.2
_HOPELESS: Final = 3
"""Restarts of a worker, before its stage was ever ready, after which waiting is no use."""


async def until_ready(
    pool: Pool,
    config: Config,
    *,
    on_start: Callable[[PoolStatus], None] = lambda _: None,
    on_ready: Callable[[set[str]], None] = lambda _: None,
) -> PoolStatus:
    """Return the status once each stage that has workers has a ready one.

    Raises EngineStartError if one cannot be, TimeoutError after `READY_S`.
    """
    wanted = {stage for stage, workers in (("rule", config.rule.workers), ("tinyv", config.tinyv.workers)) if workers}
    async with OperatorApi(pool.url, config.broker) as side, asyncio.timeout(READY_S):
        on_start(await side.status())
        while True:
            status = await side.status()
            ready: set[str] = {worker.stage for worker in status.workers if worker.state == "ready"}
            on_ready(ready)
            if wanted <= ready:
                return status
            for worker in pool.workers:
                if worker.restarts >= _HOPELESS and worker.stage not in ready:
                    raise EngineStartError(f"{worker.name} dies: {worker.reason}", "ask `tinyv-stream doctor`")
            await asyncio.sleep(_LOOK_EVERY_S)
