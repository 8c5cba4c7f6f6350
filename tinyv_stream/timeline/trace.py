"""Chrome trace of a run (the "JSON Array Format"), for Perfetto or chrome://tracing.

Each step is a process; rollouts that do not overlap share a row, so that a thousand of them stay readable.
"""

import heapq
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from tinyv_stream.timeline.picture import state_intervals
from tinyv_stream.timeline.spans import Span

_US: Final = 1_000_000


def chrome_trace(spans: Sequence[Span]) -> bytes:
    """Return the trace of `spans`, which may be of several steps, as JSON."""
    steps = sorted({s.step for s in spans})
    events = [event for step in steps for event in _step(step, [s for s in spans if s.step == step])]
    return msgspec.json.encode({"traceEvents": events, "displayTimeUnit": "ms"})


def _step(step: int, spans: list[Span]) -> Iterable[dict[str, Any]]:
    yield {"ph": "M", "name": "process_name", "pid": step, "args": {"name": f"step {step}"}}
    end_s, ended_s = max(s.rewarded_s for s in spans), max(s.ended_s for s in spans)
    yield _event("generation", 0.0, ended_s, pid=step, tid=0)
    yield _event("exposed", ended_s, max(0.0, end_s - ended_s), pid=step, tid=0)
    rows: list[tuple[float, int]] = []
    for s in sorted(spans, key=lambda s: s.ended_s):
        row = heapq.heappop(rows)[1] if rows and rows[0][0] <= s.ended_s else len(rows) + 1
        heapq.heappush(rows, (s.rewarded_s, row))
        args = {"group": s.group_id, "status": s.status, "source": s.source, "wait_s": round(s.wait_s, 6)}
        yield _event(s.rollout_id, s.ended_s, s.wait_s, pid=step, tid=row) | {"args": args}
        for name, intervals in state_intervals([s]).items():
            if name != "generation":
                for begin, end in intervals:
                    yield _event(name, begin, end - begin, pid=step, tid=row)


def _event(name: str, start_s: float, length_s: float, *, pid: int, tid: int) -> dict[str, Any]:
    return {
        "ph": "X",
        "name": name,
        "cat": "tinyv",
        "ts": round(start_s * _US),
        "dur": max(0, round(length_s * _US)),
        "pid": pid,
        "tid": tid,
    }
