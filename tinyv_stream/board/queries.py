"""Queries of the pages, to the index and to the segments. Each function takes a reader's connection."""

import hashlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from tinyv_stream.board.filters import PRESETS, clean, tables, where
from tinyv_stream.board.index import STRATA
from tinyv_stream.board.ingest import BINS
from tinyv_stream.board.rates import AuditRate, noise_of, rate
from tinyv_stream.record import reading
from tinyv_stream.record.lines import Rewarded, decoder

PAGE: Final = 60
MOST_COUNTED: Final = 10_000
"""A chip counts no further: "10k+" says enough, and a page must not wait for it."""
_QUEUE: Final = 8
Fields = dict[str, Any]


class GoneError(Exception):
    """The segment with this text was deleted by the run's size limit."""


def page(base: sqlite3.Connection, query: Mapping[str, str]) -> tuple[list[Fields], int | None]:
    """Return the newest verdicts that fit, with heads of their texts, and where older ones begin."""
    condition, values = where(query)
    if (before := query.get("before", "")).isdecimal() and len(before) < 18:
        condition, values = f"{condition} and v.n < ?", [*values, int(before)]
    chosen = base.execute(
        f"select v.n from {tables(condition)} where {condition} order by v.n desc limit {PAGE}",  # noqa: S608 our own SQL
        values,
    ).fetchall()
    rows = _with_heads(base, [row["n"] for row in chosen])
    return rows, rows[-1]["n"] if len(rows) == PAGE else None


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


def quality(base: sqlite3.Connection, r: int) -> Fields:
    """Return what the quality page shows of one try."""
    said = {
        stratum: base.execute(
            "select l.label, l.via, count(*) n from label l join v on v.pair = l.pair"
            " where v.r = ? and v.stratum = ? and l.label in ('right', 'wrong') group by l.pair",
            (r, stratum),
        ).fetchall()
        for stratum in STRATA[:3]
    }
    rates: dict[str, AuditRate | None] = {
        stratum: rate([(row["label"] == "wrong", row["n"]) for row in rows if row["via"] == "audit"])
        for stratum, rows in said.items()
    }
    rows = base.execute("select stratum, count(*) n from v where r = ? group by stratum", (r,))
    decided: dict[str, int] = {stratum: 0 for stratum in STRATA}  # noqa: C420 `fromkeys` would keep the literals' type
    decided.update({row["stratum"]: row["n"] for row in rows})
    return {
        "noise": noise_of(decided, rates),
        "rates": rates,
        "by_eye": {stratum: sum(row["via"] != "audit" for row in rows) for stratum, rows in said.items()},
        "sums": _sums(base, r),
        "kinds": _kinds(base, r),
        "steps": _groups(base, r),
        "bins": _bins(base, r),
        "thresholds": [dict(row) for row in base.execute("select * from threshold where r = ? order by n desc", (r,))],
        "queue": queue(base, r),
    }


def queue(base: sqlite3.Connection, r: int) -> list[Fields]:
    """Return a random sample of pairs that nobody labelled: half of them rescues, the others of the other strata.

    Pairs are digests, so their order is a random one; where the sample begins is drawn by the run's number.
    """
    begins = hashlib.blake2b(f"audit {r}".encode(), digest_size=16).hexdigest()
    ns: list[int] = []
    for stratum, most in zip(STRATA[:3], (_QUEUE // 2, _QUEUE // 4, _QUEUE // 4), strict=True):
        for test in (">=", "<"):
            rows = base.execute(
                "select max(v.n) from v left join label l on l.pair = v.pair"  # noqa: S608 as above
                f" where v.r = ? and v.stratum = ? and v.pair {test} ? and l.pair is null"
                " group by v.pair order by v.pair limit ?",
                (r, stratum, begins, most),
            ).fetchall()
            ns += [row[0] for row in rows]
            most -= len(rows)  # noqa: PLW2901 what is left after the first half of the circle
    return _with_heads(base, ns)


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


def _with_heads(base: sqlite3.Connection, ns: list[int]) -> list[Fields]:
    """Return rows in the order of `ns`, each with the first characters of its texts."""
    marks = ",".join("?" * len(ns))
    rows = base.execute(f"select {_ALL}, head.texts {_FROM} join head on head.n = v.n where v.n in ({marks})", ns)
    found = {row["n"]: {**dict(row), "head": msgspec.msgpack.decode(row["texts"])} for row in rows}
    return [found[n] for n in ns if n in found]


def _sums(base: sqlite3.Connection, r: int) -> Fields:
    names = ("rollouts", "found", "rule_correct", "asked", "shared", "rescued", "undecided")
    sums = ", ".join(f"coalesce(sum({name}), 0) {name}" for name in names)
    return dict(base.execute(f"select {sums} from step where r = ?", (r,)).fetchone())  # noqa: S608 as above


def _kinds(base: sqlite3.Connection, r: int) -> list[Fields]:
    rows = base.execute(
        "select coalesce(k.kind, 'not looked at yet') kind, sum(p.n) n, count(*) pairs,"
        " sum(l.label is not null) labelled, sum(l.label = 'wrong') wrong"
        " from (select pair, count(*) n from v where r = ? and stratum = 'tinyv' group by pair) p"
        " left join kind k on k.pair = p.pair left join label l on l.pair = p.pair group by 1 order by n desc",
        (r,),
    )
    return [dict(row) for row in rows]


def _groups(base: sqlite3.Connection, r: int) -> list[list[int]]:
    """Return per step: groups with a gradient by the rules alone, through TinyV only, and flat ones."""
    rows = base.execute(
        "select step, sum(ruled > 0 and ruled < n) ruled, sum((ruled = 0 or ruled = n) and least < most) given,"
        " count(*) n from grp where r = ? and n >= gsize and gsize > 1 group by step order by step desc limit 60",
        (r,),
    ).fetchall()
    return [[row["step"], row["ruled"], row["given"], row["n"] - row["ruled"] - row["given"]] for row in reversed(rows)]


def _bins(base: sqlite3.Connection, r: int) -> Fields:
    yes, no, wrong = [0] * BINS, [0] * BINS, [0] * BINS
    for row in base.execute("select * from p_true where r = ?", (r,)):
        (yes if row["tinyv"] == "correct" else no)[row["bin"]] += row["n"]
    mistakes = base.execute(
        "select v.p_true p, count(*) n from label l join v on v.pair = l.pair where v.r = ? and v.stratum in"
        " ('tinyv', 'refused') and l.label = 'wrong' and v.p_true is not null group by l.pair",
        (r,),
    )
    for row in mistakes:
        wrong[min(BINS - 1, int(row["p"] * BINS))] += row["n"]
    return {"yes": yes, "no": no, "wrong": wrong}
