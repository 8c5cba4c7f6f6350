"""Health checks tell the truth: each reason why no reward can be given, by what really is the matter."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from gateway_kit import Http, gateway, rollout, workers

from bench.chaos.proxy import Proxy
from tinyv_stream.gateway.journal import Journal, StateError
from tinyv_stream.gateway.service import GatewayService
from tinyv_stream.testing import EmbeddedServer, embedded_server, wait_until
from tinyv_stream.types import Reward

POST = {"rollouts": [rollout("rule:correct")], "wait": False, "client": "c"}


async def said(http: Http, path: str) -> tuple[int, dict[str, Any]]:
    status, body = await http.get(path)
    return status, msgspec.json.decode(body)


async def says(http: Http, path: str, status: int, reason: str) -> bool:
    got, body = await said(http, path)
    return got == status and reason in body.get("reason", "")


@contextlib.asynccontextmanager
async def reached_by_proxy() -> AsyncIterator[tuple[EmbeddedServer, Proxy, str]]:
    async with embedded_server(tcp=True) as server:
        port = urlsplit(server.url).port or 0
        async with Proxy("127.0.0.1", port) as proxy:
            yield server, proxy, server.url.replace(f":{port}/", f":{proxy.port}/")


async def test_a_broker_that_is_away_is_said_at_once_and_fails_health_after_its_time() -> None:
    async with (
        reached_by_proxy() as (server, proxy, url),
        workers(server.url, "p"),
        gateway(url, "p", unhealthy_s=0.5) as http,
    ):
        await wait_until(lambda: says(http, "/readyz", 200, ""), 30, "the pool to be ready")
        proxy.is_hole = True
        proxy.reset()
        await wait_until(lambda: says(http, "/readyz", 503, "cannot "), 30, "readiness to fail")
        await wait_until(lambda: says(http, "/healthz", 503, "cannot "), 30, "health to fail")
        _, body = await said(http, "/healthz")
        assert body["for_s"] >= 0.5
        proxy.is_hole = False
        proxy.reset()
        await wait_until(lambda: says(http, "/readyz", 200, ""), 30, "the pool to be ready again")
        assert await said(http, "/healthz") == (200, {"status": "ok"})


async def test_a_pool_without_rule_workers_is_not_ready_and_healthy(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name) as http:
        status, body = await said(http, "/readyz")
        assert (status, body["reason"], body["workers"]) == (503, "no rule worker is ready", {"rule": 0, "tinyv": 0})
        assert await said(http, "/healthz") == (200, {"status": "ok"})


@pytest.mark.parametrize("how", ["raises", "is cancelled"])
async def test_a_dead_reader_of_rewards_fails_health(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async def keep(_: GatewayService, reward: Reward) -> None:
        raise RuntimeError(reward.rollout_id) if how == "raises" else asyncio.CancelledError

    monkeypatch.setattr(GatewayService, "_keep", keep)
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        assert (await http.post("/v1/rollouts", POST))[0] == 202
        await wait_until(lambda: says(http, "/healthz", 503, "the reader of rewards has ended"), 30, "health to fail")
        assert await says(http, "/readyz", 503, "the reader of rewards has ended")


async def test_a_state_file_that_takes_nothing_fails_health_until_it_does(
    server: EmbeddedServer, pool_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(book: Journal, feed: str, number: int, reward: Reward) -> int:
        raise StateError("book.db", "disk I/O error")

    async with (
        workers(server.url, pool_name),
        gateway(server.url, pool_name, state=str(tmp_path / "book.db"), unhealthy_s=0.3) as http,
    ):
        with monkeypatch.context() as broken:
            broken.setattr(Journal, "add", add)
            assert (await http.post("/v1/rollouts", POST))[0] == 202
            await wait_until(lambda: says(http, "/healthz", 503, "write a reward"), 30, "health to fail")
        await wait_until(lambda: says(http, "/healthz", 200, ""), 30, "health to come back")
        assert len(await http.take("/v1/rewards?client=c", 1)) == 1


async def test_a_gateway_that_ends_is_not_ready_and_says_so(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        await wait_until(lambda: says(http, "/readyz", 200, ""), 30, "the pool to be ready")
        http.gateway._stopping.set()
        assert await says(http, "/readyz", 503, "stopping")


async def test_an_answer_that_nobody_knows_is_a_reason_and_no_fault_of_the_gateway(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(_: GatewayService) -> None:
        raise KeyError("field")

    monkeypatch.setattr(GatewayService, "look", look)
    async with gateway(server.url, pool_name) as http:
        assert await says(http, "/readyz", 503, "does not answer as it should (KeyError")
        assert (await http.get("/metrics"))[0] == 200
