"""Traces of steps that ended, from the record: nothing is spent while a rollout is verified, and the slow one is there.

- A trace per step of a try; its id is a digest of run, try and step, so that a trainer can link to it.
- Of the rollouts it has the one that came last, all that nobody decided, the slowest, and some at random, each with its
  stages one after the other, as its client's clock and its timings have them.
- OTLP/HTTP, by OpenTelemetry's own SDK (extra `otel`); a collector that is away costs traces, never a frame.
"""

import hashlib
import logging
import random
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final

import msgspec

from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.board.steps import StepFigures
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.record.lines import AnyLine, Rewarded
from tinyv_stream.types import Timings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

_log = logging.getLogger(__name__)

_SLOWEST: Final = 5
_SAMPLE: Final = 8
_UNDECIDED: Final = 500
"""A step of which nobody decided anything must not flood a collector."""
_STEPS: Final = 8
"""Steps whose rollouts are kept until they end."""
_ROLLOUTS: Final = 20_000
_SEND: Final = 512
_STAGES: Final = ("credit_s", "rule_queue_s", "rule_s", "parked_s", "tinyv_queue_s", "tinyv_s")


class TracedRollout(msgspec.Struct, frozen=True):
    """What a trace needs of a reward."""

    id: str
    group: str
    ended: float
    rewarded: float
    source: str
    status: str
    is_rescued: bool
    timings: Timings


def chosen(rows: Sequence[TracedRollout], seed: str) -> list[tuple[TracedRollout, str]]:
    """Return which rollouts a step's trace has, each once, and why: last, undecided, slow or sample."""
    if not rows:
        return []
    found: OrderedDict[str, tuple[TracedRollout, str]] = OrderedDict()
    last = max(rows, key=lambda row: row.rewarded)
    slowest = sorted(rows, key=lambda row: row.ended - row.rewarded)[:_SLOWEST]
    undecided = [row for row in rows if row.status != "ok"][:_UNDECIDED]
    sample = random.Random(seed).sample(list(rows), min(_SAMPLE, len(rows)))  # noqa: S311 a sample, not a secret
    for why, some in (("last", [last]), ("undecided", undecided), ("slow", slowest), ("sample", sample)):
        for row in some:
            found.setdefault(row.id, (row, why))
    return list(found.values())


class StepTraces:
    """Keeps the rollouts of open steps, and sends a trace of each that ends, by a thread of its own.

    Raises InvalidInputError, on construction, where the extra `otel` is missing.
    """

    def __init__(self, endpoint: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
        except ImportError as exc:
            raise InvalidInputError("--otlp", endpoint, "install the extra: pip install 'tinyv-stream[otel]'") from exc
        self._exporter = OTLPSpanExporter(endpoint=endpoint, timeout=5)
        self._resource = Resource.create({"service.name": "tinyv-stream"})
        self._open: OrderedDict[tuple[str, int, int], list[TracedRollout]] = OrderedDict()
        self._sender = ThreadPoolExecutor(1, "tinyv-traces")
        self._waiting: list[Future[None]] = []
        self._limit = LogLimit()
        self.sent = self.lost = 0
        """Spans."""

    def lines(self, lines: Iterable[AnyLine]) -> None:
        """Take in what was indexed just now."""
        for line in lines:
            if isinstance(line, Rewarded):
                key = (line.run, line.try_, line.step)
                rows = self._open.setdefault(key, [])
                if len(rows) < _ROLLOUTS:
                    rows.append(_traced(line))
                while len(self._open) > _STEPS:
                    self._open.popitem(last=False)

    def ended(self, run: str, try_: int, steps: Iterable[StepFigures]) -> None:
        """Send the steps that are over and were not sent; what the collector does not take is counted as lost."""
        for step in steps:
            rows = self._open.pop((run, try_, step.step), None) if step.is_closed else None
            if rows:
                self._waiting = [one for one in self._waiting if not one.done()]
                spans = self._spans(run, try_, step, rows)
                if len(self._waiting) < _STEPS:
                    self._waiting.append(self._sender.submit(self._send, spans))
                else:
                    self.lost += len(spans)

    def flush(self) -> None:
        """Wait until what ended was sent, or was lost."""
        wait(self._waiting)

    def close(self) -> None:
        """Let the exporter go; what waits is lost."""
        self._sender.shutdown(wait=False, cancel_futures=True)
        self._exporter.shutdown()

    def _send(self, spans: "list[ReadableSpan]") -> None:
        from opentelemetry.sdk.trace.export import SpanExportResult

        for start in range(0, len(spans), _SEND):
            some = spans[start : start + _SEND]
            error: Exception | None = None
            try:
                is_sent = self._exporter.export(some) is SpanExportResult.SUCCESS
            except Exception as exc:  # noqa: BLE001 whatever an exporter raises: nobody waits for this thread's result
                is_sent, error = False, exc
            if is_sent:
                self.sent += len(some)
                continue
            self.lost += len(some)
            if self._limit.is_due():
                _log.warning(
                    "the collector took %d spans not (%d so far); traces are lost, nothing else is",
                    len(some),
                    self.lost,
                    exc_info=error,
                )

    def _spans(self, run: str, try_: int, step: StepFigures, rows: list[TracedRollout]) -> "list[ReadableSpan]":
        from tinyv_stream.board.trace_spans import Maker

        make = Maker(self._resource, trace_id(run, try_, step.step))
        began, last_reward = step.last - step.generation, step.last + step.exposed
        about = {"tinyv.run": run, "tinyv.step": step.step, "tinyv.rollouts": step.rollouts,
                 "tinyv.hidden_s": step.hidden, "tinyv.exposed_s": step.exposed}  # fmt: skip
        root = make.span(f"step {step.step}", began, last_reward, None, about)
        make.span("generation", began, step.last, root, {})
        make.span("exposed", step.last, last_reward, root, {})
        for row, why in chosen(rows, f"{run}/{try_}/{step.step}"):
            told = {"tinyv.rollout": row.id, "tinyv.group": row.group, "tinyv.source": row.source,
                    "tinyv.status": row.status, "tinyv.rescued": row.is_rescued, "tinyv.why": why}  # fmt: skip
            parent = make.span("rollout", row.ended, row.rewarded, root, told)
            at = row.ended
            for name in _STAGES:
                if spent := getattr(row.timings, name):
                    make.span(name.removesuffix("_s").replace("_", " "), at, at + spent, parent, {})
                    at += spent
        return make.spans


def trace_id(run: str, try_: int, step: int) -> int:
    """Return the id of a step's trace, 128 bits: of `run`, NUL, the try, NUL, the step, by blake2b."""
    digest = hashlib.blake2b(f"{run}\0{try_}\0{step}".encode("utf-8", "replace"), digest_size=16).digest()
    return int.from_bytes(digest, "big")


def _traced(line: Rewarded) -> TracedRollout:
    return TracedRollout(
        line.id, line.group, line.ended, line.rewarded, line.source, line.status, line.rescued, line.timings
    )  # fmt: skip
