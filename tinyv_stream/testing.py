"""The public test kit: a real server for a test, and waiting for a condition instead of sleeping for luck.

As a pytest fixture:

    @pytest.fixture
    async def server():
        async with embedded_server() as running:
            yield running
"""

import asyncio
import contextlib
import inspect
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from tinyv_stream.embedded_server.server import EmbeddedServer

__all__ = ["EmbeddedServer", "embedded_server", "wait_until", "wait_until_sync"]

_STEP_S = 0.02


@contextlib.asynccontextmanager
async def embedded_server(*, tcp: bool = False, maxmemory_mb: int = 256) -> AsyncGenerator[EmbeddedServer]:
    """Run a server whose data goes with it."""
    async with EmbeddedServer(tcp=tcp, maxmemory_mb=maxmemory_mb) as server:
        yield server


async def wait_until(predicate: Callable[[], object | Awaitable[object]], timeout_s: float, what: str) -> None:
    """Return once `predicate` gives something true; raise AssertionError naming `what` after `timeout_s`.

    It is always asked once more after the time is up, so that a slow machine is not taken for a failure.
    """
    give_up = time.monotonic() + timeout_s
    while True:
        is_last = time.monotonic() > give_up
        found = predicate()
        if await found if inspect.isawaitable(found) else found:
            return
        if is_last:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        await asyncio.sleep(_STEP_S)


def wait_until_sync(predicate: Callable[[], object], timeout_s: float, what: str) -> None:
    """As `wait_until`, for a test without a loop."""
    give_up = time.monotonic() + timeout_s
    while True:
        is_last = time.monotonic() > give_up
        if predicate():
            return
        if is_last:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(_STEP_S)
