"""Index over a record: SQLite beside the segments, with pointers into them. It may be deleted; it is built again.

- Facts are in a narrow table, texts stay in the segments; short texts can be searched (FTS5).
- One writer; readers open their own connection (WAL).
- People's labels are mirrored here for filtering; their truth is `labels.jsonl`.
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

VERSION: Final = 3
"""An index of another version is deleted and built again."""

_TABLES: Final = """
create table run(r integer primary key, run text, try integer, began real, seen real, unique(run, try));
create table file(f integer primary key, name text unique, pos integer);
create table v(n integer primary key, r integer, client text, id text, step integer, grp text, gsize integer,
  ended real, rewarded real, data_source text, value real, status text, source text, reason text,
  rule text, grader text, rule_reason text, tinyv text, p_true real, threshold real, model text, tinyv_reason text,
  stratum text, cell text, pair text, spelling text, f integer, at integer, length integer);
create table head(n integer primary key, texts blob);
create virtual table words using fts5(question, ground_truth, answer, content='', tokenize='unicode61');
create index v_step on v(r, step);
create index v_grp on v(r, grp);
create index v_p on v(p_true) where p_true is not null;
create index v_rescued on v(n) where stratum = 'tinyv';
create index v_undecided on v(n) where stratum = 'undecided';
create index v_pair on v(r, cell, pair);
create index v_spelling on v(spelling) where spelling is not null;
create index v_near on v(n) where abs(p_true - threshold) < 0.05;
create index v_slow on v(n) where rewarded - ended > 1;
create index v_asked_again on v(r) where rule = 'correct' and tinyv is not null;
create table kind(pair text primary key, kind text) without rowid;
create table label(pair text primary key, label text, via text, at real, correct integer) without rowid;
create table step(r integer, step integer, client text, began real, over integer, last real,
  rollouts integer, open integer,
  generation real, hidden real, exposed real, found integer, rule_correct integer, asked integer, shared integer,
  rescued integer, undecided integer, primary key(r, step, client)) without rowid;
create table grp(r integer, step integer, grp text, n integer, gsize integer, ruled integer, least real, most real,
  primary key(r, step, grp)) without rowid;
create table p_true(r integer, bin integer, tinyv text, n integer, primary key(r, bin, tinyv)) without rowid;
create table cell(r integer, step integer, data_source text, cell text, n integer,
  primary key(r, step, data_source, cell)) without rowid;
create table spelling(r integer, spelling text, step integer, n integer,
  primary key(r, spelling, step)) without rowid;
create table threshold(r integer, model text, threshold real, n integer,
  primary key(r, model, threshold)) without rowid;
"""

STRATA: Final = ("tinyv", "rule", "refused", "undecided")
"""Rewarded by TinyV after the rules refused, by the rules, refused by whoever decided, and decided by nobody."""


class Index:
    """The index of one directory of runs."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.path = runs / "board.db"

    def open(self) -> sqlite3.Connection:
        """Return the writer's connection; an index of another version is rebuilt."""
        self.runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        base = self.connect()
        found = base.execute("pragma user_version").fetchone()[0]
        if found not in (0, VERSION):
            base.close()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            base, found = self.connect(), 0
        if found == 0:
            base.executescript(_TABLES)
            base.execute(f"pragma user_version = {VERSION}")
            self.path.chmod(0o600)
        return base

    def connect(self) -> sqlite3.Connection:
        """Return a connection; transactions are begun by hand."""
        base = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        base.row_factory = sqlite3.Row
        base.execute("pragma journal_mode = wal")
        base.execute("pragma synchronous = normal")
        base.execute("pragma wal_autocheckpoint = 8000")  # pages: by default every 4 MB waits for the disk
        base.execute("pragma cache_size = -32768")
        base.execute("pragma mmap_size = 1073741824")
        return base

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Yield a connection for one page."""
        base = self.connect()
        try:
            base.execute("begin")
            yield base
        finally:
            base.close()
