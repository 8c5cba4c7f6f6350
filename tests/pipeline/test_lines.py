"""The kept connections, on a real server: no reply is ever taken for another command's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from redis import exceptions as redis_errors
from redis.asyncio import Redis

from bench.chaos.proxy import Proxy
from tinyv_stream.broker.connect import connect
from tinyv_stream.broker.lines import Lines
from tinyv_stream.testing import EmbeddedServer, wait_until


@pytest.fixture
async def server() -> AsyncIterator[EmbeddedServer]:
    async with EmbeddedServer(tcp=True) as s:
        yield s


async def test_a_reply_is_its_own_commands_after_cancellations_and_errors(server: EmbeddedServer):
    async with connect(server.url) as client:
        lines = Lines(client, timeout_s=5.0)
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
        await lines.drop()


@pytest.mark.parametrize("kind", ["client", "lines"])
async def test_no_cancellation_is_lost_to_a_server_that_answers_with_errors(kind: str):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1000):
                writer.write(b"%0\r\n" if b"HELLO" in data else b"-LOADING the dataset\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as loading:
        port = loading.sockets[0].getsockname()[1]
        async with connect(f"redis://127.0.0.1:{port}") as client:
            ask = client.execute_command if kind == "client" else Lines(client, timeout_s=5.0).ask
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
        lines = Lines(client, timeout_s=0.2)
        with pytest.raises(redis_errors.TimeoutError):
            await lines.ask("BLPOP", "nothing", 2)
        assert await lines.ask("ECHO", "next") == b"next"
        await lines.drop()


async def test_a_line_that_was_closed_while_idle_is_connected_anew(server: EmbeddedServer):
    async with connect(server.url) as client:
        lines = Lines(client, timeout_s=5.0)
        first = await lines.ask("CLIENT", "ID")
        assert await lines.ask("CLIENT", "ID") == first, "a line is kept"
        await client.execute_command("CLIENT", "KILL", "ID", first)
        deadline = asyncio.get_running_loop().time() + 5
        while (again := await _id(lines)) in {None, first}:
            assert asyncio.get_running_loop().time() < deadline
        assert again != first
        await lines.drop()


async def test_a_command_whose_connection_breaks_is_not_sent_again(server: EmbeddedServer):
    async with connect(server.url) as client:
        lines = Lines(client, timeout_s=10.0)
        number = await lines.ask("CLIENT", "ID")
        waiting = asyncio.create_task(lines.ask("BLPOP", "nothing", 8))
        await wait_until(lambda: _blocked(client), 10, "the read blocks")
        await client.execute_command("CLIENT", "KILL", "ID", number)
        with pytest.raises(redis_errors.ConnectionError):
            await waiting
        assert not await _blocked(client)
        await lines.drop()


async def test_commands_beyond_the_most_at_once_wait_their_turn(server: EmbeddedServer):
    async with connect(server.url) as client:
        lines = Lines(client, timeout_s=10.0)
        found = await asyncio.gather(*(lines.ask("ECHO", str(n)) for n in range(100)))
        assert found == [str(n).encode() for n in range(100)]
        used = await client.client_list()
        assert len(used) <= 9, "eight, and the one that asks"
        await lines.drop()


async def test_lines_find_their_way_after_a_network_that_swallowed_everything(server: EmbeddedServer):
    port = int(server.url.rsplit(":", 1)[1].split("/")[0])
    async with Proxy("127.0.0.1", port) as proxy, connect(server.url.replace(f":{port}", f":{proxy.port}")) as client:
        lines = Lines(client, timeout_s=0.3)
        assert await lines.ask("PING") == b"PONG"
        proxy.is_hole = True
        for _ in range(2):  # on a line that is open, and on one that would have to be opened
            with pytest.raises(redis_errors.TimeoutError):
                await lines.ask("PING")
        proxy.is_hole = False
        proxy.reset()
        assert await lines.ask("PING") == b"PONG"
        await lines.drop()


async def _blocked(client: Redis) -> list[dict[str, str]]:
    return [c for c in await client.client_list() if c["cmd"] == "blpop"]


async def _id(lines: Lines) -> object:
    try:
        return await lines.ask("CLIENT", "ID")
    except redis_errors.ConnectionError:
        return None
