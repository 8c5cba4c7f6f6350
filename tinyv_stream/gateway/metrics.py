# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# prometheus_client types its text output incompletely.
"""All metrics in one place, each with a unit and the question it answers. Prometheus, in a registry of its own.

- Figures of a process (what it asked, how long it waited) are counted here; figures of the pool are read from the
  broker when they are asked for, so that every gateway shows the same.
"""

from collections.abc import Iterator, Mapping
from typing import Final, cast

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest

from tinyv_stream.intervals import shadow_disagreement

CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_WAIT_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""From a rule verdict on an idle pool to the longest deadline in use."""


class PoolFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A pool at one moment, as the broker counts it."""

    depth: Mapping[str, int]
    live: int
    parked: int
    dead: int
    oldest_s: float
    workers: Mapping[tuple[str, str], int]
    """(stage, state) -> how many."""
    stats: Mapping[str, int]
    """Counters since the pool's first start."""


class Metrics:
    """One process's metrics; `pool` may be set before a `text` to show the pool too."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.rewards: Final = Counter(
            "tinyv_rewards",
            "Rewards given to callers: who decided, and how it ended",
            ("source", "status"),
            registry=registry,
        )
        self.rescued: Final = Counter(
            "tinyv_rescued", "Rewards that TinyV gave back after the rules had refused", registry=registry
        )
        self.wait: Final = Histogram(
            "tinyv_wait_seconds", "Submit to reward, as the caller sees it", buckets=_WAIT_S, registry=registry
        )
        self.requests: Final = Counter(
            "tinyv_gateway_requests", "HTTP requests by route and answer", ("route", "code"), registry=registry
        )
        self.under_way: Final = Gauge(
            "tinyv_gateway_requests_under_way", "HTTP requests being answered now", registry=registry
        )
        self.outstanding: Final = Gauge(
            "tinyv_gateway_outstanding_rollouts", "Rollouts submitted here and not rewarded", registry=registry
        )
        self.unread: Final = Gauge(
            "tinyv_gateway_unread_rewards", "Rewards that no reader has taken yet", registry=registry
        )
        self.pool: PoolFigures | None = None
        registry.register(self)

    def text(self) -> bytes:
        """Return everything in OpenMetrics text form."""
        return cast("bytes", generate_latest(self._registry))

    def collect(self) -> Iterator[Metric]:
        """Give the pool's figures. For prometheus_client."""
        if self.pool is None:
            return
        pool = self.pool
        depth = GaugeMetricFamily("tinyv_pool_depth", "Rollouts waiting or running per stage", labels=["stage"])
        for stage, count in pool.depth.items():
            depth.add_metric([stage], count)
        workers = GaugeMetricFamily("tinyv_pool_workers", "Workers by stage and state", labels=["stage", "state"])
        for (stage, state), count in pool.workers.items():
            workers.add_metric([stage, state], count)
        events = CounterMetricFamily(
            "tinyv_pool_events", "What happened since the pool's first start", labels=["event"]
        )
        for event, count in pool.stats.items():
            events.add_metric([event], count)
        yield from (depth, workers, events)
        yield GaugeMetricFamily("tinyv_pool_live_rollouts", "Rollouts submitted and not rewarded", pool.live)
        yield GaugeMetricFamily(
            "tinyv_pool_parked_rollouts", "Rollouts waiting for an equal one's verdict", pool.parked
        )
        yield GaugeMetricFamily("tinyv_pool_dead_letters", "Rollouts that were given up", pool.dead)
        found = shadow_disagreement(pool.stats)
        shadow = GaugeMetricFamily(
            "tinyv_shadow_disagreement",
            "Share that a shadow verifier decided otherwise, 95 % interval",
            labels=["bound"],
        )
        for bound in ("low", "value", "high"):
            if (share := getattr(found, bound)) is not None:
                shadow.add_metric([bound], share)
        yield shadow
        yield GaugeMetricFamily("tinyv_pool_oldest_seconds", "Age of the oldest rollout in a queue", pool.oldest_s)
