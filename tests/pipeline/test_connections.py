"""The kept connections, on a real server: no reply is ever taken for another command's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from redis import exceptions as redis_errors
from redis.asyncio import Redis

from bench.chaos.proxy import Proxy
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.broker.connections import ConnectionPool
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerUnavailableError
from tinyv_stream.testing import EmbeddedServer, wait_until


@pytest.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    async with EmbeddedServer(tcp=True) as s:
        yield s


async def test_a_reply_is_its_own_commands_after_cancellations_and_errors(server: EmbeddedServer):
    async with connect(server.url) as client:
        lines = ConnectionPool(client)
        for n in range(50):
            waiting = asyncio.create_task(lines.ask("BLPOP", "nothing", 1))
            for _ in range(n % 7):  # at every step of sending and reading
                await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            with pytest.raises(redis_errors.ResponseError):
                await lines.ask("HGET", "too", "many", "arguments")
            assert await lines.ask("ECHO", f"answer {n}") == f"answer {n}".encode()
        await lines.close()


@pytest.mark.parametrize("kind", ["client", "lines"])
async def test_no_cancellation_is_lost_to_a_server_that_answers_with_errors(kind: str):
    """For lines either is enough: that redis-py has no time-out of its own there, or `guarded`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1000):
                writer.write(b"%0\r\n" if b"HELLO" in data else b"-LOADING the dataset\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as loading:
        port = loading.sockets[0].getsockname()[1]
        async with connect(f"redis://127.0.0.1:{port}") as client:
            ask = client.execute_command if kind == "client" else ConnectionPool(client).ask
            cancelled = 0
            for n in range(300):
                task = asyncio.create_task(ask("PING"))
                for _ in range(n % 40):  # at every step of sending and reading
                    await asyncio.sleep(0)
                if task.cancel():
                    cancelled += 1
                with contextlib.suppress(redis_errors.BusyLoadingError, asyncio.CancelledError):
                    await task
                assert task.cancelled() or not task.cancelling(), f"lost after {n % 40} steps"
            assert cancelled > 50


async def test_a_silent_server_is_a_time_out_and_the_line_is_given_up(server: EmbeddedServer):
    async with connect(server.url) as client:
        lines = ConnectionPool(client)
        with pytest.raises(redis_errors.TimeoutError):
            await lines.ask("BLPOP", "nothing", 2, timeout_s=0.2)
        assert await lines.ask("ECHO", "next") == b"next"
        await lines.close()


async def test_a_line_that_the_server_closed_while_idle_is_connected_anew(server: EmbeddedServer):
    async with connect(server.url) as client:
        lines = ConnectionPool(client)
        first = await lines.ask("CLIENT", "ID")
        assert await lines.ask("CLIENT", "ID") == first, "a line is kept"
        await client.execute_command("CLIENT", "KILL", "ID", first)
        await wait_until(lines._idle[0].can_read, 30, "its end has arrived")
        assert await lines.ask("CLIENT", "ID") != first
        await lines.close()


async def test_a_command_whose_connection_breaks_is_not_sent_again(server: EmbeddedServer):
    async with connect(server.url) as client:
        lines = ConnectionPool(client)
        number = await lines.ask("CLIENT", "ID")
        waiting = asyncio.create_task(lines.ask("BLPOP", "nothing", 8))
        await wait_until(lambda: _blocked(client), 30, "the read blocks")
        await client.execute_command("CLIENT", "KILL", "ID", number)
        with pytest.raises(redis_errors.ConnectionError):
            await waiting
        assert not await _blocked(client)
        await lines.close()


async def test_commands_beyond_the_limit_wait_their_turn_within_their_time(server: EmbeddedServer):
    async with connect(server.url) as client:
        lines = ConnectionPool(client)
        found = await asyncio.gather(*(lines.ask("ECHO", str(n)) for n in range(100)))
        assert found == [str(n).encode() for n in range(100)]
        assert len(await client.client_list()) <= 9, "eight, and the one that asks"
        blocked = [asyncio.create_task(lines.ask("BLPOP", "nothing", 8)) for _ in range(8)]
        await wait_until(lambda: _are_blocked(client, 8), 30, "every turn is taken")
        with pytest.raises(redis_errors.TimeoutError):
            await lines.ask("PING", timeout_s=0.2)
        await cancel_all(blocked)
        assert await lines.ask("PING") == b"PONG"
        await lines.close()


async def test_connections_recover_after_a_network_that_swallowed_all(server: EmbeddedServer):
    async with _behind_a_proxy(server) as (proxy, url), connect(url) as client:
        lines = ConnectionPool(client)
        assert await lines.ask("PING") == b"PONG"
        proxy.is_hole = True
        for _ in range(2):  # on a line that is open, and on one that would have to be opened
            with pytest.raises(redis_errors.TimeoutError):
                await lines.ask("PING", timeout_s=0.3)
        proxy.is_hole = False
        proxy.reset()
        assert await lines.ask("PING") == b"PONG"
        await lines.close()


async def test_connections_dropped_or_closed_while_busy_stay_nowhere(server: EmbeddedServer):
    async with connect(server.url) as client:
        lines = ConnectionPool(client)
        for end in (lines.drop, lines.close):
            waiting = asyncio.create_task(lines.ask("BLPOP", "nothing", 1))
            await wait_until(lambda: _blocked(client), 30, "the read blocks")
            await end()
            assert await waiting is None
            await wait_until(lambda: _is_alone(client), 30, "its connection is closed")
        with pytest.raises(redis_errors.ConnectionError, match="closed"):
            await lines.ask("PING")


async def test_a_link_whose_idle_connections_were_all_reset_fails_once_at_most(server: EmbeddedServer):
    async with _behind_a_proxy(server) as (proxy, url), ShardClient(url, BrokerConfig(pool="reset")) as link:
        await asyncio.gather(*(link.script("lookup", [f"{n}"]) for n in range(50)))
        assert len(link._quick._idle) > 1
        for fault in range(3):
            proxy.reset()
            failed = 0
            for _ in range(20):
                try:
                    await link.script("lookup", ["x"])
                except BrokerUnavailableError:
                    failed += 1
            assert failed <= 1, f"reset {fault}"
            await asyncio.gather(*(link.script("lookup", [f"{n}"]) for n in range(50)))


async def test_a_retry_on_a_closed_link_raises(server: EmbeddedServer):
    async with ShardClient(server.url, BrokerConfig(pool="closed")) as link:
        server.kill()
        insisting = asyncio.create_task(link.retry(lambda: link.script("lookup", ["x"])))
        await asyncio.sleep(0)
    with pytest.raises(BrokerUnavailableError):
        await asyncio.wait_for(insisting, 30)


@contextlib.asynccontextmanager
async def _behind_a_proxy(server: EmbeddedServer) -> AsyncIterator[tuple[Proxy, str]]:
    port = urlsplit(server.url).port or 0
    async with Proxy("127.0.0.1", port) as proxy:
        yield proxy, server.url.replace(f":{port}/", f":{proxy.port}/")


async def _blocked(client: Redis) -> list[dict[str, str]]:
    return [c for c in await client.client_list() if c["cmd"] == "blpop"]


async def _are_blocked(client: Redis, count: int) -> bool:
    return len(await _blocked(client)) == count


async def _is_alone(client: Redis) -> bool:
    return len(await client.client_list()) == 1
