"""Quality of one try, as its page shows it: audited rates and their course, rescues by kind, spellings that grow.

Everything is read from sums that are kept while indexing, and from labelled pairs: no page adds up a run.
"""

import hashlib
import sqlite3
from collections import defaultdict
from typing import Final

from tinyv_stream.board.audit import AuditFigures, Seen, course_of, figures_of
from tinyv_stream.board.audit_alarm import STEPS, PaidPair, WrongPaid, wrong_paid
from tinyv_stream.board.batch_sums import BINS
from tinyv_stream.board.queries import Fields, with_heads
from tinyv_stream.board.rates import CELLS
from tinyv_stream.board.spellings import Growth, growing

_QUEUED: Final = 2
"""Pairs of each cell in the queue."""
_SETTLED: Final = 9
"""Pairs of one spelling labelled right, and none wrong, that settle it: at most 30 % of it is wrong (Wilson, 95 %)."""


def quality(base: sqlite3.Connection, r: int) -> Fields:
    """Return what the quality page shows of one try."""
    whole, course, by_eye = _audited(base, r)
    return {
        "whole": whole,
        "course": course,
        "by_eye": by_eye,
        "growing": growths(base, r),
        "wrong": audit_alarm(base, r),
        "sums": _sums(base, r),
        "kinds": _kinds(base, r),
        "steps": _groups(base, r),
        "bins": _bins(base, r),
        "thresholds": [dict(row) for row in base.execute("select * from threshold where r = ? order by n desc", (r,))],
        "queue": queue(base, r),
    }


def growths(base: sqlite3.Connection, r: int) -> list[Growth]:
    """Return the spellings whose rescues grow fast, but for those that labels know to be right."""
    rollouts: dict[int, int] = defaultdict(int)
    for row in base.execute("select step, sum(rollouts - open) n from step where r = ? group by step", (r,)):
        rollouts[row["step"]] += row["n"]
    rescues: dict[str, dict[int, int]] = defaultdict(dict)
    for row in base.execute("select spelling, step, n from spelling where r = ?", (r,)):
        rescues[row["spelling"]][row["step"]] = row["n"]
    found = growing(rollouts, rescues)
    return [one for one in found if not _is_known_right(base, r, one.spelling, sum(rescues[one.spelling].values()))]


def _is_known_right(base: sqlite3.Connection, r: int, spelling: str, rescues: int) -> bool:
    """Tell whether labels settle that a policy writes this because it is right: a form may well be learned."""
    pairs, n, wrong = base.execute(
        "select count(distinct v.pair), count(*), coalesce(sum(l.correct = 0), 0) from label l cross join v where"
        " v.r = ? and v.cell = 'tinyv' and v.pair = l.pair and v.spelling = ? and l.correct is not null",
        (r, spelling),
    ).fetchone()
    return not wrong and (pairs >= _SETTLED or 2 * n >= rescues > 0)


def audit_alarm(base: sqlite3.Connection, r: int) -> WrongPaid | None:
    """Return what is wrong of what was paid in the newest steps, if it is more than is let pass."""
    steps = base.execute(
        "select step, sum(n) n from cell where r = ? and cell in ('rule', 'tinyv') group by step"
        " order by step desc limit ?",
        (r, STEPS),
    ).fetchall()
    if not steps:
        return None
    since, until = steps[-1]["step"], steps[0]["step"]
    rows = base.execute(
        "select l.correct, l.via, l.at, count(*) n from label l cross join v where v.r = ? and v.cell in"
        " ('rule', 'tinyv') and v.pair = l.pair and v.step between ? and ? and l.correct is not null group by l.pair",
        (r, since, until),
    )
    pairs = [
        PaidPair(n=row["n"], is_right=bool(row["correct"]), is_drawn=row["via"] == "audit", at=row["at"])
        for row in rows
    ]
    return wrong_paid(sum(row["n"] for row in steps), pairs, since=since, until=until)


