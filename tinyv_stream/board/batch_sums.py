"""Sums of one batch of lines: added up in memory, and written by one statement per group, step and cell.

They are added to the index's own sums, so that no page adds up a run.
"""

import sqlite3
from collections import Counter
from typing import Final

from tinyv_stream.board.cells import cell_of, is_ruled
from tinyv_stream.board.spellings import spelling_of
from tinyv_stream.record.lines import Rewarded

BINS: Final = 40
_MORE: Final = "on conflict do update set n = n + excluded.n"
_INTO_GROUP: Final = (
    "insert into grp values(?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set n = n + excluded.n,"
    " ruled = ruled + excluded.ruled, least = min(least, excluded.least), most = max(most, excluded.most)"
)


class BatchSums:
    """What a batch adds to the sums of groups, cells, spellings, P(true) and thresholds."""

    def __init__(self) -> None:
        self._groups: dict[tuple[int, int, str], list[float | None]] = {}
        self._cells: Counter[tuple[int, int, str, str]] = Counter()
        self._spelt: Counter[tuple[int, str, int]] = Counter()
        self._bins: Counter[tuple[int, int, str]] = Counter()
        self._thresholds: Counter[tuple[int, str, float]] = Counter()

    def add(self, r: int, line: Rewarded) -> tuple[str, str | None]:
        """Add a reward of run `r`; return its cell, and how its answer is spelt where TinyV gave it back."""
        cell = cell_of(line)
        spelling = spelling_of(line.answer or "") if cell == "tinyv" else None
        if line.group:
            self._add_to_group((r, line.step, line.group), line)
        if cell:
            self._cells[r, line.step, line.data_source, cell] += 1
        if spelling is not None:
            self._spelt[r, spelling, line.step] += 1
        if line.tinyv is not None and line.tinyv.p_true is not None:
            self._bins[r, min(BINS - 1, int(line.tinyv.p_true * BINS)), line.tinyv.outcome] += 1
            if line.tinyv.threshold is not None:
                self._thresholds[r, line.tinyv.model or "", line.tinyv.threshold] += 1
        return cell, spelling

    def _add_to_group(self, key: tuple[int, int, str], line: Rewarded) -> None:
        value = line.value
        found = self._groups.get(key)
        if found is None:
            self._groups[key] = [1, line.group_size, is_ruled(line), value, value]
            return
        n, _, ruled, least, most = found
        found[0], found[2] = (n or 0) + 1, (ruled or 0) + is_ruled(line)
        # As SQLite's min() and max(): of a reward that nobody decided nothing is known.
        found[3] = None if least is None or value is None else min(least, value)
        found[4] = None if most is None or value is None else max(most, value)

    def write(self, base: sqlite3.Connection) -> None:
        """Add all of it to the index, in the transaction that is open."""
        base.executemany(_INTO_GROUP, ((*key, *sums) for key, sums in self._groups.items()))
        for table, sums in (
            ("cell", self._cells),
            ("spelling", self._spelt),
            ("p_true", self._bins),
            ("threshold", self._thresholds),
        ):
            marks = "?, " * (4 if table == "cell" else 3) + "?"
            rows = ((*key, n) for key, n in sums.items())
            base.executemany(f"insert into {table} values({marks}) {_MORE}", rows)
