"""Every request of a gateway meets every class of error at the broker: it is answered as it should, never by a 500.

Rows are read off the route table; a route that takes a body is given one here, and a new one without fails.
"""

import asyncio
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from fault_kit import ANY, families, injected
from gateway_kit import Http, gateway, rollout, workers

from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.trainer import TrainerApi
from tinyv_stream.gateway.routes import Routes
from tinyv_stream.gateway.service import GatewayService
from tinyv_stream.testing import EmbeddedServer, wait_until

STREAM = "/v1/rewards"
TABLE = [(r.method, r.path) for r in Routes(cast("GatewayService", None), asyncio.Event()).table()] + [("GET", STREAM)]
ERRORS = [what for found in families().values() for what in found]


def body_for(path: str, n: int) -> dict[str, Any]:
    """Return a body whose rollout is correct."""
    return {
        "/v1/rollouts": {"rollouts": [rollout("rule:correct", n)]},
        "/get_reward": {"query": ["rule:correct"], "prompts": ["q"], "labels": ["1"]},
        "/remote_rm": {"prompt": "q", "response": "rule:correct", "label": "1"},
        "/verify": {
            "response": {"output": [{"role": "assistant", "content": "rule:correct"}]},
            "question": "q",
            "expected_answer": "1",
        },
    }[path]


def value_in(path: str, got: Any) -> float:  # noqa: ANN401 as JSON gives it
    """Return the reward in an answer."""
    match path:
        case "/v1/rollouts":
            return float(got["rewards"][0]["value"])
        case "/get_reward":
            return float(got["rewards"][0])
        case "/verify":
            return float(got["reward"])
        case _:
            return float(got)


ROWS = [
    pytest.param(TABLE, False, id="each with one error"),
    *(pytest.param([row], True, id=" ".join(row), marks=pytest.mark.long) for row in TABLE),
]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("rows", "is_whole"), ROWS)
async def test_a_request_is_answered_through_any_error(
    server: EmbeddedServer,
    pool_name: str,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[tuple[str, str]],
    *,
    is_whole: bool,
) -> None:
    cells = [(row, what) for row in rows for what in ERRORS]
    async with (
        workers(server.url, pool_name),
        gateway(server.url, pool_name) as http,
        injected(monkeypatch, TrainerApi, OperatorApi) as fault,
    ):
        await http.post("/v1/rollouts", {"rollouts": [rollout("rule:correct", 10_000)]})
        for n, ((method, path), what) in enumerate(cells if is_whole else cells[:: len(ERRORS) + 17]):
            fault.arm(ANY, what, times=4)
            async with asyncio.timeout(60):
                await asked(http, method, path, n)
            fault.left = 0
            await wait_until(lambda: is_well(http), 30, "the gateway to be well again")


async def asked(http: Http, method: str, path: str, n: int) -> None:
    if path == STREAM:
        await streamed(http, n)
    elif method == "POST":
        status, got = await http.post(path, body_for(path, n))
        assert (status, value_in(path, got)) == (200, 1.0), got
    else:
        status, data = await http.get(path)
        assert status in {200, 503}, data
        assert data


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("cells", ["some", pytest.param("all", marks=pytest.mark.long)])
async def test_a_gateway_resumes_through_any_error(
    cells: str, server: EmbeddedServer, pool_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a gateway left unrewarded is submitted by the next one, though the way to the broker fails at first."""
    state, seen, cursor = str(tmp_path / "book.db"), [], ""
    some = ERRORS if cells == "all" else ERRORS[::80]
    for n, what in enumerate(some):
        post = {"rollouts": [rollout("rule:correct", 10 * n + i) for i in range(3)], "wait": False, "client": "c"}
        async with gateway(server.url, pool_name, state=state) as http:
            assert (await http.post("/v1/rollouts", post))[0] == 202
        async with injected(monkeypatch) as fault:
            fault.arm("submit", what, times=3)
            async with asyncio.timeout(60), gateway(server.url, pool_name, state=state) as http:
                await wait_until(lambda fault=fault: fault.fired, 30, "the fault to come")
                async with workers(server.url, pool_name):
                    lines = await http.take(f"{STREAM}?client=c&cursor={cursor}", 3)
        cursor = lines[-1]["cursor"]
        seen += [line["reward"]["rollout_id"] for line in lines]
        assert {line["reward"]["value"] for line in lines} == {1.0}, what
    assert sorted(seen) == sorted(f"r{10 * n + i}" for n in range(len(some)) for i in range(3))


async def streamed(http: Http, n: int) -> None:
    post = {"rollouts": [rollout("rule:correct", n)], "wait": False, "client": f"c{n}"}
    assert (await http.post("/v1/rollouts", post))[0] == 202
    (line,) = await http.take(f"{STREAM}?client=c{n}", 1)
    assert (line["reward"]["rollout_id"], line["reward"]["value"]) == (f"r{n}", 1.0)


async def is_well(http: Http) -> bool:
    status, _ = await http.get("/readyz")
    return status == 200 and msgspec.json.decode((await http.get("/healthz"))[1]) == {"status": "ok"}
