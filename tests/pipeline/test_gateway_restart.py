"""Killed gateways, restarted gateways, and readers that do not read: no reward is lost, none comes twice."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cli_kit import Cli
from gateway_kit import Http, gateway, rollout, workers

from tinyv_stream import InvalidInputError
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.gateway import Gateway, GatewayConfig, streaming
from tinyv_stream.testing import EmbeddedServer, wait_until

STREAM = "/v1/rewards?client=trainer"


def _post(n_from: int, n_to: int, **more: object) -> dict[str, object]:
    rollouts = [rollout("rule:incorrect tinyv:correct", n, **more) for n in range(n_from, n_to)]
    return {"rollouts": rollouts, "wait": False, "client": "trainer"}


def _ids(lines: list[dict[str, Any]]) -> list[str]:
    return [line["reward"]["rollout_id"] for line in lines]


@contextlib.asynccontextmanager
async def process(cli: Cli, server: EmbeddedServer, pool: str) -> AsyncIterator[Http]:
    """A gateway as a process of its own, which is killed at the end."""
    state = cli.home / "gateway.db"
    args = ("gateway", "--listen", "127.0.0.1:0", "--redis", server.url, "--pool", pool, "--state", state)
    running = cli.start(*args, stdout=subprocess.PIPE)
    try:
        url = await asyncio.to_thread(_url_of, running)
        async with aiohttp.ClientSession() as session:
            yield Http(session, SimpleNamespace(url=url))  # type: ignore[arg-type]
    finally:
        running.kill()  # SIGKILL
        running.wait()


def _url_of(running: "subprocess.Popen[str]") -> str:
    assert running.stdout is not None
    for line in running.stdout:
        if "answers at " in line:
            return line.split("answers at ")[1].split()[0]
    raise AssertionError(f"it ended with {running.wait()}")


async def test_a_killed_gateway_is_taken_up_at_the_cursor_with_every_reward_once(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    cli = Cli(tmp_path)
    async with process(cli, server, pool_name) as http:
        async with workers(server.url, pool_name):
            assert (await http.post("/v1/rollouts", _post(0, 30)))[0] == 202
            read = await http.take(STREAM, 10)
        assert (await http.post("/v1/rollouts", _post(30, 60)))[0] == 202  # nobody works on these
    async with process(cli, server, pool_name) as http, workers(server.url, pool_name):
        rest = await http.take(f"{STREAM}&cursor={read[-1]['cursor']}", 50)
        again = await http.post("/v1/rollouts", _post(0, 60))
        assert again[0] == 202
        assert _ids(await http.lines(STREAM + "&follow=false")) == _ids(read + rest)
    assert sorted(_ids(read + rest)) == sorted(f"r{n}" for n in range(60))
    assert {line["reward"]["value"] for line in read + rest} == {1.0}
    numbers = [int(line["cursor"].rpartition("-")[2]) for line in read + rest]
    assert numbers == list(range(1, 61))


async def test_kills_in_the_middle_of_reading_double_nothing(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    cli, seen = Cli(tmp_path), []
    async with workers(server.url, pool_name):
        for life in range(4):
            async with process(cli, server, pool_name) as http:
                if life == 0:
                    assert (await http.post("/v1/rollouts", _post(0, 200)))[0] == 202
                at = f"&cursor={seen[-1]['cursor']}" if seen else ""
                seen += await http.take(STREAM + at, 50)
    assert sorted(_ids(seen)) == sorted(f"r{n}" for n in range(200))


async def test_what_was_unrewarded_at_a_stop_is_collected_by_the_next(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    state = str(tmp_path / "book.db")
    async with gateway(server.url, pool_name, state=state) as http:
        assert (await http.post("/v1/rollouts", _post(0, 5)))[0] == 202
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
        assert (await operator.status()).live == 5
    async with workers(server.url, pool_name), gateway(server.url, pool_name, state=state) as http:
        assert sorted(_ids(await http.take(STREAM, 5))) == [f"r{n}" for n in range(5)]


async def test_credit_is_kept_over_a_restart(server: EmbeddedServer, pool_name: str, tmp_path: Path) -> None:
    more = {"state": str(tmp_path / "book.db"), "credit": 4}
    async with gateway(server.url, pool_name, **more) as http:
        assert (await http.post("/v1/rollouts", _post(0, 4)))[0] == 202
    async with workers(server.url, pool_name), gateway(server.url, pool_name, **more) as http:
        assert (await http.post("/v1/rollouts", _post(4, 5)))[0] == 429
        await http.take(STREAM, 4)
        await wait_until(lambda: _accepts(http, _post(4, 5)), 30, "credit to come back")


async def test_a_second_gateway_with_the_same_file_is_refused(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    state = str(tmp_path / "book.db")
    async with gateway(server.url, pool_name, state=state):
        with pytest.raises(InvalidInputError, match="no other gateway"):
            await Gateway(GatewayConfig(redis_url=server.url, pool=pool_name, port=0, state=state)).__aenter__()
    (tmp_path / "text.db").write_text("this is no book " * 100)
    with pytest.raises(InvalidInputError, match="--state"):
        await Gateway(
            GatewayConfig(redis_url=server.url, pool=pool_name, port=0, state=str(tmp_path / "text.db"))
        ).__aenter__()


async def test_a_forgotten_clients_cursor_is_not_good_for_its_next_namesake(
    server: EmbeddedServer, pool_name: str
) -> None:
    more = {"idle_s": 0.2, "max_clients": 1}
    async with workers(server.url, pool_name), gateway(server.url, pool_name, **more) as http:
        async with http.listening("trainer") as read:
            await http.post("/v1/rollouts", _post(0, 3))
            old = (await read(3))[0]["cursor"]
        async with http.listening("other"):  # there is room for one: the first was forgotten
            pass
        async with http.listening("trainer") as read:
            await http.post("/v1/rollouts", _post(4, 9))
            assert len(await read(5)) == 5
            assert (await http.get(f"{STREAM}&follow=false&cursor={old}"))[0] == 410


async def test_a_reader_that_takes_nothing_is_cut_off_and_resumes(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        """What `write` does while a reader's socket is full: wait for room."""
        await asyncio.Event().wait()

    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        assert (await http.post("/v1/rollouts", _post(0, 300)))[0] == 202
        first = await http.take(STREAM, 10)
        with monkeypatch.context() as patched:
            patched.setattr(streaming, "_SLOW_S", 0.2)
            patched.setattr(web.StreamResponse, "write", full)
            with pytest.raises(aiohttp.ClientError):  # its connection is cut, so it cannot take this for the end
                await http.take(f"{STREAM}&cursor={first[-1]['cursor']}", 290)
        rest = await http.take(f"{STREAM}&cursor={first[-1]['cursor']}", 290)
    assert sorted(_ids(first + rest)) == sorted(f"r{n}" for n in range(300))


async def _accepts(http: Http, body: object) -> bool:
    return (await http.post("/v1/rollouts", body))[0] == 202
