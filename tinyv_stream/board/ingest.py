"""Indexing: whole new lines of every segment into the index, one transaction per batch with the read position in it.

- Killed in the middle it goes on where the last whole batch ended: every line is indexed once.
- Sums per step, group and P(true) are kept while indexing, so that no page adds up a run.
- A line that cannot be read is passed over and counted.
"""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec

from tinyv_stream.board.index import Index
from tinyv_stream.board.spellings import spelling_of
from tinyv_stream.board.steps import COUNTS, Key, StepRow, Steps, StepState
from tinyv_stream.record import reading, segments
from tinyv_stream.record.lines import AnyLine, Left, Rewarded, decoder

BATCH_BYTES: Final = 16 * 1024 * 1024
"""Of a segment at a time: the pages that a batch touches are written once."""
BINS: Final = 40
_WORDS: Final = 4000
"""Characters of a question or an answer that can be searched."""
_COLUMNS: Final = 29
_STRATUM: Final = {"": "undecided", "refused_by_tinyv": "refused"}
"""Cell -> stratum, where they differ: see `index.STRATA`."""
_Reward = tuple[int, Rewarded, str, int, int]
"""Run, line, cell, place and length."""
_pack: Final = msgspec.msgpack.Encoder()


class Indexer:
    """The index's one writer. Not for an event loop: call it from a thread."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._base = index.open()
        self.steps = Steps()
        self.unreadable = 0
        self._runs: dict[tuple[str, int], int] = {}

    def close(self) -> None:
        """Close the connection."""
        self._base.close()

    def take_in(self, most_bytes: int = BATCH_BYTES) -> tuple[list[AnyLine], bool]:
        """Index one batch of each segment's new lines; return them, and whether more may wait."""
        taken: list[AnyLine] = []
        more = False
        for path in segments.listed(self._index.runs):
            f, pos = self._position(path)
            if path.exists() and path.stat().st_size <= pos:
                continue
            try:
                data = reading.read_from(path, pos, most_bytes)
            except FileNotFoundError:
                continue
            if data:
                taken += self._batch(f, pos, data)
                more |= len(data) > most_bytes // 2
        if taken:
            # Without figures SQLite takes the wrong index for a group.
            self._base.execute("pragma analysis_limit = 1000")
            self._base.execute("pragma optimize")
        return taken, more

    def _position(self, path: Path) -> tuple[int, int]:
        name = str(path.relative_to(self._index.runs))
        found = self._base.execute("select f, pos from file where name = ?", (name,)).fetchone()
        if found is None:
            made = self._base.execute("insert into file(name, pos) values(?, 0)", (name,))
            return int(made.lastrowid or 0), 0
        return found[0], found[1]

    def _batch(self, f: int, pos: int, data: bytes) -> list[AnyLine]:
        lines: list[AnyLine] = []
        rewards: list[_Reward] = []
        at = pos
        self._base.execute("begin immediate")
        try:
            for raw in data.split(b"\n")[:-1]:
                try:
                    line = decoder.decode(raw)
                except msgspec.DecodeError:
                    self.unreadable += 1
                else:
                    r = self._run(line)
                    if isinstance(line, Rewarded):
                        rewards.append((r, line, cell_of(line), at, len(raw)))
                    self._need(r, line)
                    self.steps.event(r, line)
                    lines.append(line)
                at += len(raw) + 1
            self._insert(f, rewards)
            self._sums(rewards)
            self._base.execute("update file set pos = ? where f = ?", (at, f))
            self._base.execute("commit")
        except BaseException:  # whatever stopped it, a line is indexed whole or not at all
            self._base.execute("rollback")
            self.steps = Steps()  # it has seen what was rolled back; what is needed of it is read back
            raise
        return lines

    def _run(self, line: AnyLine) -> int:
        key = (line.run, line.try_)
        if key not in self._runs:
            began = line.try_ / 1000
            self._base.execute("insert or ignore into run values(null, ?, ?, ?, ?)", (*key, began, began))
            self._runs[key] = self._base.execute("select r from run where run = ? and try = ?", key).fetchone()[0]
        return self._runs[key]

    def _need(self, r: int, line: AnyLine) -> None:
        """Have in memory what is known of the line's step."""
        if isinstance(line, Left) or self.steps.state((r, line.step, line.client)):
            return
        if state := stored(self._base, (r, line.step, line.client)):
            self.steps.put((r, line.step, line.client), state)

    def _insert(self, f: int, rewards: list[_Reward]) -> None:
        n = (self._base.execute("select max(n) from v").fetchone()[0] or 0) + 1
        rows = [(n + i, r, *_facts(line, cell), f, at, length) for i, (r, line, cell, at, length) in enumerate(rewards)]
        self._base.executemany(f"insert into v values({','.join('?' * _COLUMNS)})", rows)
        texts = [(n + i, one.question, one.ground_truth, one.answer or "") for i, (_, one, *_) in enumerate(rewards)]
        heads = [(n, _pack.encode((question[:160], truth[:120], answer[:120]))) for n, question, truth, answer in texts]
        self._base.executemany("insert into head values(?, ?)", heads)
        self._base.executemany(
            "insert into words(rowid, question, ground_truth, answer) values(?, ?, ?, ?)",
            [(n, question[:_WORDS], truth[:_WORDS], answer[:_WORDS]) for n, question, truth, answer in texts],
        )

    def _sums(self, rewards: list[_Reward]) -> None:
        for key in self.steps.touched:
            if state := self.steps.state(key):
                self._base.execute(f"insert or replace into step values({','.join('?' * 17)})", _sum(key, state))
        self.steps.touched.clear()
        groups = [
            (r, one.step, one.group, one.group_size, int(_ruled(one)), one.value, one.value)
            for r, one, *_ in rewards
            if one.group
        ]
        self._base.executemany(
            "insert into grp values(?, ?, ?, 1, ?, ?, ?, ?) on conflict do update set n = n + 1,"
            " ruled = ruled + excluded.ruled, least = min(least, excluded.least), most = max(most, excluded.most)",
            groups,
        )
        bins: Counter[tuple[int, int, str]] = Counter()
        thresholds: Counter[tuple[int, str, float]] = Counter()
        for r, one, *_ in rewards:
            if one.tinyv and one.tinyv.p_true is not None:
                bins[r, min(BINS - 1, int(one.tinyv.p_true * BINS)), one.tinyv.outcome] += 1
                if one.tinyv.threshold is not None:
                    thresholds[r, one.tinyv.model or "", one.tinyv.threshold] += 1
        more = "on conflict do update set n = n + excluded.n"
        self._base.executemany(f"insert into p_true values(?, ?, ?, ?) {more}", [(*k, n) for k, n in bins.items()])
        cells = Counter((r, one.step, one.data_source, cell) for r, one, cell, *_ in rewards if cell)
        spelt = Counter((r, _spelling(one), one.step) for r, one, cell, *_ in rewards if cell == "tinyv")
        self._base.executemany(f"insert into cell values(?, ?, ?, ?, ?) {more}", [(*k, n) for k, n in cells.items()])
        self._base.executemany(f"insert into spelling values(?, ?, ?, ?) {more}", [(*k, n) for k, n in spelt.items()])
        rows = [(*k, n) for k, n in thresholds.items()]
        self._base.executemany(f"insert into threshold values(?, ?, ?, ?) {more}", rows)


