"""Frame of the page of this moment: steps from the record, queues and workers from the broker.

- A run takes the page over when a step of it begins, never because an old record arrived.
- Pool figures are a moment's; two minutes of them are kept.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgspec

from tinyv_stream.board.steps import Steps, StepState, combined
from tinyv_stream.broker.operator import NEVER_ASKED, PoolStatus
from tinyv_stream.record.lines import AnyLine, Rewarded

MOST_STEPS: Final = 40
MOST_LANES: Final = 512
"""Lines that can be told apart on a page; of more rollouts those that waited longest are shown."""
_RATE_S: Final = 10.0
_DEPTH_S: Final = 120.0

_encoder: Final = msgspec.json.Encoder()


class Live:
    """State of the page; the tail and the poll give it facts, one thread at a time. `clock` is wall-clock seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.pool: dict[str, Any] = {}
        self.funnel: dict[str, Any] = {}
        self.growing: list[dict[str, Any]] = []
        """Spellings whose rescues grow fast."""
        self.wrong: dict[str, Any] | None = None
        """What the audit says of the newest paid answers, where more is wrong than is let pass."""
        self.names: dict[int, tuple[str, int]] = {}
        """Run and try of each number in the index."""
        self._rewarded: deque[float] = deque(maxlen=20_000)
        self._depth: deque[tuple[float, int, int]] = deque(maxlen=600)

    def lines(self, lines: list[AnyLine]) -> None:
        """Take in what was indexed just now."""
        self._rewarded.extend(line.rewarded for line in lines if isinstance(line, Rewarded))

    def look(self, status: PoolStatus | None) -> None:
        """Take in a look at the pool; None: it does not answer."""
        if status is None:
            self.pool = {**self.pool, "up": False}
            return
        self._depth.append((self._clock(), status.depth["rule"], status.depth["tinyv"]))
        workers = [
            {
                "name": w.name,
                "stage": w.stage,
                "state": w.state,
                "host": w.host,
                "held": w.held,
                "done": w.done,
                "about": ", ".join(w.about[key] for key in ("model", "engine", "version") if w.about.get(key)),
            }
            for w in status.workers
        ]
        self.pool = {
            "up": True,
            "server": f"{status.server} {status.version}",
            "parked": status.parked,
            "dead": status.dead,
            "oldest": status.oldest_s,
            "depth": status.depth,
            "workers": workers,
            "never_asked": NEVER_ASKED if status.never_asked else "",
        }

    def snapshot(self, steps: Steps, r: int | None) -> dict[str, Any]:
        """Return the frame of run `r`; without one that of the pool alone."""
        now = self._clock()
        states = steps.of_run(r) if r is not None else {}
        figures = [one for of_clients in states.values() if (one := combined(of_clients))][-MOST_STEPS:]
        run, started = self.names.get(r or 0, ("", 0))
        recent = sum(at > now - _RATE_S for at in self._rewarded)
        depth = [[round(at - now, 1), *rest] for at, *rest in self._depth if at > now - _DEPTH_S]
        return {
            "run": run,
            "try": started,
            "r": r,
            "steps": [msgspec.structs.asdict(one) for one in figures],
            "lanes": self._lanes(now, states),
            "pool": self.pool,
            "depth": depth,
            "rate": round(recent / _RATE_S, 1),
            "funnel": self.funnel,
            "growing": self.growing,
            "wrong": self.wrong,
        }

    def frame(self, steps: Steps, r: int | None) -> bytes:
        """Return the frame as JSON."""
        return _encoder.encode(self.snapshot(steps, r))

    @staticmethod
    def _lanes(now: float, states: dict[int, list[StepState]]) -> dict[str, Any]:
        """Return the newest step that has a completion, a line per rollout; times count from its beginning."""
        for step, clients in reversed(states.items()):
            rows = [row for state in clients for row in state.rows]
            waiting = [(i, g, e) for state in clients for i, (e, g) in state.open.items()]
            ends = [row.ended for row in rows] + [e for *_, e in waiting]
            if not ends:
                continue
            told = [state.began for state in clients if state.began is not None]
            began = min(told or ends)
            rows.sort(key=lambda row: row.ended - row.rewarded)
            return {
                "step": step,
                "rewarded": len(rows),
                "now": round(now - began, 2) if waiting else 0.0,
                "last": round(max(ends) - began, 3),
                "rows": [
                    [row.id, row.group, round(row.ended - began, 3), round(row.rewarded - began, 3), row.by]
                    for row in rows[:MOST_LANES]
                ],
                "open": [[i, g, round(e - began, 3)] for i, g, e in waiting[:MOST_LANES]],
            }
        return {}
