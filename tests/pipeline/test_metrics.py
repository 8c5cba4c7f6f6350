"""The pool's metrics: of whoever submitted, in sets that do not overlap, and answered by a real Prometheus."""

import asyncio
import itertools
import json
import math
import re
import runpy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest
from board_kit import rescued, reward
from prometheus_kit import prometheus, serving
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, rollout

from tinyv_stream import RewardClient
from tinyv_stream.board.figures import Figures
from tinyv_stream.broker.figures import stage_figures
from tinyv_stream.broker.operator import OperatorApi, WorkerInfo
from tinyv_stream.config import BrokerConfig
from tinyv_stream.gateway.metrics import pool_text
from tinyv_stream.testing import EmbeddedServer, wait_until

CONTRIB = Path(__file__).parents[2] / "contrib"
DASHBOARD = CONTRIB / "grafana" / "tinyv.json"
COUNTED = ("killed_graders", "engine_restarts", "asked_again")
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
            status = await operator.status()
    text = pool_text(status).decode()
    told = [{"killed": "3", "restarts": "2", "asked_again": "7"}, {"killed": "1", "restarts": "x" * 99}]
    workers = [WorkerInfo(name=f"w{n}", stage="tinyv", pid=n, host="h", state="ready", done=10, about=about)
               for n, about in enumerate(told)]  # fmt: skip
    of_workers = pool_text(msgspec.structs.replace(status, workers=workers)).decode()
    counted = {name: value(of_workers, f"tinyv_pool_{name}") for name in COUNTED}
    assert counted == {"killed_graders": 4, "engine_restarts": 2, "asked_again": 7}
    assert value(of_workers, 'tinyv_pool_done_rollouts{stage="tinyv"}') == 20
    assert value(text, "tinyv_pool_submitted_total") == 5
    assert value(text, 'tinyv_pool_rewards_total{source="rule",status="ok"}') == 2
    assert value(text, 'tinyv_pool_rewards_total{source="tinyv",status="ok"}') == 2
    assert value(text, 'tinyv_pool_rewards_total{source="fallback",status="failed"}') == 1
    assert value(text, "tinyv_pool_rescued_total") == 1
    rewards = re.findall(r"^tinyv_pool_rewards_total\{.*\} (\S+)$", text, re.MULTILINE)
    assert sum(map(float, rewards)) == 5  # the sets do not overlap, so their sum is the number of rewards
    assert value(text, 'tinyv_pool_oldest_seconds{stage="rule"}') == 0
    assert value(text, 'tinyv_pool_backlog_seconds{stage="tinyv"}') == 0
    assert value(text, 'tinyv_pool_verdicts_per_second{stage="rule"}') >= 0
    ready = [WorkerInfo(name="w", stage="tinyv", pid=1, host="h", state="ready", slots=64)]
    stuck = pool_text(msgspec.structs.replace(status, stages=stage_figures({"tinyv": 5}, {}, ready))).decode()
    assert value(stuck, 'tinyv_pool_backlog_seconds{stage="tinyv"}') == math.inf
    assert value(stuck, 'tinyv_pool_slots{stage="tinyv"}') == 64
    assert value(text, "tinyv_pool_up") == 1


def test_a_pool_that_does_not_answer_has_no_figure_but_that() -> None:
    text = pool_text(None).decode()
    assert value(text, "tinyv_pool_up") == 0
    assert set(re.findall(r"^(tinyv_\w+)", text, re.MULTILINE)) == {"tinyv_pool_up", "tinyv_build_info"}


async def test_a_real_prometheus_answers_every_alert(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("apt-get install prometheus")
    checked = await asyncio.create_subprocess_exec(promtool, "check", "rules", str(RULES))
    assert await checked.wait() == 0
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as one:
        await (await one.submit(rollout("tinyv:correct")))
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:

            async def text() -> bytes:
                return pool_text(await operator.status())

            async with serving(text) as ports, prometheus(tmp_path, ports, RULES) as (answer, url):
                for metric in ("tinyv_pool_workers", "tinyv_pool_rewards_total", "tinyv_pool_oldest_seconds"):
                    assert await answer(metric)
                async with aiohttp.ClientSession() as http, http.get(f"{url}/api/v1/rules") as said:
                    groups = (await said.json())["data"]["groups"]
                assert len(groups[0]["rules"]) == 6
                for rule in groups[0]["rules"]:
                    assert await answer(rule["query"]) is not None


@pytest.mark.long
async def test_a_real_prometheus_has_a_number_for_every_expression_of_the_dashboard(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    board = Figures()
    n = itertools.count()
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client() as one:  # noqa: SIM117 too long
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:

            async def of_pool() -> bytes:
                """Something has happened at every look: a rate needs two values."""
                number = next(n)
                await (await one.submit(rollout(f"tinyv:correct {number}", number)))
                return pool_text(await operator.status())

            async def of_board() -> bytes:
                number = next(n)
                board.lines([rescued(number), reward(number)])
                step = {"step": number, "is_closed": True, "generation": 5.0, "hidden": 2.0, "exposed": 0.1}
                board.steps("run", [step])
                return board.text()

            async with serving(of_pool, of_board) as ports, prometheus(tmp_path, ports, RULES) as (answer, _):
                asked = list(expressions())
                assert len(asked) == 20
                for expression in asked:
                    query = expression.replace("$__rate_interval", "1m")

                    async def has_numbers(query: str = query) -> bool:
                        rows = await answer(query)
                        return bool(rows) and all(row["value"][1] != "NaN" for row in rows)  # type: ignore[index]

                    await wait_until(has_numbers, 30, expression)


def test_the_dashboard_is_what_its_script_makes() -> None:
    pytest.importorskip("grafana_foundation_sdk", reason="pip install grafana-foundation-sdk")
    script = runpy.run_path(str(DASHBOARD.with_name("make_dashboard.py")))
    assert script["encoded"]() == DASHBOARD.read_text()


def expressions() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]
