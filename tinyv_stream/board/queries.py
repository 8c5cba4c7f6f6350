"""Queries of the pages, to the index and to the segments. Each function takes a reader's connection."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from tinyv_stream.board.filters import PRESETS, clean, tables, where
from tinyv_stream.record import reading
from tinyv_stream.record.lines import Rewarded, decoder

PAGE: Final = 60
MOST_COUNTED: Final = 10_000
"""A chip counts no further: "10k+" says enough, and a page must not wait for it."""
_LOOKED_AT: Final = 10_000
"""Verdicts that are looked at one by one: some milliseconds."""
Fields = dict[str, Any]


class GoneError(Exception):
    """The segment with this text was deleted by the run's size limit."""


def page(base: sqlite3.Connection, query: Mapping[str, str]) -> tuple[list[Fields], int | None]:
    """Return the newest verdicts that fit, with heads of their texts, and where older ones begin."""
    condition, values = where(query)
    if (before := query.get("before", "")).isdecimal() and len(before) < 18:
        condition, values = f"{condition} and v.n < ?", [*values, int(before)]
    chosen = _newest(base, condition, values)
    rows = with_heads(base, [row["n"] for row in chosen])
    return rows, rows[-1]["n"] if len(rows) == PAGE else None


def _newest(base: sqlite3.Connection, condition: str, values: list[Any]) -> list[sqlite3.Row]:
    """Return the newest that fit. What is frequent is found among the newest; what is rare, by an index."""
    (last,) = base.execute("select max(n) from v").fetchone()
    of, order = tables(condition), f"order by v.n desc limit {PAGE}"
    begins = min([last or 0, *(value for value in values[-1:] if "v.n < ?" in condition)]) - _LOOKED_AT
    near = of.replace("v", "v not indexed", 1)
    found = base.execute(
        f"select v.n from {near} where {condition} and v.n > ? {order}",  # noqa: S608 our own SQL
        [*values, begins],
    ).fetchall()
    if len(found) == PAGE or begins <= 0:
        return found
    return base.execute(f"select v.n from {of} where {condition} {order}", values).fetchall()  # noqa: S608 as above


def counts(base: sqlite3.Connection, query: Mapping[str, str]) -> dict[str, int]:
    """Return how many verdicts each chip stands for, up to `MOST_COUNTED` and one."""
    rest = {name: said for name, said in query.items() if name not in {"preset", "before"}}
    found: dict[str, int] = {}
    for name in PRESETS:
        condition, values = where({**rest, "preset": name})
        inner = f"select 1 from {tables(condition)} where {condition} limit {MOST_COUNTED + 1}"  # noqa: S608 as above
        found[name] = base.execute(f"select count(*) from ({inner})", values).fetchone()[0]  # noqa: S608 as above
    return found


def verdict(base: sqlite3.Connection, n: int) -> Fields | None:
    """Return the facts of one verdict; None if there is none."""
    row = base.execute(f"select {_ALL} {_FROM} where v.n = ?", (n,)).fetchone()
    return dict(row) if row else None


def line_of(runs: Path, facts: Fields) -> Rewarded:
    """Return a verdict's line with its texts; raise GoneError if its segment is gone."""
    try:
        line = decoder.decode(reading.line_at(runs / facts["file"], facts["at"], facts["length"]))
    except FileNotFoundError as exc:
        raise GoneError(str(facts["file"])) from exc
    if not isinstance(line, Rewarded):
        raise GoneError(str(facts["file"]))
    return line


def group(base: sqlite3.Connection, r: int, name: str) -> list[Fields]:
    """Return the verdicts of a group within a try, as they came; 64 at most."""
    rows = base.execute(f"select {_ALL} {_FROM} where v.r = ? and v.grp = ? order by v.n limit 64", (r, clean(name)))
    return [dict(row) for row in rows]


def runs(base: sqlite3.Connection) -> list[Fields]:
    """Return every try of every run, the newest first."""
    return [dict(row) for row in base.execute("select r, run, try, began from run order by try desc limit 100")]


def kinds(base: sqlite3.Connection) -> list[str]:
    """Return the kinds that rescues were found to be of."""
    return [row[0] for row in base.execute("select distinct kind from kind order by kind")]


def unclassified(base: sqlite3.Connection, most: int) -> list[Fields]:
    """Return rescues whose kind nobody has looked for, one of each pair."""
    rows = base.execute(
        "select v.pair, v.n from v left join kind k on k.pair = v.pair where v.stratum = 'tinyv' and k.pair is null"
        " group by v.pair limit ?",
        (most,),
    ).fetchall()
    return [found for row in rows if (found := verdict(base, row["n"]))]


def funnel(base: sqlite3.Connection, r: int, steps: int) -> Fields:
    """Return who decided, over the newest steps of a try."""
    (newest,) = base.execute("select max(step) from step where r = ?", (r,)).fetchone()
    if newest is None:
        return {}
    row = base.execute(
        "select min(step) first, max(step) last, sum(rollouts - open) rollouts, sum(found) found, sum(rule_correct)"
        " rule_correct, sum(asked) asked, sum(shared) shared, sum(rescued) rescued, sum(undecided) undecided"
        " from step where r = ? and step > ?",
        (r, newest - steps),
    ).fetchone()
    return dict(row)


_ALL: Final = "v.*, run.run, run.try, file.name as file, l.label, l.at as labelled, l.via, k.kind"
_FROM: Final = (
    "from v join run on run.r = v.r join file on file.f = v.f"
    " left join label l on l.pair = v.pair left join kind k on k.pair = v.pair"
)


def with_heads(base: sqlite3.Connection, ns: list[int]) -> list[Fields]:
    """Return rows in the order of `ns`, each with the first characters of its texts."""
    marks = ",".join("?" * len(ns))
    rows = base.execute(f"select {_ALL}, head.texts {_FROM} join head on head.n = v.n where v.n in ({marks})", ns)
    found = {row["n"]: {**dict(row), "head": msgspec.msgpack.decode(row["texts"])} for row in rows}
    return [found[n] for n in ns if n in found]
