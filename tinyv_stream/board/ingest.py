"""Indexing: whole new lines of every segment into the index, one transaction per batch with the read position in it.

- Killed in the middle it goes on where the last whole batch ended: every line is indexed once.
- Sums per step, group and P(true) are kept while indexing, so that no page adds up a run.
- A line that cannot be read is passed over and counted.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from tinyv_stream.board.batch_sums import BatchSums
from tinyv_stream.board.index import Index
from tinyv_stream.board.steps import COUNTS, Key, StepRow, Steps, StepState
from tinyv_stream.record import reading, segments
from tinyv_stream.record.lines import AnyLine, Left, Rewarded, decoder

BATCH_BYTES: Final = 16 * 1024 * 1024
"""Of a segment at a time: the pages that a batch touches are written once."""
_WORDS: Final = 4000
"""Characters of a question or an answer that can be searched."""
_STRATUM: Final = {"": "undecided", "refused_by_tinyv": "refused"}
"""Cell -> stratum, where they differ: see `index.STRATA`."""
_INTO_V: Final = f"insert into v values({','.join('?' * 29)})"
_INTO_WORDS: Final = "insert into words(rowid, question, ground_truth, answer) values(?, ?, ?, ?)"
_INTO_STEP: Final = f"insert or replace into step values({','.join('?' * 17)})"
_pack: Final = msgspec.msgpack.Encoder()


class IndexRow(NamedTuple):
    """A reward on its way into the index: its number there, its run, its cell and spelling, its place."""

    n: int
    r: int
    line: Rewarded
    cell: tuple[str, str | None]
    at: int
    length: int


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
        sums = BatchSums()
        self._base.execute("begin immediate")
        try:
            n = self._base.execute("select max(n) from v").fetchone()[0] or 0
            rows: list[IndexRow] = []
            for raw, at in _raw_lines(data, pos):
                try:
                    line = decoder.decode(raw)
                except msgspec.DecodeError:
                    self.unreadable += 1
                    continue
                r = self._run(line)
                if isinstance(line, Rewarded):
                    n += 1
                    rows.append(IndexRow(n, r, line, sums.add(r, line), at, len(raw)))
                self._need(r, line)
                self.steps.event(r, line)
                lines.append(line)
            self._insert(f, rows)
            self._sums(sums)
            self._base.execute("update file set pos = ? where f = ?", (pos + len(data), f))
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

    def _insert(self, f: int, rows: list[IndexRow]) -> None:
        # Generators: a row that is gone at once costs the garbage collector nothing.
        self._base.executemany(_INTO_V, (_row(row, f) for row in rows))
        self._base.executemany("insert into head values(?, ?)", ((row.n, _head(row.line)) for row in rows))
        self._base.executemany(_INTO_WORDS, ((row.n, *_words(row.line)) for row in rows))

    def _sums(self, sums: BatchSums) -> None:
        for key in self.steps.touched:
            if state := self.steps.state(key):
                self._base.execute(_INTO_STEP, _sum(key, state))
        self.steps.touched.clear()
        sums.write(self._base)


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


def _raw_lines(data: bytes, pos: int) -> Iterator[tuple[memoryview, int]]:
    """Yield each whole line without its newline, and its place; `data` ends with a newline."""
    view, begins = memoryview(data), 0
    while (end := data.find(b"\n", begins)) >= 0:
        yield view[begins:end], pos + begins
        begins = end + 1


def _head(line: Rewarded) -> bytes:
    return _pack.encode((line.question[:160], line.ground_truth[:120], (line.answer or "")[:120]))


def _words(line: Rewarded) -> tuple[str, str, str]:
    return line.question[:_WORDS], line.ground_truth[:_WORDS], (line.answer or "")[:_WORDS]


def _row(row: IndexRow, f: int) -> tuple[Any, ...]:
    line, (cell, spelling) = row.line, row.cell
    rule, tinyv = line.rule, line.tinyv
    return (
        row.n, row.r, line.client, line.id, line.step, line.group, line.group_size, line.ended, line.rewarded,
        line.data_source, line.value, line.status, line.source, line.reason,
        rule and rule.outcome, rule and rule.grader, rule and rule.reason,
        tinyv and tinyv.outcome, tinyv and tinyv.p_true, tinyv and tinyv.threshold, tinyv and tinyv.model,
        tinyv and tinyv.reason,
        _STRATUM.get(cell, cell), cell, line.pair, spelling, f, row.at, row.length,
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
