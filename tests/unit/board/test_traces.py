"""Traces of steps that ended, received by a real OTLP/HTTP server and decoded from their protobuf."""

import asyncio
import gzip
import itertools
from pathlib import Path

import pytest
from aiohttp import web
from board_kit import began, reward, write

from tinyv_stream.board import step_traces
from tinyv_stream.board.server import Board
from tinyv_stream.board.settings import BoardConfig
from tinyv_stream.board.step_traces import StepTraces, chosen, trace_id
from tinyv_stream.record.lines import AnyLine, Rewarded
from tinyv_stream.testing import wait_until
from tinyv_stream.types import Status, Timings

proto = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2", reason="pip install .[otel]")


class Collector:
    """OTLP/HTTP as a collector takes it: protobuf, gzip or not, answered in protobuf."""

    def __init__(self) -> None:
        self.spans: list[object] = []
        self.services: set[str] = set()

    async def traces(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/x-protobuf"
        body = await request.read()
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        asked = proto.ExportTraceServiceRequest.FromString(body)
        for of_resource in asked.resource_spans:
            self.services |= {a.value.string_value for a in of_resource.resource.attributes if a.key == "service.name"}
            for scope in of_resource.scope_spans:
                self.spans += scope.spans
        answer = proto.ExportTraceServiceResponse().SerializeToString()
        return web.Response(body=answer, content_type="application/x-protobuf")


def rollouts(step: int, count: int, at: float) -> list[Rewarded]:
    spent = Timings(credit_s=0.01, rule_queue_s=0.02, rule_s=0.03, parked_s=0.5, tinyv_queue_s=0.04, tinyv_s=0.2)
    made = [
        reward(100 * step + n, step=step, ended=at + n / 10, rewarded=at + n / 10 + 0.01 * (n % 7), timings=spent)
        for n in range(count)
    ]
    made[3] = reward(100 * step + 3, step=step, ended=at, rewarded=at + 1, value=None, status=Status.EXPIRED)
    made[5] = reward(100 * step + 5, step=step, ended=at + 0.5, rewarded=at + 5.5, timings=spent)
    return made


def attribute(span: object, name: str) -> object:
    for one in span.attributes:  # type: ignore[attr-defined]
        if one.key == name:
            return getattr(one.value, one.value.WhichOneof("value"))
    return None


async def test_each_step_that_ends_is_one_trace_with_its_tail_its_undecided_its_slowest_and_a_sample(
    tmp_path: Path,
) -> None:
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.traces)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"
    lines: list[AnyLine] = [began(1, 1000.0), *rollouts(1, 60, 1001.0), began(2, 1020.0), *rollouts(2, 60, 1021.0)]
    config = BoardConfig(runs=str(tmp_path), port=0, compress=False, otlp=url)
    try:
        write(tmp_path, lines[:61])
        async with Board(config):
            await asyncio.sleep(0)
            write(tmp_path, lines[61:])
            await wait_until(lambda: _has(collector), 30, "the trace of step 1 arrives")
    finally:
        await runner.cleanup()
    assert collector.services == {"tinyv-stream"}
    assert {span.trace_id for span in collector.spans} == {trace_id("run", 1000, 1).to_bytes(16, "big")}
    by_name: dict[str, list] = {}
    for span in collector.spans:
        by_name.setdefault(span.name, []).append(span)
    (root,), (generation,), (exposed,) = by_name["step 1"], by_name["generation"], by_name["exposed"]
    assert not root.parent_span_id and generation.parent_span_id == exposed.parent_span_id == root.span_id
    assert root.start_time_unix_nano == 1000 * 10**9 and generation.end_time_unix_nano == exposed.start_time_unix_nano
    why = {attribute(one, "tinyv.rollout"): attribute(one, "tinyv.why") for one in by_name["rollout"]}
    assert why["r103"] == "undecided" and "last" in why.values()
    assert why["r105"] in {"slow", "last"} and 10 <= len(why) <= 15
    (slow,) = [one for one in by_name["rollout"] if attribute(one, "tinyv.rollout") == "r105"]
    of_slow = [span for span in collector.spans if span.parent_span_id == slow.span_id]
    stages = sorted(of_slow, key=lambda span: span.start_time_unix_nano)
    assert [s.name for s in stages] == ["credit", "rule queue", "rule", "parked", "tinyv queue", "tinyv"]
    assert stages[0].start_time_unix_nano == slow.start_time_unix_nano
    assert all(a.end_time_unix_nano == b.start_time_unix_nano for a, b in itertools.pairwise(stages))


async def _has(collector: Collector) -> bool:
    return any(span.name == "step 1" for span in collector.spans)  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["refuses", "raises"])
def test_a_collector_that_is_away_costs_traces_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    def export(_: object) -> None:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    traces = StepTraces("http://127.0.0.1:9/v1/traces")
    traces._exporter._timeout = 0.2
    if how == "raises":
        monkeypatch.setattr(traces._exporter, "export", export)
    monkeypatch.setattr(step_traces, "_SEND", 8)
    from tinyv_stream.board.steps import Steps, combined

    steps = Steps()
    lines = [began(1, 1000.0), *rollouts(1, 12, 1001.0), began(2, 1020.0)]
    for line in lines:
        steps.event(1, line)
    traces.lines(lines)
    told = combined(steps.of_run(1)[1])
    assert told is not None and told.is_closed
    for _ in range(2):  # a step is sent once
        traces.ended("run", 1000, [told])
    traces.flush()
    assert traces.sent == 0 and 10 < traces.lost < 120
    assert caplog.text.count("traces are lost, nothing else is") == 1
    assert ("surrogates not allowed" in caplog.text) is (how == "raises")
    traces.close()


def test_the_choice_has_every_undecided_one_and_is_the_same_each_time() -> None:
    from tinyv_stream.board.step_traces import _traced

    rows = [_traced(line) for line in rollouts(1, 300, 1.0)]
    first = chosen(rows, "seed")
    assert first == chosen(rows, "seed") and len({row.id for row, _ in first}) == len(first)
    assert [why for _, why in first].count("sample") >= 7
