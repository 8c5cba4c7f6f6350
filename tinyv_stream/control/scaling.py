"""Scaling of one stage: how many workers are wanted, from its figures alone. Pure: it starts nothing, asks no clock.

- One is added where the backlog would take longer than `add_above_s` for `add_after_s`, and then none until that one is
  ready: a start of minutes would order ten. Nor is one for a backlog that falls, and will be gone before it is there.
- One is removed after `remove_after_s` in which those that stay would have managed: what came in is given to a queue
  that has one worker fewer, and its backlog must never be half of `add_above_s`.
- While the pool is paused (asleep, or changing its model) nothing changes.
- What a worker can do is learned from the most that one did. It is taken down only while there is more work than slots.

With `least` at 0 the first rollout starts a worker, and `remove_after_s` without any removes it.
"""

from collections import deque
from typing import Final

import msgspec

from tinyv_stream.aio.recent_rate import WINDOW_S
from tinyv_stream.broker.desired_state import DesiredState
from tinyv_stream.broker.hosts import Wanted
from tinyv_stream.broker.operator import PoolStatus
from tinyv_stream.types import Stage

_SPARE: Final = 0.5
"""Share of `add_above_s` that the backlog may come to with one worker fewer."""
_LEAD_S: Final = 60.0
"""What a start is thought to take before one was seen."""
_LEARN_S: Final = 60.0
"""Time constant by which a worker's learned rate follows a lower one."""
_SWITCHING: Final = frozenset({"fetching", "switching", "pausing", "asleep", "waking"})
"""States of workers that take nothing on purpose, for a model change or a sleep."""


class ScaleRule(msgspec.Struct, frozen=True, kw_only=True):
    """When a stage gets one worker more, or one fewer."""

    least: int = 1
    """Fewest workers; 0 where the first rollout may wait for a start."""
    most: int = 1
    add_above_s: float = 5.0
    """Backlog, in seconds: about a tenth of the usual deadline."""
    add_after_s: float = 3.0
    """How long the backlog has to be above that."""
    remove_after_s: float = 600.0
    """How long one fewer has to have been enough."""
    start_s: float = 600.0
    """A worker that is not ready after this long is waited for no more."""


class StageLoad(msgspec.Struct, frozen=True, kw_only=True):
    """One stage at one moment."""

    now_s: float
    """Any clock that goes forward."""
    depth: int
    """Rollouts waiting and running."""
    rate: float
    """Verdicts per second, over the last ten seconds."""
    ready: int
    slots: int
    """Of the ready workers together."""
    is_paused: bool = False


class StageScaler:
    """One stage's. `count` is what is wanted now; give it what was wanted before a restart of its owner."""

    def __init__(self, rule: ScaleRule, count: int) -> None:
        self._rule = rule
        self.count = min(max(count, rule.least), rule.most)
        self._ordered_s: float | None = None
        """Since when a worker that was added is waited for; None: none is."""
        self._late_s: float | None = None
        """Since when the backlog is too long."""
        self._calm: _WithOneFewer | None = None
        self._worker_rate = _WorkerRate()
        self._fall = _Fall()
        self._lead_s = _LEAD_S
        """How long the last start took."""

    def wanted(self, load: StageLoad) -> int:
        """Return how many workers are wanted, one more or one fewer than before at most. Ask it each second or so."""
        self._worker_rate.learn(load)
        self._fall.note(load)
        if load.is_paused:
            self._ordered_s = self._late_s = self._calm = None
        elif self._is_one_to_add(load):
            self._change(self.count + 1, load.now_s)
        elif self._is_one_to_remove(load):
            self._change(self.count - 1, load.now_s)
        return self.count

    def as_wanted(self) -> Wanted:
        """Return it as the broker keeps it."""
        return Wanted(least=self._rule.least, most=self._rule.most, count=self.count)

    def _change(self, count: int, now_s: float) -> None:
        self._ordered_s = now_s if count > self.count else None
        self._late_s = self._calm = None
        self.count = count

    def _is_one_to_add(self, load: StageLoad) -> bool:
        if load.ready >= self.count:
            self._lead_s = self._lead_s if self._ordered_s is None else load.now_s - self._ordered_s
            self._ordered_s = None
        elif self._ordered_s is None:  # one died, and is being started again
            self._ordered_s = load.now_s
        is_waited_for = self._ordered_s is not None and load.now_s - self._ordered_s < self._rule.start_s
        if self.count >= self._rule.most or is_waited_for:
            self._late_s = None
            return False
        if self.count == 0:
            return load.depth > 0
        is_short = self._worker_rate.clear_s(load) <= self._rule.add_above_s or self._fall.over_s(load) <= self._lead_s
        if not load.ready or is_short:
            self._late_s = None
            return False
        self._late_s = load.now_s if self._late_s is None else self._late_s
        return load.now_s - self._late_s >= self._rule.add_after_s

    def _is_one_to_remove(self, load: StageLoad) -> bool:
        if self.count <= self._rule.least or load.ready < self.count:
            self._calm = None
            return False
        calm = self._calm = self._calm or _WithOneFewer(load, self.count - 1)
        calm.note(load, self._worker_rate.per_worker)
        if load.now_s - calm.since_s < self._rule.remove_after_s:
            return False
        self._calm = None
        return calm.worst_s <= self._rule.add_above_s * _SPARE


