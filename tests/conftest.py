"""Fixtures for every test: one real server per session, and keys that no other test has."""

import asyncio
import signal
import uuid
from collections.abc import Iterator, Sequence

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


def pytest_configure() -> None:
    """Listen to signals again: under `nohup` or behind `&` a test's programs would inherit that they are ignored."""
    for signum, handler in (
        (signal.SIGHUP, signal.SIG_DFL),
        (signal.SIGQUIT, signal.SIG_DFL),
        (signal.SIGINT, signal.default_int_handler),
    ):
        if signal.getsignal(signum) is signal.SIG_IGN:
            signal.signal(signum, handler)


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Keep a file, and everything that starts a real engine, in one of the parallel processes.

    Files share what their module fixtures start; two engines at once would want twice the memory. A trainer's own
    environment has no xdist.
    """
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        engine = item.get_closest_marker("vllm") is not None
        item.add_marker(pytest.mark.xdist_group("engine" if engine else item.path.as_posix()))
