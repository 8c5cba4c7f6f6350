"""Simulation of a step through the pipeline: queueing as arithmetic, without processes and clocks.

- Stages are first-come-first-served servers. An engine that gives `rate` verdicts a second when full and takes
  `verdict_s` for a lone one is `rate * verdict_s` servers (at least one) of equal speed: that is continuous batching
  where batching neither helps nor hurts, as measured for short prompts on a CPU.
- A rollout's way costs `hop_s` besides: submit, claims, forward, reward; with `verl`, Ray's.
- `trl` is `blocking` without a window, `verl` is `per_sample` with that way.
- Nothing fails, no lease lapses, and workers claim as soon as they are free. What it says of a real pool is checked
  by `tests/unit/bench` for its arithmetic, and in docs/overlap.md against measured runs.
"""

import heapq
import itertools
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from bench.overlap.definition import quantile
from bench.workload import Step

Mode = Literal["rule_only", "stream", "stream_no_coalesce", "per_sample", "verl", "trl", "blocking"]
BENT: Final = 0.05
"""At the saturation point this share of the generation phase is exposed; it lies on a line between two loads."""
_AFTER_BATCH: Final = ("trl", "blocking")
_NO_HOPS: Final = ("per_sample", *_AFTER_BATCH)


class Arrival(msgspec.Struct, frozen=True):
    """One completion: when it ends, what TinyV would be asked (None: the rules accept it)."""

    ended_s: float
    key: str | None


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """What verifies. Times in seconds, rate in verdicts per second and engine."""

    engines: int
    rate: float
    verdict_s: float
    rule_servers: int = 2
    rule_s: float = 0.01
    hop_s: float = 0.01
    window: int = 64
    """Most calls in flight of mode `blocking`."""


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """What the step came to. `load` is work offered to the engines per work that they can do during generation."""

    exposed_s: float
    wait_p99_s: float
    calls: int
    load: float


def arrivals_of(step: Step) -> list[Arrival]:
    """Return a workload's completions as the simulation takes them; right answers in words are refused by rules."""
    return [
        Arrival(
            line.end_s,
            None if line.kind == "right" else line.rollout.group_id + line.rollout.completion.rpartition("boxed")[2],
        )
        for line in step.lines
    ]


def simulate(arrivals: Sequence[Arrival], fleet: Fleet, mode: Mode) -> Simulated:
    """Run one step; `arrivals` in the order of their ends, at least one."""
    wall_s = arrivals[-1].ended_s
    hop_s = 0.0 if mode in _NO_HOPS else fleet.hop_s
    starts = [(wall_s if mode in _AFTER_BATCH else a.ended_s) + hop_s for a in arrivals]
    ruled = _serve(starts, fleet.rule_servers, fleet.rule_s)
    # Rule checks all take equally long, so they end in the order in which they began.
    asking = [] if mode == "rule_only" else [i for i, a in enumerate(arrivals) if a.key]
    asked = [(ruled[i], arrivals[i].key) for i in asking]
    answered, calls = _ask(asked, fleet, share=mode == "stream", window=fleet.window if mode == "blocking" else None)
    rewarded = list(ruled)
    for i, t in zip(asking, answered, strict=True):
        rewarded[i] = t
    if mode in _AFTER_BATCH:
        rewarded = [max(rewarded)] * len(rewarded)
    return Simulated(
        exposed_s=max(0.0, max(rewarded) - wall_s),
        wait_p99_s=quantile([r - a.ended_s for r, a in zip(rewarded, arrivals, strict=True)], 0.99),
        calls=calls,
        load=calls / (fleet.engines * fleet.rate * wall_s),
    )


def _ask(
    asked: Sequence[tuple[float, str | None]], fleet: Fleet, *, share: bool, window: int | None
) -> tuple[list[float], int]:
    """Return when each question is answered, and how many calls that took; `asked` in the order of time."""
    per_engine = max(1, round(fleet.rate * fleet.verdict_s))
    servers = per_engine * fleet.engines
    service_s = per_engine / fleet.rate
    if not share:
        return _serve([t for t, _ in asked], min(servers, window or servers), service_s), len(asked)
    first: dict[str | None, float] = {}
    for t, key in asked:
        first.setdefault(key, t)
    answered = dict(zip(first, _serve(list(first.values()), servers, service_s), strict=True))
    return [max(t, answered[key]) for t, key in asked], len(first)


def _serve(arrivals: Sequence[float], servers: int, service_s: float) -> list[float]:
    """Return when each arrival has been served, first come first served; `arrivals` in the order of time."""
    free = [0.0] * servers
    ends: list[float] = []
    for t in arrivals:
        end = max(t, free[0]) + service_s
        heapq.heapreplace(free, end)
        ends.append(end)
    return ends


def bend(curve: Sequence[tuple[float, float]], limit_s: float) -> float | None:
    """Return the load at which a curve of (load, seconds) first reaches `limit_s`; None if it never crosses it."""
    for (low, below), (high, above) in itertools.pairwise(curve):
        if below < limit_s <= above:
            return low + (high - low) * (limit_s - below) / (above - below)
    return None
