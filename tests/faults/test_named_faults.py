"""Faults as they were met: each once ended a client for good. Real server, real workers, a client of its own."""

import asyncio
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gateway_kit import workers
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, rollout

from bench.chaos.proxy import Proxy
from tinyv_stream import RewardClient
from tinyv_stream.broker.keys import Keys
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.client import session
from tinyv_stream.testing import EmbeddedServer, embedded_server

PROGRAM = Path(__file__).with_name("client_program.py")
ROOT = Path(__file__).resolve().parents[2]


class Trainer:
    """The client's process."""

    def __init__(self, url: str, pool: str, *, package: Path = ROOT) -> None:
        env = {**os.environ, "PYTHONPATH": str(package)}
        argv = [sys.executable, "-P", str(PROGRAM), url, pool]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(argv, env=env, text=True, **pipes)  # type: ignore[call-overload]

    async def said(self) -> str:
        return await asyncio.wait_for(asyncio.to_thread(self.process.stdout.readline), 60)

    async def submits(self, count: int) -> list[str]:
        self.ask(count)
        return json.loads(await self.said())

    def ask(self, count: int) -> None:
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()


@contextlib.asynccontextmanager
async def world(*, package: Path = ROOT) -> AsyncIterator[tuple[EmbeddedServer, Proxy, Trainer]]:
    """A server, a worker that reaches it, and a trainer that reaches it through a proxy and has had a reward."""
    async with embedded_server(tcp=True) as server:
        port = urlsplit(server.url).port or 0
        async with workers(server.url, "p"), Proxy("127.0.0.1", port) as proxy:
            trainer = Trainer(server.url.replace(f":{port}/", f":{proxy.port}/"), "p", package=package)
            try:
                assert await trainer.said() == "open\n"
                assert await trainer.submits(2) == ["ok", "ok"]
                yield server, proxy, trainer
                trainer.process.stdin.close()
                assert await asyncio.to_thread(trainer.process.wait, 30) == 0
            finally:
                trainer.process.kill()


@pytest.mark.slow
async def test_the_right_to_run_scripts_is_taken_away_and_given_back() -> None:
    async with world() as (server, _, trainer), connect(server.url) as r:
        await r.execute_command("ACL", "SETUSER", "trainer", "on", "nopass", "~*", "+@all")
        await r.execute_command("ACL", "SETUSER", "default", "-evalsha")
        trainer.ask(5)
        await asyncio.sleep(1.0)  # the client has met it
        await r.execute_command("ACL", "SETUSER", "default", "+evalsha")
        assert json.loads(await trainer.said()) == ["ok"] * 5


async def test_a_deleted_queue_costs_no_reward_and_is_said_once(
    serve: Serve,
    client: Callable[..., RewardClient],
    server: EmbeddedServer,
    pool_name: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(session, "RECONCILE_S", 0.1)
    async with client() as c:
        tickets = [await c.submit(rollout("rule:correct", n)) for n in range(5)]
        async with connect(server.url) as r:
            assert await r.unlink(Keys(pool_name).queue("rule")) == 1
        async with serve(ScriptedVerifier("rule")):
            assert [(await ticket).value for ticket in tickets] == [1.0] * 5
    assert len([message for message in caplog.messages if "the broker lost rollouts" in message]) == 1


@pytest.mark.slow
async def test_an_upgrade_moves_the_scripts_under_a_live_client(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tinyv_stream", tmp_path / "tinyv_stream")
    async with world(package=tmp_path) as (server, _, trainer), connect(server.url) as r:
        (tmp_path / "tinyv_stream" / "broker" / "lua").rename(tmp_path / "moved")
        await r.execute_command("SCRIPT", "FLUSH")
        assert await trainer.submits(5) == ["ok"] * 5


@pytest.mark.slow
@pytest.mark.parametrize("words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\xff" * 50, b"220 mail ready\r\n", b""])
async def test_another_server_answers_at_the_port_for_a_while(words: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read(100)
            writer.write(words)
            await writer.drain()
        writer.close()

    async with world() as (_, proxy, trainer), await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        there, proxy._target = proxy._target, ("127.0.0.1", other.sockets[0].getsockname()[1])
        proxy.reset()
        trainer.ask(5)
        await asyncio.sleep(1.0)  # the client has met it
        proxy._target = there
        proxy.reset()
        assert json.loads(await trainer.said()) == ["ok"] * 5


@pytest.mark.slow
async def test_descriptors_are_gone_for_a_moment() -> None:
    async with world() as (_, proxy, trainer):
        pid = trainer.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
        proxy.reset()
        trainer.ask(5)
        await asyncio.sleep(1.0)  # the client has met it
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        assert json.loads(await trainer.said()) == ["ok"] * 5


@pytest.mark.slow
async def test_a_key_of_ours_is_of_another_type_for_a_while() -> None:
    async with world() as (server, _, trainer), connect(server.url) as r:
        key = "{tv:p:0}:done:run"
        await r.execute_command("SET", key, "not ours")
        trainer.ask(5)
        await asyncio.sleep(1.0)  # the client has met it
        await r.execute_command("DEL", key)
        assert json.loads(await trainer.said()) == ["ok"] * 5
