"""The workload is what its text says: the same from a seed, refused by the real rules where it should be."""

from pathlib import Path

import pytest

from bench.workload import Mix, Step, bundled, from_file, make
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.rules.graders import Check, load


def step(seed: int = 3, **mix: float) -> Step:
    return make(bundled(24, seed), 8, wall_s=20, seed=seed, mix=Mix(**mix))


def test_the_same_seed_gives_the_same_step_and_another_seed_another() -> None:
    assert step() == step()
    assert step(3) != step(4)


def test_completions_end_in_order_and_the_last_one_at_the_wall() -> None:
    made = step()
    ends = [line.end_s for line in made.lines]
    assert ends == sorted(ends)
    assert made.wall_s == ends[-1] == pytest.approx(20, rel=0.04)
    assert made.lines[-1].kind == "false_negative"


def test_lengths_have_a_long_tail() -> None:
    tokens = sorted(line.tokens for line in make(bundled(128, 1), 8, wall_s=60, seed=1).lines)
    assert tokens[-1] > 4 * tokens[len(tokens) // 2]


def test_the_real_rules_accept_right_answers_and_refuse_all_others() -> None:
    grader = load("cascade")
    for line in step().lines:
        check = Check(grader.extract(line.rollout.completion), line.rollout.ground_truth)
        found = grader.fast(check) or grader.grade(check)
        assert (found.outcome is Outcome.CORRECT) == (line.kind == "right"), (line.kind, check)


def test_a_larger_zipf_exponent_repeats_more_answers() -> None:
    def distinct(zipf_exponent: float) -> int:
        made = step(zipf_exponent=zipf_exponent)
        return len({(line.rollout.group_id, line.rollout.completion.rpartition("boxed")[2]) for line in made.lines})

    assert distinct(4.0) < distinct(1.0)


def test_bundled_questions_differ_from_one_another() -> None:
    assert len({q.question for q in bundled(1024, 1)}) == 1024


def test_a_file_gives_its_questions_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"id": 1, "question": "1 + 1?", "ground_truth": "2"}\n' * 3)
    assert [q.ground_truth for q in from_file(file, 2, 1)] == ["2", "2"]
    with pytest.raises(InvalidInputError, match="at least 4"):
        from_file(file, 4, 1)
    file.write_text("{}\n")
    with pytest.raises(InvalidInputError, match="--questions"):
        from_file(file, 1, 1)
