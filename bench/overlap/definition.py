"""Definitions of the metrics, as pure arithmetic: seconds of the trainer process's monotonic clock.

- A completion ends when its generation was due to end, not when it was sent: a late submit is exposed time.
- A reward counts from when the trainer's code holds it.
- Verification time is wall time in which something was being verified. Summed over rollouts it would count 64 calls
  in flight 64 times, and give a verifier that runs after the whole batch an overlap of 98 %.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from tinyv_stream.timeline.spans import Span

DEFINITION: Final = (
    "exposed = last reward of the step - last completion of the step, on the trainer's one monotonic clock; a reward "
    "counts when the trainer holds it. exposed_fraction = exposed / generation wall. hidden = wall time before the "
    "last completion in which something was verified; overlap = hidden / (hidden + exposed). wait = from the end of a "
    "completion to its reward."
)


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """One step, in seconds. `tail_wait_s` is the wait of the completion that ended last."""

    rollouts: int
    generation_s: float
    exposed_s: float
    exposed_fraction: float
    hidden_s: float
    overlap: float
    work_s: float
    """Summed time that graders and engine spent on single rollouts, their batching neighbours included."""
    wait_p50_s: float
    wait_p99_s: float
    tail_wait_s: float
    group_exposed_p50_s: float
    """The same per group: last reward of a group after its last completion."""
    group_exposed_p99_s: float


def measure(spans: Sequence[Span]) -> Exposure:
    """Return the figures of one step; `spans` has every rollout of it, and at least one."""
    last = max(spans, key=lambda s: s.ended_s)
    exposed_s = max(0.0, max(s.rewarded_s for s in spans) - last.ended_s)
    hidden_s = max(0.0, _busy_s(spans) - exposed_s)
    groups: dict[str, list[Span]] = {}
    for span in spans:
        groups.setdefault(span.group_id or span.rollout_id, []).append(span)
    per_group = [max(0.0, max(s.rewarded_s for s in g) - max(s.ended_s for s in g)) for g in groups.values()]
    waits = [s.wait_s for s in spans]
    return Exposure(
        rollouts=len(spans),
        generation_s=last.ended_s,
        exposed_s=exposed_s,
        exposed_fraction=exposed_s / last.ended_s if last.ended_s else 0.0,
        hidden_s=hidden_s,
        overlap=hidden_s / (hidden_s + exposed_s) if hidden_s + exposed_s else 1.0,
        work_s=sum((s.rule_s or 0.0) + (s.tinyv_s or 0.0) for s in spans),
        wait_p50_s=quantile(waits, 0.5),
        wait_p99_s=quantile(waits, 0.99),
        tail_wait_s=last.wait_s,
        group_exposed_p50_s=quantile(per_group, 0.5),
        group_exposed_p99_s=quantile(per_group, 0.99),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest of `values` that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _busy_s(spans: Sequence[Span]) -> float:
    """Return the wall time covered by at least one verification."""
    total, until = 0.0, -math.inf
    for begin, end in sorted((s.ended_s if s.began_s is None else s.began_s, s.rewarded_s) for s in spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total
