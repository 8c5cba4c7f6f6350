# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# prometheus_client types its text output incompletely.
"""All metrics in one place, each with a unit and the question it answers. Prometheus, in a registry of its own.

- Figures of a process (what it asked, how long it waited) are counted here; figures of the pool are read from the
  broker when they are asked for, so that every gateway shows the same.
"""

from collections.abc import Iterator
from typing import Final, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import Metric
from prometheus_client.openmetrics.exposition import generate_latest

from tinyv_stream.broker.operator import PoolStatus
from tinyv_stream.control.pool_metrics import pool_families

CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_WAIT_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""From a rule verdict on an idle pool to the longest deadline in use."""


class Metrics:
    """One process's metrics; `pool` may be set before a `text` to show the pool too."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self.rewards: Final = Counter(
            "tinyv_gateway_rewards",
            "Rewards given to this gateway's callers: who decided, and how it ended",
            ("source", "status"),
            registry=registry,
        )
        self.rescued: Final = Counter(
            "tinyv_gateway_rescued",
            "Rewards of its callers that TinyV gave back after the rules had refused",
            registry=registry,
        )
        self.wait: Final = Histogram(
            "tinyv_gateway_wait_seconds",
            "Arrival to reward, waited for or streamed",
            buckets=_WAIT_S,
            registry=registry,
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
        self.pool: PoolStatus | None = None
        registry.register(self)

    def text(self) -> bytes:
        """Return everything in OpenMetrics text form."""
        return cast("bytes", generate_latest(self._registry))

    def collect(self) -> Iterator[Metric]:
        """Give the pool's figures. For prometheus_client."""
        yield from pool_families(self.pool)


class _Pool:
    """A collector of one look at a pool."""

    def __init__(self, status: PoolStatus | None) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Give its figures."""
        yield from pool_families(self._status)


def pool_text(status: PoolStatus | None) -> bytes:
    """Return the pool's metrics alone, in OpenMetrics text form."""
    registry = CollectorRegistry()
    registry.register(_Pool(status))
    return cast("bytes", generate_latest(registry))
