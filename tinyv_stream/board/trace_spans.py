"""Spans of one trace, as OpenTelemetry's SDK exports them. Needs the extra `otel`."""

import hashlib
from collections.abc import Mapping
from typing import Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, TraceFlags

_SCOPE: Final = InstrumentationScope("tinyv-stream")
_NS: Final = 1_000_000_000


class Maker:
    """Makes the spans of one trace; `spans` are those made so far."""

    def __init__(self, resource: Resource, trace: int) -> None:
        self._resource, self._trace = resource, trace
        self.spans: list[ReadableSpan] = []

    def span(
        self, name: str, start_s: float, end_s: float, parent: SpanContext | None, about: Mapping[str, str | float]
    ) -> SpanContext:
        """Add a span; times are wall-clock seconds. Return what its children name as their parent."""
        number = f"{self._trace:032x}/{len(self.spans)}".encode()
        span_id = int.from_bytes(hashlib.blake2b(number, digest_size=8).digest(), "big") or 1
        context = SpanContext(self._trace, span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        made = ReadableSpan(
            name=name,
            context=context,
            parent=parent,
            resource=self._resource,
            attributes=dict(about),
            instrumentation_scope=_SCOPE,
            start_time=int(start_s * _NS),
            end_time=int(max(start_s, end_s) * _NS),
        )
        self.spans.append(made)
        return context
