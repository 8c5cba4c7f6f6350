# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# prometheus_client types its text output incompletely.
"""Metrics that only whoever reads the record can give: steps, waits and verdicts of every recording client."""

from collections.abc import Sequence
from typing import Any, Final, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics.exposition import generate_latest

from tinyv_stream.record.lines import AnyLine, Rewarded

CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_WAIT_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_STAGE_S: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_PARTS: Final = (("rule", "queue", "rule_queue_s"), ("rule", "work", "rule_s"), ("tinyv", "parked", "parked_s"),
                 ("tinyv", "queue", "tinyv_queue_s"), ("tinyv", "work", "tinyv_s"))  # fmt: skip
_MOST_RUNS: Final = 20
"""Values of the label `run`: labels are bounded."""


class Figures:
    """The board's metrics since its start."""

    def __init__(self) -> None:
        self._registry = r = CollectorRegistry()
        told = ("source", "rule", "tinyv", "status")
        by = ("source",)
        parts = ("stage", "part")
        run = ("run",)
        tenths = [i / 20 for i in range(1, 20)]
        self._verdicts = Counter(
            "tinyv_verdicts", "Rewards by who decided, what both verifiers said, and how it ended", told, registry=r
        )
        self._wait = Histogram(
            "tinyv_reward_wait_seconds", "End of a completion to its reward", by, buckets=_WAIT_S, registry=r
        )
        self._stage = Histogram(
            "tinyv_stage_seconds", "Time parked, in a queue or at work", parts, buckets=_STAGE_S, registry=r
        )
        self._p_true = Histogram("tinyv_p_true_ratio", "P(true) of TinyV's verdicts", buckets=tenths, registry=r)
        self._steps = Counter("tinyv_steps", "Steps that are over", run, registry=r)
        self._last = Gauge("tinyv_step_last_exposed_seconds", "Of the newest step that is over", run, registry=r)
        self._times = {
            name: Counter(f"tinyv_step_{name}_seconds", help_, run, registry=r)
            for name, help_ in (
                ("generation", "Generation of steps that are over"),
                ("hidden", "Verification inside generation"),
                ("exposed", "Waited for after the last completion"),
            )
        }
        self._counted: dict[str, set[int]] = {}

    def lines(self, lines: Sequence[AnyLine]) -> None:
        """Count what was indexed just now."""
        for line in lines:
            if isinstance(line, Rewarded):
                self._reward(line)

    def steps(self, run: str, steps: Sequence[dict[str, Any]]) -> None:
        """Count the steps that are over since the last call; a step that is done again counts once."""
        if not run:
            return
        if run not in self._counted and len(self._counted) >= _MOST_RUNS:
            self._forget(next(iter(self._counted)))
        counted = self._counted.setdefault(run, set())
        for step in steps:
            if step["is_closed"] and step["step"] not in counted:
                counted.add(step["step"])
                self._steps.labels(run).inc()
                self._last.labels(run).set(step["exposed"])
                for name, metric in self._times.items():
                    metric.labels(run).inc(step[name])

    def text(self) -> bytes:
        """Return everything in OpenMetrics text form."""
        return cast("bytes", generate_latest(self._registry))

    def _reward(self, line: Rewarded) -> None:
        rule, tinyv = line.rule.outcome if line.rule else "none", line.tinyv.outcome if line.tinyv else "none"
        self._verdicts.labels(line.source, rule, tinyv, line.status).inc()
        self._wait.labels(line.source).observe(max(0.0, line.rewarded - line.ended))
        for stage, part, name in _PARTS:
            spent = getattr(line.timings, name)
            if spent is not None:
                self._stage.labels(stage, part).observe(spent)
        if line.tinyv and line.tinyv.p_true is not None:
            self._p_true.observe(line.tinyv.p_true)

    def _forget(self, run: str) -> None:
        del self._counted[run]
        for metric in (self._steps, self._last, *self._times.values()):
            metric.remove(run)
