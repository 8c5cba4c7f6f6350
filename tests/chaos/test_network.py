"""A network that breaks, between a link and a real server; and what a server that hangs may hold up."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import uvloop

from bench.chaos.proxy import Proxy
from tinyv_stream import RewardClient, Rollout, Status
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.client import session
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerUnavailableError
from tinyv_stream.testing import EmbeddedServer, embedded_server


@pytest.fixture
async def own_server() -> AsyncIterator[EmbeddedServer]:
    async with embedded_server(tcp=True) as running:
        yield running


def rollout(n: int, deadline_s: float) -> Rollout:
    return Rollout(rollout_id=f"r{n}", question="q", completion="c", ground_truth="1", deadline_s=deadline_s)


async def reset_again_and_again() -> int:
    """Return how many commands a resetting network failed; anything but our own error escapes."""
    failed = 0
    async with embedded_server(tcp=True) as server:
        where = urlsplit(server.url)
        async with Proxy("127.0.0.1", where.port or 0) as net:
            url = server.url.replace(f":{where.port}/", f":{net.port}/")
            async with ShardClient(url, BrokerConfig()) as link:

                async def speak() -> None:
                    nonlocal failed
                    for _ in range(60):
                        try:
                            await link.script("lookup", ["x" * 5000] * 20)
                        except BrokerUnavailableError:
                            failed += 1

                speaking = [asyncio.create_task(speak()) for _ in range(8)]
                while not all(task.done() for task in speaking):
                    net.reset()
                    await asyncio.sleep(0.003)
                await asyncio.gather(*speaking)
                assert await link.retry(lambda: link.command("ECHO", "x")) == b"x"
    return failed


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run])
def test_a_reset_connection_is_a_broker_that_does_not_answer(runner) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    assert runner(reset_again_and_again()) > 0


async def test_submit_ends_at_the_deadline_though_the_server_is_dead(own_server: EmbeddedServer) -> None:
    async with RewardClient(own_server.url, run_id="run", pool="p") as client:
        own_server.kill()
        ticket = await client.submit(rollout(1, 0.2))
        assert (await ticket).status is Status.EXPIRED


async def test_a_server_that_hangs_does_not_hold_deadlines_up(
    own_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "RECONCILE_S", 0.2)
    async with RewardClient(own_server.url, run_id="run", pool="p") as client:
        checks_hang = asyncio.Event()

        async def hang(*_: object) -> list[int]:  # stands for a reply that never comes
            checks_hang.set()
            await asyncio.Event().wait()
            return []

        monkeypatch.setattr(client._session._links[0], "check", hang)
        ticket = await client.submit(rollout(1, 1.0))
        await asyncio.wait_for(checks_hang.wait(), 30)
        assert (await asyncio.wait_for(ticket, 60)).status is Status.EXPIRED


async def test_a_stopped_server_costs_no_reward(own_server: EmbeddedServer) -> None:
    assert own_server.pid is not None
    async with RewardClient(own_server.url, run_id="run", pool="p") as client:
        os.kill(own_server.pid, signal.SIGSTOP)
        ticket = await client.submit(rollout(1, 0.2))
        assert (await ticket).status is Status.EXPIRED
        os.kill(own_server.pid, signal.SIGCONT)
        assert (await (await client.submit(rollout(2, 0.2)))).status is Status.EXPIRED