def _labelled(base: sqlite3.Connection, r: int) -> tuple[list[Seen], dict[str, bool], dict[str, int]]:
    """Return the rewards of audited pairs, which answers are correct, and per cell how many were labelled by eye."""
    rows = base.execute(  # from the labels, which are few
        "select l.pair, l.correct, l.via, v.cell, v.step, v.data_source, count(*) n from label l cross join v"
        " where v.r = ? and v.cell in ('tinyv', 'rule', 'refused', 'refused_by_tinyv') and v.pair = l.pair"
        " and l.correct is not null group by l.pair, v.cell, v.step, v.data_source",
        (r,),
    ).fetchall()
    audited = [Seen(row["pair"], row["cell"], row["step"], row["data_source"], row["n"]) for row in rows
               if row["via"] == "audit"]  # fmt: skip
    is_right = {row["pair"]: bool(row["correct"]) for row in rows}
    by_eye: dict[str, set[str]] = {cell: set() for cell in CELLS}
    for row in rows:
        if row["via"] != "audit":
            by_eye[row["cell"]].add(row["pair"])
    return audited, is_right, {cell: len(pairs) for cell, pairs in by_eye.items()}


def _audited(base: sqlite3.Connection, r: int) -> tuple[AuditFigures, list[AuditFigures], dict[str, int]]:
    audited, is_right, by_eye = _labelled(base, r)
    sums = base.execute("select step, data_source, cell, n from cell where r = ?", (r,))
    rewards = [Seen("", row["cell"], row["step"], row["data_source"], row["n"]) for row in sums]
    course = course_of(rewards, audited, is_right) if audited else []
    again = base.execute("select 1 from v where r = ? and rule = 'correct' and tinyv is not null limit 1", (r,))
    whole = figures_of(rewards, audited, is_right, with_stages=again.fetchone() is None)
    return whole, course, by_eye


def queue(base: sqlite3.Connection, r: int) -> list[Fields]:
    """Return a random sample of pairs that nobody labelled, some of each cell.

    Pairs are digests, so their order is a random one; where the sample begins is drawn by the run's number.
    """
    begins = hashlib.blake2b(f"audit {r}".encode(), digest_size=16).hexdigest()
    ns: list[int] = []
    for cell in CELLS:
        most = _QUEUED
        for test in (">=", "<"):
            rows = base.execute(
                "select max(v.n) from v left join label l on l.pair = v.pair"  # noqa: S608 our own SQL
                f" where v.r = ? and v.cell = ? and v.pair {test} ? and l.pair is null"
                " group by v.pair order by v.pair limit ?",
                (r, cell, begins, most),
            ).fetchall()
            ns += [row[0] for row in rows]
            most -= len(rows)
    return with_heads(base, ns)


def _sums(base: sqlite3.Connection, r: int) -> Fields:
    names = ("rollouts", "found", "rule_correct", "asked", "shared", "rescued", "undecided")
    sums = ", ".join(f"coalesce(sum({name}), 0) {name}" for name in names)
    return dict(base.execute(f"select {sums} from step where r = ?", (r,)).fetchone())  # noqa: S608 as above


def _kinds(base: sqlite3.Connection, r: int) -> list[Fields]:
    rows = base.execute(
        "select coalesce(k.kind, 'not looked at yet') kind, sum(p.n) n, count(*) pairs,"
        " sum(l.label is not null) labelled, sum(l.label = 'wrong') wrong"
        " from (select pair, count(*) n from v where r = ? and cell = 'tinyv' group by pair) p"
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
        "select v.p_true p, count(*) n from label l cross join v where v.r = ? and v.cell in"
        " ('tinyv', 'refused_by_tinyv') and v.pair = l.pair and l.label = 'wrong' and v.p_true is not null"
        " group by l.pair",
        (r,),
    )
    for row in mistakes:
        wrong[min(BINS - 1, int(row["p"] * BINS))] += row["n"]
    return {"yes": yes, "no": no, "wrong": wrong}
