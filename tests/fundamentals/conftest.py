"""A small real pool for each lesson: a server, one rule worker, one TinyV worker whose engine is scripted.

The scripted engine answers by a marker in the model's answer: `[[true]]`, `[[false]]` or `[[undecided]]`.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tinyv_stream.config import BrokerConfig, Config, EngineConfig, RuleConfig, TinyVConfig
from tinyv_stream.pool import Pool

CONFIG = Config(
    broker=BrokerConfig(pool="lesson", lease_s=1.0),
    rule=RuleConfig(workers=1),
    tinyv=TinyVConfig(workers=1, engine=EngineConfig(kind="scripted")),
)


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    stop = asyncio.Event()
    async with Pool(CONFIG, directory=tmp_path) as running, asyncio.TaskGroup() as tasks:
        tasks.create_task(running.run(stop))
        yield running
        stop.set()
