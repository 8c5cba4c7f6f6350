"""Fixtures for every test: one real server per session, and keys that no other test has."""

import asyncio
import uuid
from collections.abc import Iterator

import pytest

from tinyv_stream.testing import EmbeddedServer


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """A real server, started once. It is bound to no loop; tests that hurt it start their own."""
    running = EmbeddedServer(maxmemory_mb=512)
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(running.start())
        yield running
        loop.run_until_complete(running.stop())
    finally:
        running.kill()
        loop.close()


@pytest.fixture
def pool_name() -> str:
    return f"t{uuid.uuid4().hex[:12]}"
