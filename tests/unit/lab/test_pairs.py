"""Both formats of labelled pairs are read, and a bad line is named."""

import json
from pathlib import Path

import pytest

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair, question_key, read_labelled, read_pairs, read_questions, write_pairs

HARD = [{"id": 7, "question": "q", "ground_truth": "$1,2$", "fn_output": "2, 1", "tn_output": "1, 3", "source": "X"}]


def test_a_hardverify_row_is_one_right_and_one_wrong_answer(tmp_path: Path) -> None:
    path = tmp_path / "hard.json"
    path.write_text(json.dumps(HARD))
    right, wrong = read_pairs(path)
    assert (right.model_answer, right.label, right.pair_id) == ("2, 1", True, "7-fn")
    assert (wrong.model_answer, wrong.label, wrong.source) == ("1, 3", False, "x")
    assert read_questions(path)[0].ground_truth == "$1,2$"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    pairs = [Pair(ground_truth="\u221e", model_answer="\\infty", label=True, kind="1.2", pair_id="a", question="q\n?")]
    write_pairs(tmp_path / "p.jsonl", pairs)
    assert read_pairs(tmp_path / "p.jsonl") == pairs


@pytest.mark.parametrize(
    "line", ['{"ground_truth": "1"}', '{"ground_truth": "1", "model_answer": 2, "label": true}', "x"]
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"ground_truth": "1", "model_answer": "1", "label": true}\n' + line)
    with pytest.raises(InvalidInputError, match=r"bad\.jsonl:2"):
        read_pairs(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="nowhere"):
        read_pairs(tmp_path / "nowhere")


def test_copies_of_a_question_have_one_key() -> None:
    plain = "How many  $x$ are there?"
    assert question_key(plain) == question_key(
        "how many x are there? Let's think step by step and output the final answer within \\boxed{}."
    )
    assert question_key(plain) != question_key("How many y are there?")


def test_an_evaluation_reads_completions_too(tmp_path: Path) -> None:
    path = tmp_path / "completions.jsonl"
    said = "So \\boxed{7}. Therefore the answer is \\boxed{8}."
    line = {"question": "q", "ground_truth": "8", "completion": said, "label": True}
    path.write_text(json.dumps(line) + "\n" + json.dumps({**line, "completion": "I do not know.", "label": False}))
    right, wrong = read_labelled(path)
    assert (right.completion, right.model_answer, right.pair_id) == (said, "8", "1")
    assert (wrong.completion, wrong.model_answer) == ("I do not know.", "")
    with pytest.raises(InvalidInputError, match="model_answer"):  # a training needs the answer itself
        read_pairs(path)