def cell_of(line: Rewarded) -> str:
    """Return which of `rates.CELLS` a reward is in; empty where nobody decided.

    By the verdicts, for a weight makes small rewards of accepted answers. What the rules accepted is refused where
    TinyV's word left nothing of it.
    """
    if line.status != "ok" or line.value is None:
        return ""
    if line.rescued:
        return "tinyv"
    if line.value > 0:  # nobody but the rules can have accepted it
        return "rule"
    return "refused" if line.tinyv is None else "refused_by_tinyv"


def is_asked_again(line: Rewarded) -> bool:
    """Tell whether TinyV judged what the rules had accepted: the setup was not `addon`."""
    return line.tinyv is not None and _ruled(line)


def stored(base: sqlite3.Connection, key: Key) -> StepState | None:
    """Return a step as far as the index knows it; open rollouts are not in it."""
    told = base.execute("select * from step where r = ? and step = ? and client = ?", key).fetchone()
    if told is None:
        return None
    state = StepState(key[1], told["began"])
    state.over = bool(told["over"])
    state.counts.update({name: told[name] for name in COUNTS})
    for v in base.execute("select * from v where r = ? and step = ? and client = ?", key):
        by = "rescued" if v["stratum"] == "tinyv" else v["source"] if v["status"] == "ok" else "undecided"
        state.rows.append(StepRow(v["id"], v["grp"], v["ended"], v["rewarded"], by))
    return state


def _ruled(line: Rewarded) -> bool:
    return line.rule is not None and line.rule.outcome == "correct"


def _spelling(line: Rewarded) -> str:
    return spelling_of(line.answer or "")


def _facts(line: Rewarded, cell: str) -> tuple[Any, ...]:
    rule, tinyv = line.rule, line.tinyv
    return (
        line.client, line.id, line.step, line.group, line.group_size, line.ended, line.rewarded, line.data_source,
        line.value, line.status, line.source, line.reason,
        rule and rule.outcome, rule and rule.grader, rule and rule.reason,
        tinyv and tinyv.outcome, tinyv and tinyv.p_true, tinyv and tinyv.threshold, tinyv and tinyv.model,
        tinyv and tinyv.reason,
        _STRATUM.get(cell, cell), cell, line.pair, _spelling(line) if cell == "tinyv" else None,
    )  # fmt: skip


def _sum(key: Key, state: StepState) -> tuple[Any, ...]:
    told = state.figures()
    times = (told.rollouts, told.open, told.generation, told.hidden, told.exposed) if told else (0, 0, 0.0, 0.0, 0.0)
    return (
        *key,
        state.began,
        int(state.over),
        told.last if told else None,
        *times,
        *(state.counts[name] for name in COUNTS),
    )
