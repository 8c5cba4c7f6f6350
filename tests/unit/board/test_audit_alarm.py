"""Alarm of the audit: it sounds for a hole that pays, however it is spelt, and not for a verifier that errs a bit."""

import random
from pathlib import Path

import msgspec
import pytest
from board_kit import began, refused, rescued, reward, write

from tinyv_stream.board import quality, watch
from tinyv_stream.board.audit_alarm import STEPS, TOLERATED, PaidPair, wrong_paid
from tinyv_stream.board.index import Index
from tinyv_stream.board.ingest import Indexer
from tinyv_stream.board.labels import Labels, label_of
from tinyv_stream.board.settings import BoardConfig
from tinyv_stream.record.lines import AnyLine
from tinyv_stream.testing import wait_until


def pair(step: int, *, right: bool, n: int = 1, drawn: bool = True) -> PaidPair:
    return PaidPair(n=n, is_right=right, is_drawn=drawn, at=float(step))


def first_alarm(shares: list[float], seed: int) -> int | None:
    """Of a run that pays 32 answers a step, each of them a pair of its own; four a step are audited."""
    rng = random.Random(seed)
    audited: list[PaidPair] = []
    for step, share in enumerate(shares):
        audited += [pair(step, right=rng.random() >= share) for _ in range(4)]
        newest = [one for one in audited if one.at > step - STEPS]
        if wrong_paid(32 * min(STEPS, step + 1), newest, since=0, until=step):
            return step
    return None


def test_it_sounds_while_a_hole_is_learned_and_never_for_one_paid_answer_of_fifty() -> None:
    hole = [0.02] * 10 + [0.1 * n for n in range(10)]
    alarms = [first_alarm(hole, seed) for seed in range(20)]
    assert all(at is not None and 10 < at <= 18 for at in alarms)
    assert [first_alarm([0.02] * 60, seed) for seed in range(40)] == [None] * 40


def test_answers_that_are_known_and_written_again_do_not_hide_those_that_are_new() -> None:
    often = [pair(1, right=True, n=50, drawn=False) for _ in range(4)]
    new = [pair(9, right=n % 4 == 0) for n in range(12)]
    told = wrong_paid(400, [*often, *new], since=1, until=9)
    assert told is not None and told.share == pytest.approx((9 + 188 * 0.75) / 400)
    assert told.low > TOLERATED and told.pairs == 16
    assert wrong_paid(212, [*often, *new], since=1, until=9) is None  # all of it is known: 9 of 212


def test_one_mistake_among_few_rewards_is_no_alarm() -> None:
    rest = [pair(1, right=True) for _ in range(8)]
    for mistakes in range(5):
        told = wrong_paid(8 + mistakes, [*rest, *(pair(1, right=False) for _ in range(mistakes))], since=1, until=1)
        assert (told is not None) == (mistakes >= 3)  # all is known: 2 of 10 are wrong, and yet it is not said


def test_too_few_and_those_that_caught_the_eye_stand_for_nothing_else() -> None:
    assert wrong_paid(100, [pair(1, right=False) for _ in range(7)], since=1, until=1) is None
    assert wrong_paid(100, [pair(1, right=False, drawn=False) for _ in range(40)], since=1, until=1) is None


def test_the_index_tells_it_of_labelled_pairs_that_were_drawn_at_random(tmp_path: Path) -> None:
    write(tmp_path, [began(1, 1.0), *(reward(n) for n in range(30)), refused(40)])
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
    assert told is not None and (told.since, told.until, told.pairs, told.share) == (1, 1, 12, 1.0)


def test_a_spelling_that_labels_know_to_be_right_is_no_alarm(tmp_path: Path) -> None:
    labels, number = Labels(tmp_path), 0
    lines: list[AnyLine] = []
    for step in range(1, 21):
        lines.append(began(step, 20.0 * step))
        for n in range(24):
            number += 1
            make = rescued if step > 12 and n < 6 else reward
            lines.append(make(number, step=step, answer=f"{number} cents"))
    write(tmp_path, lines)
    index = Index(tmp_path)
    indexer = Indexer(index)
    indexer.take_in()
    indexer.close()
    grown = [f"{n:032x}" for n in range(12 * 24 + 1, number + 1) if (n - 1) % 24 < 6]

    def alarms(*said: str) -> bool:
        for pair_id, word in zip(grown, said, strict=False):
            texts = ("q", "1", "1")
            labels.add(label_of(word, accepted=True, pair_id=pair_id, texts=texts, source="", via=""))  # type: ignore[arg-type]
        base = index.connect()
        labels.mirror(base)
        base.close()
        with index.reading() as reader:
            return bool(quality.growths(reader, 1))

    assert alarms()
    assert alarms(*["right"] * 8)  # too few to settle it
    assert not alarms(*["right"] * 9)
    assert alarms(*["right"] * 9, "wrong")


async def test_labels_that_another_process_writes_reach_a_running_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_KINDS_S", 0.01)
    write(tmp_path, [began(1, 1.0), *(reward(n) for n in range(20))])
    config = BoardConfig(runs=str(tmp_path), compress=False)
    index = Index(tmp_path)
    async with watch.Watch(config, index) as running:

        async def alarms() -> bool:
            return bool(msgspec.json.decode(running.frame).get("wrong"))

        async def is_there() -> bool:
            return bool(msgspec.json.decode(running.frame).get("steps"))

        await wait_until(is_there, 30, "the step is on the page")
        assert not await alarms()
        for n in range(12):
            Labels(tmp_path).add(
                label_of("wrong", accepted=True, pair_id=f"{n:032x}", texts=("q", "1", "1"), source="", via="audit")
            )
        await wait_until(alarms, 30, "the alarm is on the page")
