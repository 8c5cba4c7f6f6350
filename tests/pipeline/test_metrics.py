"""The pool's metrics: of whoever submitted, in sets that do not overlap, and answered by a real Prometheus."""

import asyncio
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, rollout

from tinyv_stream import RewardClient
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.gateway.metrics import CONTENT_TYPE, pool_text
from tinyv_stream.testing import EmbeddedServer, wait_until

RULES = Path(__file__).parents[2] / "contrib" / "prometheus" / "tinyv-alerts.yml"


def value(text: str, name: str) -> float:
    (found,) = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found)


async def test_rewards_of_a_native_client_are_counted_each_once(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str
) -> None:
    texts = ["rule:correct", "rule:correct", "tinyv:correct", "tinyv:incorrect", "tinyv:undecided"]
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as one:
        for ticket in [await one.submit(rollout(f"{text} {n}", n)) for n, text in enumerate(texts)]:
            await ticket
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
            text = pool_text(await operator.status()).decode()
    assert value(text, "tinyv_pool_submitted_total") == 5
    assert value(text, 'tinyv_pool_rewards_total{source="rule",status="ok"}') == 2
    assert value(text, 'tinyv_pool_rewards_total{source="tinyv",status="ok"}') == 2
    assert value(text, 'tinyv_pool_rewards_total{source="fallback",status="failed"}') == 1
    assert value(text, "tinyv_pool_rescued_total") == 1
    rewards = re.findall(r"^tinyv_pool_rewards_total\{.*\} (\S+)$", text, re.MULTILINE)
    assert sum(map(float, rewards)) == 5  # the sets do not overlap, so their sum is the number of rewards
    assert value(text, 'tinyv_pool_oldest_seconds{stage="rule"}') == 0
    assert value(text, "tinyv_pool_up") == 1


def test_a_pool_that_does_not_answer_has_no_figure_but_that() -> None:
    text = pool_text(None).decode()
    assert value(text, "tinyv_pool_up") == 0
    assert set(re.findall(r"^(tinyv_\w+)", text, re.MULTILINE)) == {"tinyv_pool_up", "tinyv_build_info"}


async def test_a_real_prometheus_answers_every_alert(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    prometheus, promtool = shutil.which("prometheus"), shutil.which("promtool")
    if prometheus is None or promtool is None:
        pytest.skip("apt-get install prometheus")
    checked = await asyncio.create_subprocess_exec(promtool, "check", "rules", str(RULES))
    assert await checked.wait() == 0
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as one:
        await (await one.submit(rollout("tinyv:correct")))
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:

            async def metrics(_: web.Request) -> web.Response:
                return web.Response(body=pool_text(await operator.status()), headers={"Content-Type": CONTENT_TYPE})

            app = web.Application()
            app.router.add_get("/metrics", metrics)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            try:
                await _ask(prometheus, tmp_path, runner.addresses[0][1])
            finally:
                await runner.cleanup()


async def _ask(prometheus: str, directory: Path, port: int) -> None:
    config = directory / "prometheus.yml"
    job = f"{{job_name: pool, scrape_interval: 1s, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}"
    config.write_text(f"rule_files: [{RULES}]\nscrape_configs: [{job}]\n")
    free = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    own = free.sockets[0].getsockname()[1]
    free.close()
    process = await asyncio.create_subprocess_exec(
        prometheus, f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{own}", stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as http:

            async def answer(query: str) -> list[object] | None:
                try:
                    async with http.get(f"http://127.0.0.1:{own}/api/v1/query", params={"query": query}) as said:
                        found = await said.json()
                except aiohttp.ClientError:
                    return None
                assert found["status"] == "success", found
                return found["data"]["result"]

            async def is_scraped() -> bool:
                return bool(await answer("tinyv_pool_up == 1"))

            await wait_until(is_scraped, 60, "Prometheus has scraped the pool")
            for metric in ("tinyv_pool_workers", "tinyv_pool_rewards_total", "tinyv_pool_oldest_seconds"):
                assert await answer(metric)
            async with http.get(f"http://127.0.0.1:{own}/api/v1/rules") as said:
                groups = (await said.json())["data"]["groups"]
            assert len(groups[0]["rules"]) == 6
            for rule in groups[0]["rules"]:
                assert await answer(rule["query"]) is not None
    finally:
        process.terminate()
        await process.wait()
