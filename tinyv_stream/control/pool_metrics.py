# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# prometheus_client types its text output incompletely.
"""Metrics of a pool as its broker counts them: one truth, whoever submitted and whoever is asked.

- Sets that overlap are metrics of their own: what is submitted, rewarded, rescued, taken over, late, dead.
- What never happened is 0 and not absent. A pool that does not answer has `tinyv_pool_up 0` and no other figure.
- Counters begin with the pool's first start. Workers of an older version do not tell source and status together: their
  rewards are missing in `tinyv_pool_rewards_total` alone.
"""

import math
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from tinyv_stream.broker.operator import PoolStatus
from tinyv_stream.intervals import shadow_disagreement
from tinyv_stream.types import STAGES, Source, Status

_COUNTERS: Final = (
    ("submitted", "submitted", "Rollouts taken in"),
    ("rescued", "rescued", "Rewards that TinyV gave back after the rules had refused"),
    ("forwarded", "forwarded", "Rollouts sent on to TinyV's queue"),
    ("coalesced", "coalesced", "Rollouts parked behind an equal one"),
    ("redelivered", "redelivered", "Rollouts taken over from a worker whose lease lapsed"),
    ("late", "late", "Results that came after the rollout had its reward"),
    ("buried", "dead", "Rollouts that were given up; `dead-letters` lists the newest of them"),
)
"""Metric, its name in the broker's counters, and the question it answers."""

_COUNTED: Final = {
    "killed": ("killed_graders", "Grader processes killed for their time or their memory"),
    "restarts": ("engine_restarts", "Engines started again after a death or a freeze"),
    "asked_again": ("asked_again", "Verdicts near the threshold that were asked again alone"),
}
"""What workers count of themselves: its name in their words, metric, the question it answers."""


def pool_families(status: PoolStatus | None) -> Iterator[Metric]:
    """Give a pool's metrics; None: it does not answer."""
    yield InfoMetricFamily("tinyv_build", "Version of this program", {"version": _version()})
    yield GaugeMetricFamily("tinyv_pool_up", "Whether the pool's broker answers", float(status is not None))
    if status is None:
        return
    yield GaugeMetricFamily("tinyv_pool_shards_away", "Shards that do not answer", len(status.away))
    yield from _counters(status)
    yield from _gauges(status)
    yield from _workers(status)
    yield _shadow(status)


def _counters(status: PoolStatus) -> Iterator[Metric]:
    for name, key, about in _COUNTERS:
        yield CounterMetricFamily(f"tinyv_pool_{name}", about, status.stats.get(key, 0))
    labels = ["source", "status"]
    rewards = CounterMetricFamily("tinyv_pool_rewards", "Rewards by who decided and how it ended", labels=labels)
    for source in Source:
        for ending in Status:
            rewards.add_metric([source, ending], status.stats.get(f"{source}|{ending}", 0))
    yield rewards


def _gauges(status: PoolStatus) -> Iterator[Metric]:
    depth = GaugeMetricFamily("tinyv_pool_depth", "Rollouts waiting or running per stage", labels=["stage"])
    oldest = GaugeMetricFamily("tinyv_pool_oldest_seconds", "Age of the oldest rollout per stage", labels=["stage"])
    for stage in STAGES:
        depth.add_metric([stage], status.depth.get(stage, 0))
        oldest.add_metric([stage], status.oldest.get(stage, 0.0))
    yield from (depth, oldest)
    yield from _stages(status)
    yield GaugeMetricFamily("tinyv_pool_live_rollouts", "Rollouts submitted and not rewarded", status.live)
    yield GaugeMetricFamily(
        "tinyv_pool_parked_rollouts", "Rollouts that wait for an equal one's verdict", status.parked
    )
    yield GaugeMetricFamily("tinyv_pool_dead_letters", "Dead letters kept, 10,000 at most", status.dead)
    yield GaugeMetricFamily(
        "tinyv_pool_cached_verdicts", "Verdicts of TinyV that are kept for equal rollouts", status.cached
    )


def _stages(status: PoolStatus) -> Iterator[Metric]:
    about = "Verdicts per second over the last ten seconds, per stage"
    rate = GaugeMetricFamily("tinyv_pool_verdicts_per_second", about, labels=["stage"])
    about = "Rollouts waiting or running by verdicts per second, per stage; +Inf where none came"
    backlog = GaugeMetricFamily("tinyv_pool_backlog_seconds", about, labels=["stage"])
    slots = GaugeMetricFamily("tinyv_pool_slots", "Rollouts that ready workers take at once", labels=["stage"])
    for stage, figures in status.stages.items():
        rate.add_metric([stage], figures.verdicts_per_s)
        backlog.add_metric([stage], math.inf if figures.backlog_s is None else figures.backlog_s)
        slots.add_metric([stage], figures.slots)
    yield from (rate, backlog, slots)


def _workers(status: PoolStatus) -> Iterator[Metric]:
    states: Counter[tuple[str, str]] = Counter({(stage, "ready"): 0 for stage in STAGES})
    held: Counter[str] = Counter(dict.fromkeys(STAGES, 0))
    done: Counter[str] = Counter(dict.fromkeys(STAGES, 0))
    counted = dict.fromkeys(_COUNTED, 0)
    for worker in status.workers:
        states[worker.stage, worker.state] += 1
        held[worker.stage] += worker.held
        done[worker.stage] += worker.done
        for name in _COUNTED:
            told = worker.about.get(name, "")
            counted[name] += int(told) if told.isdecimal() else 0
    workers = GaugeMetricFamily("tinyv_pool_workers", "Workers by stage and state", labels=["stage", "state"])
    for (stage, state), count in states.items():
        workers.add_metric([stage, state], count)
    holds = GaugeMetricFamily("tinyv_pool_held_rollouts", "Rollouts that workers hold now, per stage", labels=["stage"])
    for stage, count in held.items():
        holds.add_metric([stage], count)
    ended = GaugeMetricFamily(
        "tinyv_pool_done_rollouts", "Ended or forwarded by workers that live now", labels=["stage"]
    )
    for stage, count in done.items():
        ended.add_metric([stage], count)
    yield from (workers, holds, ended)
    for name, (metric, about) in _COUNTED.items():
        yield GaugeMetricFamily(f"tinyv_pool_{metric}", f"{about}, by the workers that live now", counted[name])


def _shadow(status: PoolStatus) -> Metric:
    about = "Share that a shadow verifier decided otherwise, 95 % interval"
    shadow = GaugeMetricFamily("tinyv_shadow_disagreement", about, labels=["bound"])
    disagreement = shadow_disagreement(status.stats)
    for bound in ("low", "value", "high"):
        if (share := getattr(disagreement, bound)) is not None:
            shadow.add_metric([bound], share)
    return shadow


def _version() -> str:
    try:
        return version("tinyv-stream")
    except PackageNotFoundError:
        return "unknown"