def load_of(status: PoolStatus, stage: Stage, desired: DesiredState, now_s: float) -> StageLoad:
    """Return a stage's load from one look at its pool."""
    figures = status.stages[stage]
    switching = any(w.stage == stage and w.state in _SWITCHING for w in status.workers)
    return StageLoad(
        now_s=now_s,
        depth=figures.depth,
        rate=figures.verdicts_per_s,
        ready=figures.ready,
        slots=figures.slots,
        is_paused=stage == "tinyv" and (desired.asleep_s > 0 or not desired.is_proven or switching),
    )


class _Fall:
    """How fast the backlog falls, over the last ten seconds."""

    def __init__(self) -> None:
        self._seen: deque[StageLoad] = deque()

    def note(self, load: StageLoad) -> None:
        self._seen.append(load)
        while load.now_s - self._seen[0].now_s > WINDOW_S:
            self._seen.popleft()

    def over_s(self, load: StageLoad) -> float:
        """Return in how many seconds it is gone; infinite where it does not fall."""
        first = self._seen[0]
        fell = first.depth - load.depth
        return load.depth * (load.now_s - first.now_s) / fell if fell > 0 else float("inf")


class _WithOneFewer:
    """The queue as it would be with one worker fewer, since some moment."""

    def __init__(self, load: StageLoad, workers: int) -> None:
        self.since_s = load.now_s
        self.worst_s = 0.0
        """Longest that its work would have taken."""
        self._workers = workers
        self._depth = float(load.depth)
        self._before = load

    def note(self, load: StageLoad, per_worker: float) -> None:
        """Give it what came in since the last look."""
        step_s, before, self._before = load.now_s - self._before.now_s, self._before, load
        came = max(0.0, load.depth - before.depth + load.rate * step_s)
        can = self._workers * per_worker
        self._depth = max(0.0, self._depth + came - can * step_s)
        now_s = self._depth / can if can else float("inf") if self._depth else 0.0
        self.worst_s = max(self.worst_s, now_s)


class _WorkerRate:
    """What one worker can do, in verdicts per second; 0 until it was seen."""

    def __init__(self) -> None:
        self.per_worker = 0.0
        self._before_s = 0.0
        self._ready = 0
        self._since_s = 0.0
        self._full_s = 0.0

    def learn(self, load: StageLoad) -> None:
        """Take in a moment, unless workers came or went within the rate's window: a death would count as speed."""
        now_s, step_s, self._before_s = load.now_s, load.now_s - self._before_s, load.now_s
        if load.ready != self._ready:
            self._ready, self._since_s = load.ready, now_s
        if load.depth <= load.slots:
            self._full_s = now_s
        if not load.ready or now_s - self._since_s <= WINDOW_S:
            return
        shown = load.rate / load.ready
        if shown >= self.per_worker:
            self.per_worker = shown
        elif now_s - max(self._full_s, self._since_s) > WINDOW_S:
            self.per_worker += (shown - self.per_worker) * min(1.0, step_s / _LEARN_S)

    def clear_s(self, load: StageLoad) -> float:
        """Return how long the work that is there takes the ready workers; infinite where nothing is known."""
        rate = max(load.rate, self.per_worker * load.ready)
        return load.depth / rate if rate else float("inf") if load.depth else 0.0
