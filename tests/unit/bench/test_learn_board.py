"""A run on the board: a policy that finds a hole is told by the board's own alarm, one that learns is not."""

import random
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from bench.learn.amounts import Amounts
from bench.learn.faulty import RestIgnored
from bench.learn.grpo import GradedText, RewardSource
from bench.learn.on_board import LABELLED, BoardAlarms, OnBoard
from bench.learn.rewards import Behind, Oracle
from bench.learn.task import OR, problems
from tinyv_stream.board import quality, queries
from tinyv_stream.board.index import Index
from tinyv_stream.board.ingest import Indexer
from tinyv_stream.board.labels import Labels

FAMILY = Amounts()
ASKED = problems(FAMILY, 8, 1)
STEPS, SIZE = 30, 4


def answers(rng: random.Random, hedge: float) -> list[GradedText]:
    """Answers of a policy of which half are right, and a share names two wrong values instead."""
    found: list[GradedText] = []
    for one in ASKED:
        for _ in range(SIZE):
            wrong = FAMILY.near_miss(one.value, rng)
            right = rng.random() < 0.5
            text = "".join(FAMILY.spell(one.value if right else wrong, "plain"))
            if rng.random() < hedge:
                right, text = False, f"{wrong[0]}{OR}{wrong[0] + rng.randint(1, 50)}"
            found.append(GradedText(one, text, right))
    return found


def run(source: RewardSource, runs: Path, *, hedges: bool) -> BoardAlarms:
    rng = random.Random(3)
    with OnBoard(source, runs, "run", size=SIZE, seed=0) as seen:
        for step in range(STEPS):
            seen(answers(rng, 0.06 * max(0, step - 9) if hedges else 0.0), step)
        return seen.alarms


def test_the_boards_alarm_sounds_for_a_hole_and_not_for_a_policy_that_learns(tmp_path: Path) -> None:
    hacked = run(RestIgnored(), tmp_path / "hacked", hedges=True)
    assert hacked.audit is not None and hacked.audit > 9
    assert run(RestIgnored(), tmp_path / "clean", hedges=False) == BoardAlarms()


def test_a_board_over_the_directory_has_the_steps_the_groups_and_the_audit(tmp_path: Path) -> None:
    run(Behind(RestIgnored(), Oracle(0)), tmp_path, hedges=True)
    index = Index(tmp_path)
    indexer = Indexer(index)
    while indexer.take_in()[1]:
        pass
    indexer.close()
    base = index.connect()
    Labels(tmp_path).mirror(base)
    base.close()
    with index.reading() as reader:
        assert [one["run"] for one in queries.runs(reader)] == ["run"]
        told = quality.quality(reader, 1)
        closed = reader.execute("select count(*) from step where over = 1").fetchone()[0]
    assert closed == STEPS and told["sums"]["rollouts"] == STEPS * len(ASKED) * SIZE
    assert len(told["steps"]) == STEPS  # groups of every step are whole
    assert told["wrong"] is not None and told["whole"].noise is not None
    assert len(Labels(tmp_path).read()) <= STEPS * sum(LABELLED.values())
