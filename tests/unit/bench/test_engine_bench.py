"""The engine benchmark's own arithmetic, and that its reference asks as it says."""

import asyncio
import itertools
import json
import zlib
from typing import Self

import pytest
from aiohttp import web
from tinyv_stream_workers.tinyv.engines.scripted import ScriptedEngine

from bench.engine import run
from bench.engine.bound import least
from bench.engine.command import result
from bench.engine.determinism import Asked, asked
from bench.engine.parts import EngineRate
from bench.engine.reference import pattern
from bench.engine.reference_program import PROCESSES
from bench.engine.run import EngineSettings
from tinyv_stream.errors import EngineError

PROMOTED = ("worker_over_raw", "x_reference", "calls_avoided", "prefix_hit_rate", "p50_ms", "p99_ms")


def test_each_different_token_is_counted_once() -> None:
    assert least([[1, 2, 3, 4]]) == 4
    assert least([[1, 2, 3, 4], [1, 2, 3, 5]]) == 5
    assert least([[1, 2, 3, 4], [5, 2, 3, 4]]) == 8, "the same tokens behind another beginning are others"


def test_last_token_is_always_computed() -> None:
    assert least([[1, 2, 3], [1, 2, 3]]) == 4
    assert least([[1, 2, 3], [1, 2]]) == 4


class Served:
    """A server that replies once two ask, and keeps vLLM's counters."""

    model = "verifier"

    def __init__(self, *, fails: bool = False) -> None:
        self.requests: list[dict[str, object]] = []
        self.port = 0
        self.most = self._held = 0
        self._fails = fails
        self._together = asyncio.Event()
        self.asked_for_models = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.post("/v1/chat/completions", self._reply),
                web.get("/v1/models", self._models),
                web.get("/metrics", self._metrics),
            ]
        )
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _reply(self, request: web.Request) -> web.Response:
        self.requests.append(await request.json())
        self._held += 1
        self.most = max(self.most, self._held)
        if self._held > 1 or self._fails:
            self._together.set()
        await self._together.wait()  # the first waits for a second: calls are made at the same time
        self._held -= 1
        return web.json_response({"usage": {"completion_tokens": 8}}, status=500 if self._fails else 200)

    async def _models(self, _request: web.Request) -> web.Response:
        self.asked_for_models += 1
        return web.json_response({"object": "list", "data": [{"id": self.model, "object": "model"}]})

    async def _metrics(self, _request: web.Request) -> web.Response:
        done = len(self.requests)
        lines = [
            "# TYPE vllm:prompt_tokens counter",
            f'vllm:prompt_tokens_total{{engine="0",model_name="verifier"}} {100.0 * done}',
            f'vllm:prefix_cache_hits_total{{engine="0"}} {60.0 * done}',
            f'vllm:generation_tokens_total{{engine="0"}} {8.0 * done}',
            'vllm:generation_tokens_created{engine="0"} 1.7e+09',
        ]
        return web.Response(text="\n".join(lines) + "\n")


async def test_the_reference_asks_per_rollout_within_its_processes() -> None:
    prompts = [f"prompt {n % 50}" for n in range(3 * PROCESSES)]
    async with Served() as server:
        found = await pattern(server, prompts)
    asked = [json.dumps(request["messages"]) for request in server.requests]
    assert len(asked) == len(prompts), "equal prompts are asked as often as they come"
    assert 1 < server.most <= PROCESSES
    assert {(r["max_tokens"], r["temperature"], r["model"]) for r in server.requests} == {(8, 0, "verifier")}
    assert found.written == 8 * len(prompts)
    assert found.computed == (100 - 60 + 8 - 1) * len(prompts)
    assert found.hit_rate == pytest.approx(0.6)
    assert found.rate.per_s == pytest.approx(len(prompts) / found.wall_s)


async def test_reference_as_published_asks_for_the_models_in_each_process() -> None:
    pytest.importorskip("openai")
    async with Served() as server:
        found = await pattern(server, ["a", "b", "a"], as_published=True)
    assert len(server.requests) == 3
    assert 1 < server.asked_for_models <= 3
    assert found.written == 24


async def test_reference_that_fails_is_no_figure() -> None:
    async with Served(fails=True) as server:
        with pytest.raises(EngineError, match="status 500"):
            await pattern(server, ["a", "b"])


def test_promised_figures_stand_at_the_top() -> None:
    rates = [EngineRate(10.0, 8.0), EngineRate(12.0, 9.0), EngineRate(11.0, 8.5)]
    found = {
        "raw": rates,
        "worker": rates,
        "step": [EngineRate(20.0, 16.0)],
        "reference": [],
        "reference_as_published": [],
        "loads": [{"share": share, "p50_ms": 100 * share, "p99_ms": 300 * share} for share in (0.25, 0.5, 0.75, 1.0)],
        "rollouts": 100,
        "calls": 60,
        "different": 60,
        "prefix_hit_rate": 0.6,
        "tokens": {"raw": 5000, "step": 5100, "least": 4000},
    }
    report = result(found)
    assert all(name in report for name in PROMOTED)
    assert report["worker_over_raw"] == 1.0
    assert report["calls_avoided"] == pytest.approx(0.4)
    assert (report["p50_ms"], report["p99_ms"]) == (75.0, 225.0), "at three quarters of the load"
    assert report["x_reference"] is None, "not measured is not a number"


@pytest.mark.parametrize(
    ("flips", "near", "verdicts", "holds"),
    [
        (0, 0.12, {"correct": 3, "incorrect": 7}, True),
        (1, 0.12, {"correct": 3, "incorrect": 7}, False),
        (0, 0.31, {"correct": 3, "incorrect": 7}, False),
        (0, 0.12, {"incorrect": 10}, False),
    ],
)
def test_determinism_holds_only_if_no_verdict_turned_and_none_could(
    flips: int, near: float, verdicts: dict[str, int], *, holds: bool
) -> None:
    row = Asked(
        prompt="own",
        prompts=10,
        verdicts=verdicts,
        flips=flips,
        asked_again=1,
        largest_difference=0.4,
        largest_near_threshold=near,
        near_threshold=2,
        margin=0.25,
    )
    assert row.holds is holds


async def test_turned_verdict_is_found_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The three orders on a scripted engine: one that is the same every time, and one that wavers around a half."""
    calls = itertools.count()

    def steady(prompt: str) -> float:
        return 0.999 if zlib.crc32(prompt.encode()) % 2 else 0.001

    def wavering(_prompt: str) -> float:
        return 0.999 if next(calls) % 3 == 0 else 0.001

    for rule, wavers in ((steady, False), (wavering, True)):
        monkeypatch.setattr(run, "make_engine", lambda *_, rule=rule: ScriptedEngine(rule))
        rows = await asked(EngineSettings(model="embedded"), 24, lambda _text: None)
        assert [(row.prompt, row.prompts) for row in rows] == [("own", 24), ("TinyV-1.5B", 24)]
        for row in rows:
            assert (row.flips > 0) is wavers
            assert (row.largest_difference > 10) is wavers
            assert row.holds is not wavers
