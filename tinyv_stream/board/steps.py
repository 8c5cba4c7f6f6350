"""Steps of the runs being recorded: how long each generated, and how much of its verification the trainer waited for.

- `hidden` is wall time, the union of waits inside generation; `exposed` is from the last completion to the last reward.
- Times of two clients are never compared: a step's figures are those of the client that waited longest.
- A step is closed once a later one of its client began, or its client left, and no rollout of it is open.
- A step whose beginning nobody told begins at its first completion, and is marked so.
Pure: facts in, figures out.
"""

from collections import Counter, OrderedDict
from typing import Final

import msgspec

from tinyv_stream.record.lines import AnyLine, Began, Ended, Left, Rewarded, Withdrawn

Key = tuple[int, int, str]
"""Run (its number in the index), step, client."""

_KEPT: Final = 256
"""Steps of clients kept in memory: 60 of a run of four processes."""
COUNTS: Final = ("found", "rule_correct", "asked", "shared", "rescued", "undecided")


class StepRow(msgspec.Struct, frozen=True, gc=False):
    """A rewarded rollout in its row of the picture."""

    id: str
    group: str
    ended: float
    rewarded: float
    by: str
    """rule, tinyv, cache, rescued or undecided."""


class StepFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A step at one moment. Times are seconds."""

    step: int
    rollouts: int
    open: int
    generation: float
    hidden: float
    exposed: float
    is_closed: bool
    is_told: bool
    """Its trainer said when it began."""
    last: float
    """When its last completion ended, on its client's clock."""


class StepState:
    """One step of one client, as far as its lines are known."""

    def __init__(self, step: int, began: float | None = None) -> None:
        self.step, self.began = step, began
        self.over = False
        self.open: dict[str, tuple[float, str]] = {}
        self.rows: list[StepRow] = []
        self.counts: Counter[str] = Counter()
        self._known: tuple[object, ...] = ()
        self._figures: StepFigures | None = None

    def figures(self) -> StepFigures | None:
        """Return its figures; None before its first completion."""
        known = (len(self.rows), len(self.open), self.over, self.began)
        if known != self._known:  # a union over its rows is not made again for each frame
            self._known, self._figures = known, self._figured()
        return self._figures

    def _figured(self) -> StepFigures | None:
        ends = [row.ended for row in self.rows] + [ended for ended, _ in self.open.values()]
        if not ends:
            return None
        began, last = min(ends) if self.began is None else self.began, max(ends)
        return StepFigures(
            step=self.step,
            rollouts=len(ends),
            open=len(self.open),
            generation=round(max(0.0, last - began), 4),
            hidden=round(_union(self.rows, last), 4),
            exposed=round(max(0.0, *(row.rewarded - last for row in self.rows)) if self.rows else 0.0, 4),
            is_closed=self.over and not self.open,
            is_told=self.began is not None,
            last=last,
        )


class Steps:
    """The newest steps of all clients; `load` brings one back that is not in memory."""

    def __init__(self) -> None:
        self._states: OrderedDict[Key, StepState] = OrderedDict()
        self._current: dict[tuple[int, str], int] = {}
        self.touched: set[Key] = set()
        self.newest: int | None = None
        """The run that began a step, or ended a completion, last."""

    def state(self, key: Key) -> StepState | None:
        """Return a step that is in memory."""
        return self._states.get(key)

    def put(self, key: Key, state: StepState) -> None:
        """Take in a step that was read back."""
        self._states[key] = state
        while len(self._states) > _KEPT:
            self._states.popitem(last=False)

    def of_run(self, r: int) -> dict[int, list[StepState]]:
        """Return a run's steps in memory, each with its clients, in the order of their numbers."""
        found: dict[int, list[StepState]] = {}
        for (run, step, _), state in self._states.items():
            if run == r:
                found.setdefault(step, []).append(state)
        return dict(sorted(found.items()))

    def event(self, r: int, line: AnyLine) -> None:
        """Follow one line."""
        if isinstance(line, Left):
            self._close(r, line.client, None)
            return
        key = (r, line.step, line.client)
        state = self._states.get(key)
        if state is None or (isinstance(line, Began) and state.over):  # a step that is done again replaces the first
            self.put(key, state := StepState(line.step))
        self.touched.add(key)
        if not isinstance(line, Withdrawn):
            self._follow(r, line)
        match line:
            case Began():
                state.began = line.at
            case Ended():
                state.open[line.id] = (line.ended, line.group)
            case Withdrawn():
                state.open.pop(line.id, None)
            case Rewarded():
                state.open.pop(line.id, None)
                note(state, line)

    def _follow(self, r: int, line: Began | Ended | Rewarded) -> None:
        """Close the steps before the one that begins; without a word of its trainer its first completion says so."""
        if isinstance(line, Rewarded):
            return
        self.newest = r
        if line.step != self._current.get((r, line.client)):
            current = self._current.get((r, line.client))
            if current is None or line.step > current or isinstance(line, Began):
                self._current[r, line.client] = line.step
                self._close(r, line.client, line.step)

    def _close(self, r: int, client: str, but: int | None) -> None:
        for key, state in self._states.items():
            if key[0] == r and key[2] == client and key[1] != but and not state.over:
                state.over = True
                self.touched.add(key)


def note(state: StepState, line: Rewarded) -> None:
    """Add a reward to its step."""
    rescued, decided = line.rescued, line.status == "ok"
    by = "rescued" if rescued else line.source if decided else "undecided"
    state.rows.append(StepRow(line.id, line.group, line.ended, line.rewarded, by))
    counts = state.counts  # one by one: a dictionary of them for each reward takes twice as long
    if line.answer and not line.answer.isspace():
        counts["found"] += 1
    if line.rule is not None and line.rule.outcome == "correct":
        counts["rule_correct"] += 1
    if line.tinyv is not None:
        counts["asked"] += 1
        if line.source == "cache":
            counts["shared"] += 1
    if rescued:
        counts["rescued"] += 1
    if not decided:
        counts["undecided"] += 1


def combined(states: list[StepState]) -> StepFigures | None:
    """Return a step's figures over its clients: the times of the one that waited longest, and all its rollouts."""
    found = [figures for state in states if (figures := state.figures())]
    if not found:
        return None
    worst = max(found, key=lambda one: (one.exposed, one.generation))
    return msgspec.structs.replace(
        worst,
        rollouts=sum(one.rollouts for one in found),
        open=sum(one.open for one in found),
        is_closed=all(one.is_closed for one in found),
        is_told=all(one.is_told for one in found),
    )


def _union(rows: list[StepRow], last: float) -> float:
    """Return how long any completion that ended before `last` waited for its reward before it."""
    total, upto = 0.0, 0.0
    for ended, rewarded in sorted((row.ended, min(row.rewarded, last)) for row in rows):
        begins = max(ended, upto)
        total += max(0.0, rewarded - begins)
        upto = max(upto, rewarded)
    return total
