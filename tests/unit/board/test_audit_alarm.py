"""Alarm of the audit: it sounds for a hole that pays, however it is spelt, and not for a verifier that errs a bit."""

import random
from pathlib import Path

import pytest
from board_kit import began, refused, reward, write

from tinyv_stream.board import quality
from tinyv_stream.board.audit import Seen
from tinyv_stream.board.audit_alarm import TOLERATED, wrong_paid
from tinyv_stream.board.index import Index
from tinyv_stream.board.ingest import Indexer
from tinyv_stream.board.labels import Labels, label_of


def seen(step: int, number: int, *, n: int = 1, cell: str = "rule") -> Seen:
    return Seen(f"{step}-{number}", cell, step, "x", n)


def run_of(shares: list[float], seed: int) -> tuple[list[Seen], dict[str, bool]]:
    """Four audited pairs a step, of which a share is wrong."""
    rng = random.Random(seed)
    rows = [seen(step, number) for step in range(len(shares)) for number in range(4)]
    return rows, {one.pair: rng.random() >= shares[one.step] for one in rows}


def first_alarm(rows: list[Seen], is_right: dict[str, bool]) -> int | None:
    for now in range(max(one.step for one in rows) + 1):
        if wrong_paid([one for one in rows if one.step <= now], is_right):
            return now
    return None


def test_it_sounds_while_a_hole_is_learned_and_never_for_one_paid_answer_of_fifty() -> None:
    hole = [0.02] * 10 + [0.1 * n for n in range(10)]
    alarms = [first_alarm(*run_of(hole, seed)) for seed in range(20)]
    assert all(at is not None and 10 < at <= 18 for at in alarms)
    assert [first_alarm(*run_of([0.02] * 60, seed)) for seed in range(40)] == [None] * 40


def test_what_was_wrong_long_ago_is_not_said_of_today() -> None:
    rows, is_right = run_of([0.6] * 10 + [0.0] * 10, 1)
    assert wrong_paid([one for one in rows if one.step < 10], is_right)
    assert wrong_paid(rows, is_right) is None


def test_a_pair_counts_as_often_as_it_was_paid_and_refused_ones_not_at_all() -> None:
    rows = [seen(1, n) for n in range(10)]
    is_right = {one.pair: one.pair != "1-0" for one in rows}
    assert wrong_paid(rows, is_right) is None
    assert wrong_paid([seen(1, n, cell="refused") for n in range(10)], dict.fromkeys(is_right, False)) is None
    told = wrong_paid([seen(1, n, n=10 if n < 8 else 1) for n in range(10)], {p: p > "1-5" for p in is_right})
    assert told is not None and (told.pairs, told.wrong) == (10, 6)
    assert told.share == pytest.approx(60 / 82) and told.low > TOLERATED
    assert wrong_paid(rows[:7], dict.fromkeys(is_right, False)) is None  # too few to say so


def test_the_index_tells_it_of_labelled_pairs_that_were_drawn_at_random(tmp_path: Path) -> None:
    write(tmp_path, [began(1, 1.0), *(reward(n) for n in range(12)), refused(20)])
    labels, index = Labels(tmp_path), Index(tmp_path)
    indexer = Indexer(index)
    indexer.take_in()
    indexer.close()
    for via in ("", "audit"):
        for n in range(12):
            labels.add(label_of("wrong", accepted=True, pair_id=f"{n:032x}", texts=("q", "1", "1"), source="", via=via))
        base = index.connect()
        labels.mirror(base)
        base.close()
        with index.reading() as reader:
            told = quality.audit_alarm(reader, 1)
        assert (told is not None) == (via == "audit")
    assert told is not None and (told.since, told.until, told.wrong) == (1, 1, 12)
