"""Reward source of the product as a trainer has it: TRL's adapter, a broker, rule workers, TinyV on its engine.

The pool lives in the main thread's loop, the training in another thread. Equal questions are remembered by the pool
(its verdict cache), so the first seed pays for most of what later ones ask.
"""

import asyncio
import tempfile
import threading
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Final

from bench.learn.grpo import GradedText
from bench.learn.rewards import completion_of
from tinyv_stream.adapter_kit import close_requesters
from tinyv_stream.cli.readiness import until_ready
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, RouteConfig, TinyVConfig
from tinyv_stream.pool import Pool
from trainer_adapters.trl_reward import TinyVReward

WITH_TINYV: Final = "learn_tinyv"
"""Data source that `cascade` looks at first, then TinyV."""
RULES_ONLY: Final = "learn_rules"
"""Data source that `cascade` alone looks at."""


@asynccontextmanager
async def learn_pool(*, tinyv: int, model: str, threads: int) -> AsyncGenerator[Pool]:
    """Run a pool whose workers are ready; with `tinyv` 0 it starts no engine. Raises EngineStartError."""
    routes = tuple(
        RouteConfig(contains=name, grader="cascade", tinyv=name == WITH_TINYV) for name in (WITH_TINYV, RULES_ONLY)
    )
    config = Config(
        broker=BrokerConfig(pool="learn"),
        routes=routes,
        tinyv=TinyVConfig(workers=tinyv, model=model, engine=EngineConfig(threads=threads)),
    )
    with tempfile.TemporaryDirectory(prefix="tinyv-learn-") as directory:
        async with Pool(config, directory=Path(directory)) as pool:
            stop = asyncio.Event()
            running = asyncio.create_task(pool.run(stop), name="pool")
            try:
                await until_ready(pool, config)
                yield pool
            finally:
                stop.set()
                await running


def adapter(url: str, data_source: str = WITH_TINYV, *, record: str = "") -> TinyVReward:
    """Return the TRL adapter into the pool at `url`, as a run of its own; `record` is a directory, or empty."""
    run_id = f"learn-{uuid.uuid4().hex[:12]}"
    return TinyVReward(redis_url=url, pool="learn", run_id=run_id, data_source=data_source, record=record)


class PoolReward:
    """Rewards of one run by a pool, through the TRL adapter; what nobody decided is None. For one thread."""

    def __init__(self, url: str, *, record: str = "", stop: threading.Event | None = None) -> None:
        self._function = adapter(url, record=record)
        self._stop = stop or threading.Event()
        self._loop = asyncio.new_event_loop()

    def __call__(self, answers: Sequence[GradedText], step: int) -> list[float | None]:
        """Return the pool's rewards of a step, in order; raise BrokerError, and CancelledError once `stop` is set."""
        if self._stop.is_set():
            raise asyncio.CancelledError
        asked = self._function(
            [a.problem.question for a in answers],
            [completion_of(a.text) for a in answers],
            ground_truth=[a.problem.reference for a in answers],
            question=[a.problem.question for a in answers],
            trainer_state=SimpleNamespace(global_step=step),
        )
        return self._loop.run_until_complete(asked)

    def close(self) -> None:
        """Close its client."""
        self._loop.run_until_complete(close_requesters())
        self._loop.close()
