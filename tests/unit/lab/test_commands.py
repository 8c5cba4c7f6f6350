"""The lab's commands, as a user gives them."""

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tinyv_stream.cli import app
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Question, question_key, read_pairs
from tinyv_stream.lab.synth.refused import is_refused


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    rows = [Question(question=f"What is {n} plus {n}?", ground_truth=f"\\frac{{{n}}}{{7}}") for n in range(1, 90)]
    path.write_bytes(b"\n".join(msgspec.json.encode(r) for r in rows))
    return path


def run(*args: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_synthesize_twice_gives_the_same_file(questions: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        said = run("synthesize", questions, "--out", tmp_path / name, "--count", 200, "--seed", 4)
    assert "200 pairs, 100 right" in said
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_synthesize_leaves_out_a_benchmark_and_holds_out_questions(questions: Path, tmp_path: Path) -> None:
    rows = questions.read_bytes().splitlines()
    (tmp_path / "bench.jsonl").write_bytes(b"\n".join(rows[:40]))
    out, held = tmp_path / "train.jsonl", tmp_path / "held.jsonl"
    arguments = ("--out", out, "--held-out", held, "--exclude", tmp_path / "bench.jsonl")
    run("synthesize", questions, *arguments, "--count", 400, "--invented", 0.2)
    banned = {question_key(msgspec.json.decode(r, type=Question).question) for r in rows[:40]}
    trained, kept = ({question_key(p.question) for p in read_pairs(f) if p.question} for f in (out, held))
    assert trained
    assert kept
    assert not trained & kept
    assert not (trained | kept) & banned


@pytest.mark.parametrize(
    ("option", "value", "named"), [("--preset", "huge", "--preset"), ("--method", "magic", "--method")]
)
def test_train_names_what_it_does_not_know(tmp_path: Path, option: str, value: str, named: str) -> None:
    files = ("--base", "x", "--data", tmp_path / "x", "--held-out", tmp_path / "x", "--out", tmp_path / "out")
    with pytest.raises(InvalidInputError, match=named):
        run("train", *files, option, value)


def test_eval_refuses_a_threshold_that_is_no_probability(questions: Path) -> None:
    with pytest.raises(InvalidInputError, match="--threshold"):
        run("eval", questions, "--threshold", "2")


def test_eval_names_a_prompt_that_is_none(questions: Path) -> None:
    with pytest.raises(InvalidInputError, match="--prompt"):
        run("eval", questions, "--prompt", "loud")


@pytest.mark.parametrize(
    ("options", "named"), [(["--export-rank", "4"], "--export-rank"), (["--lora", "0", "--adapter", "a"], "--adapter")]
)
def test_train_refuses_options_that_exclude_each_other(tmp_path: Path, options: list[str], named: str) -> None:
    files = ("--base", "x", "--data", tmp_path / "x", "--held-out", tmp_path / "x", "--out", tmp_path / "out")
    with pytest.raises(InvalidInputError, match=named):
        run("train", *files, *options)


def test_the_model_that_writes_forms_cannot_judge_them(questions: Path, tmp_path: Path) -> None:
    llm = ("--llm", "http://127.0.0.1:9/v1", "--llm-model", "m", "--llm-judge", "http://127.0.0.1:9/v1#m")
    with pytest.raises(InvalidInputError, match="--llm-judge"):
        run("synthesize", questions, "--out", tmp_path / "o", *llm)


def test_a_judge_cannot_agree_with_itself(questions: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="--judge"):
        run("analyze", questions, questions, "--out", tmp_path / "r.md", "--judge", "m", "--judge", "m")


@pytest.mark.parametrize(
    "arguments",
    [
        ("synthesize", "in", "--out", "in"),
        ("synthesize", "in", "--out", "new", "--held-out", "in"),
        ("synthesize", "in", "--out", "new", "--exclude", "other", "--held-out", "other"),
        ("eval", "in", "--out", "in"),
        ("eval", "in", "--sweep", "new", "--sweep", "in"),
        ("analyze", "in", "other", "--judge", "m", "--out", "other"),
        ("timeline", "in", "--trace", "in"),
        ("eval", "in", "--json", "no/such/folder"),
        ("eval", "in", "--out", "."),
        ("demo", "--json", "no/such/folder"),
    ],
)
def test_a_destructive_or_unwritable_output_is_refused_before_work(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    held = questions.read_bytes()
    for name in ("in", "other"):
        Path(name).write_bytes(held)
    with pytest.raises(InvalidInputError, match=arguments[-2]):
        run(*arguments)
    assert Path("in").read_bytes() == Path("other").read_bytes() == held
    assert not Path("new").exists()


def test_nothing_is_measured_on_no_pairs(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").touch()
    with pytest.raises(InvalidInputError, match="at least one pair"):
        run("eval", tmp_path / "none.jsonl", "--verifier", "exact")


def test_rewards_of_other_rollouts_are_not_analysed(questions: Path, tmp_path: Path) -> None:
    (tmp_path / "rewards.jsonl").write_text('{"rollout_id": "r", "value": 0.0, "status": "ok", "source": "rule"}\n')
    with pytest.raises(InvalidInputError, match="no rollout of it is rewarded"):
        run("analyze", questions, tmp_path / "rewards.jsonl", "--judge", "m", "--out", tmp_path / "r.md")
    assert not (tmp_path / "r.md").exists()


def test_a_base_that_is_no_model_is_named(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"question": "q", "ground_truth": "1", "model_answer": "1", "label": true}\n')
    files = ("--base", tmp_path, "--data", pairs, "--held-out", pairs, "--out", tmp_path / "run")
    with pytest.raises(InvalidInputError, match="--base"):
        run("train", *files)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ([], "--base"),
        (["--base", "x", "--pairs", "9"], "--pairs"),
        (["--base", "x", "--held-out", "other"], "--held-out"),
        (["--from-scratch", "--base", "x"], "--base"),
        (["--from-scratch", "--epochs", "2"], "--epochs"),
        (["--from-scratch", "--curriculum"], "--curriculum"),
    ],
)
def test_train_from_scratch_and_from_a_base_do_not_mix(tmp_path: Path, options: list[str], named: str) -> None:
    files = ("--data", tmp_path / "x", "--held-out", tmp_path / "x", "--out", tmp_path / "out")
    with pytest.raises(InvalidInputError, match=named):
        run("train", *files, *options)


def test_synthesize_keeps_what_a_grader_refuses(questions: Path, tmp_path: Path) -> None:
    out, held = tmp_path / "pairs.jsonl", tmp_path / "held.jsonl"
    arguments = ("--out", out, "--held-out", held, "--refused-by", "cascade")
    said = run("synthesize", questions, *arguments, "--count", 100, "--accepted", 0.5)
    assert "100 pairs, 50 right" in said
    assert any(not is_refused(pair) for pair in read_pairs(out))
    assert all(is_refused(pair) for pair in read_pairs(held)), "a verifier is not asked about the others"


def test_a_share_of_accepted_pairs_needs_a_grader_that_accepts(questions: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="--accepted"):
        run("synthesize", questions, "--out", tmp_path / "o", "--accepted", 0.5)
