"""Fixtures of the stream tests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve
from tinyv_stream_workers.worker import Worker

from tinyv_stream import RewardClient
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.testing import EmbeddedServer


@pytest.fixture
def serve(server: EmbeddedServer, pool_name: str) -> Serve:
    @asynccontextmanager
    async def serving(*verifiers: ScriptedVerifier, grace_s: float = 5.0, **config: object) -> AsyncIterator[None]:
        stop = asyncio.Event()
        made = Config(**({"broker": BrokerConfig(pool=pool_name, lease_s=1.0)} | config))  # type: ignore[arg-type]
        async with asyncio.TaskGroup() as tasks:
            for verifier in verifiers:
                tasks.create_task(Worker(server.url, made, verifier, grace_s=grace_s).run(stop))
            try:
                yield
            finally:
                stop.set()

    return serving


@pytest.fixture
def client(server: EmbeddedServer, pool_name: str) -> Callable[..., RewardClient]:
    return lambda **more: RewardClient(server.url, **({"run_id": "run", "pool": pool_name, "deadline_s": 30.0} | more))
