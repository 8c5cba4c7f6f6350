"""What a file of rollouts yields, and what a file of rewards holds after any number of interrupts."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyv_stream.errors import InvalidInputError, OutputFileError
from tinyv_stream.files.rewards import RewardFile
from tinyv_stream.files.rollouts import MAX_LINE_BYTES, BadLine, RolloutLine, read_rollouts, survey
from tinyv_stream.types import MAX_ROLLOUT_BYTES, Outcome, Reward, Source, Status, Timings, Verdict

GOOD = {"question": "1 + 1?", "completion": r"It is \boxed{2}.", "ground_truth": "2"}


def write(path: Path, *lines: object) -> Path:
    data = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"".join(line + b"\n" for line in data))
    return path


def read(path: Path) -> list[RolloutLine | BadLine]:
    return list(read_rollouts(path))


def rewarded(rollout_id: str, status: Status = Status.OK) -> Reward:
    value = 1.0 if status is Status.OK else None
    return Reward(rollout_id=rollout_id, value=value, status=status, source=Source.RULE)


def ids_in(path: Path) -> list[str]:
    return [json.loads(line)["rollout_id"] for line in path.read_text().splitlines()]


def test_ids_of_lines_are_stable_and_differ_between_equal_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", GOOD, GOOD)
    first, again = read(path), read(path)
    ids = [line.rollout.rollout_id for line in first if isinstance(line, RolloutLine)]
    assert first == again
    assert len(set(ids)) == 2


def test_id_of_the_user_is_kept_and_other_keys_are_ignored(tmp_path: Path) -> None:
    [line] = read(write(tmp_path / "in.jsonl", GOOD | {"rollout_id": "q1/3", "label": True, "end_s": 3.5}))
    assert isinstance(line, RolloutLine)
    assert line.rollout.rollout_id == "q1/3"


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"question": "?", "ground_truth": "1"}, "completion"),
        (GOOD | {"completion": 2}, "completion"),
        (GOOD | {"ground_truth": True}, "ground_truth"),
        (GOOD | {"ground_truth": None}, "ground_truth"),
        (GOOD | {"ground_truth": " "}, "ground_truth"),
        (GOOD | {"question": ""}, "question"),
        (GOOD | {"group_size": "8"}, "group_size"),
        (GOOD | {"group_size": 0}, "group_size"),
        (GOOD | {"deadline_s": -1}, "deadline_s"),
        (GOOD | {"rollout_id": "a\nb"}, "rollout_id"),
        (GOOD | {"rollout_id": "\ud800"}, "rollout_id"),
        (GOOD | {"completion": "x" * (MAX_ROLLOUT_BYTES + 1)}, "completion"),
        ([GOOD], "line"),
        (b"{", "line"),
        (b'{"completion": "\xff"}', "line"),
        (b'{"x":' + b"[" * 100_000, "line"),
        (b'{"completion": "\\ud800", "x":' + b"[" * 100_000, "line"),
        (b'"' + b"x" * MAX_LINE_BYTES + b'"', "line"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_line_is_reported_with_number_and_field_and_the_others_go_on(
    tmp_path: Path, bad: object, field: str
) -> None:
    before, found, after = read(write(tmp_path / "in.jsonl", GOOD, bad, GOOD))
    assert isinstance(before, RolloutLine)
    assert isinstance(found, BadLine)
    assert (found.number, found.field) == (2, field)
    assert isinstance(after, RolloutLine)
    assert after.number == 3


def test_second_line_with_one_id_is_bad(tmp_path: Path) -> None:
    lines = read(write(tmp_path / "in.jsonl", GOOD | {"rollout_id": "a"}, GOOD | {"rollout_id": "a"}))
    assert isinstance(lines[0], RolloutLine)
    assert lines[1] == BadLine(2, "rollout_id", "line 1 has it already")


def test_half_an_emoji_in_a_cut_completion_is_accepted(tmp_path: Path) -> None:
    [line] = read(write(tmp_path / "in.jsonl", GOOD | {"completion": "so it is 2 \ud83d"}))
    assert isinstance(line, RolloutLine)


def test_byte_order_mark_windows_ends_and_empty_lines_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    text = json.dumps(GOOD).encode()
    path.write_bytes(b"\xef\xbb\xbf" + text + b"\r\n\r\n" + text)
    assert [line.number for line in read(path) if isinstance(line, RolloutLine)] == [1, 3]


@settings(deadline=None)  # no limit: a busy disk is no failure
@given(st.lists(st.binary(max_size=60).filter(lambda raw: b"\n" not in raw), max_size=5))
def test_any_bytes_are_a_good_line_or_a_bad_one(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    found = read(write(tmp_path_factory.mktemp("any") / "in.jsonl", *lines))
    assert len(found) == sum(bool(line.removeprefix(b"\xef\xbb\xbf").strip()) for line in lines[:1]) + sum(
        bool(line.strip()) for line in lines[1:]
    )


def test_input_that_can_be_read_only_once_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "none"):
        with pytest.raises(InvalidInputError, match="FILE"):
            read(path)


def test_survey_counts_what_is_left(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", *(GOOD | {"rollout_id": i} for i in "abc"), b"{")
    found = survey(path, {"a": Status.OK, "b": Status.FAILED, "other": Status.FAILED})
    assert (found.good, found.todo, found.not_ok, [bad.number for bad in found.bad]) == (3, 1, 1, [4])


def test_reward_line_holds_what_the_manual_says(tmp_path: Path) -> None:
    reward = Reward(
        rollout_id="a",
        value=1.0,
        status=Status.OK,
        source=Source.TINYV,
        rule=Verdict(outcome=Outcome.INCORRECT, grader="prime"),
        tinyv=Verdict(outcome=Outcome.CORRECT, grader="tinyv", p_true=0.9, model="m"),
        timings=Timings(rule_s=0.25),
        settings_version=3,
    )
    with RewardFile(tmp_path / "out.jsonl") as out:
        assert out.write(reward)
    assert json.loads((tmp_path / "out.jsonl").read_text()) == {
        "rollout_id": "a",
        "value": 1.0,
        "status": "ok",
        "source": "tinyv",
        "rule": {"outcome": "incorrect", "grader": "prime"},
        "tinyv": {"outcome": "correct", "p_true": 0.9, "model": "m"},
        "reason": "",
        "timings": {"rule_s": 0.25},
        "settings_version": 3,
    }


@settings(max_examples=60, deadline=None)  # no limit: a busy disk is no failure
@given(
    rounds=st.lists(
        st.tuples(st.lists(st.integers(0, 12), max_size=12), st.integers(0, 400), st.booleans()),
        min_size=1,
        max_size=4,
    )
)
def test_each_id_stands_once_after_any_interrupts(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[list[int], int, bool]]
) -> None:
    """Each round writes some ids, then loses up to so many bytes of its last line, as a kill or a power cut does."""
    path = tmp_path_factory.mktemp("resume") / "out.jsonl"
    for ids, lost, zeros in rounds:
        with RewardFile(path) as out:
            before = set(out.done)
            assert sorted(before) == sorted(ids_in(path))
            for number in ids:
                rollout_id = f"é{number}"
                assert out.write(rewarded(rollout_id)) == (rollout_id not in before)
                before.add(rollout_id)
        data = path.read_bytes()
        last = len(data) - (data.rfind(b"\n", 0, -1) + 1)
        torn = data[: len(data) - min(lost, last)]
        path.write_bytes(torn + b"\0" * (7 if zeros and not torn.endswith(b"\n") else 0))
    with RewardFile(path) as out:
        for number in range(13):
            out.write(rewarded(f"é{number}"))
    assert sorted(ids_in(path)) == sorted(f"é{number}" for number in range(13))


def test_resuming_knows_how_each_reward_ended(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with RewardFile(path) as out:
        out.write(rewarded("a"))
        out.write(rewarded("b", Status.FAILED))
    with RewardFile(path) as out:
        assert out.done == {"a": Status.OK, "b": Status.FAILED}
        assert not out.write(rewarded("b"))


@pytest.mark.parametrize(
    "content", [b"notes\n", b"no end of line", json.dumps(GOOD | {"rollout_id": "a"}).encode() + b"\n", b"\x00\n"]
)
def test_file_of_somebody_else_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="--out"), RewardFile(path):
        pass
    assert path.read_bytes() == content


def test_second_writer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    code = (
        "import sys, pathlib\n"
        "from tinyv_stream.files.rewards import RewardFile\n"
        "with RewardFile(pathlib.Path(sys.argv[1])): pass\n"
    )
    with RewardFile(path):
        ran = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "another process is writing it" in ran.stderr


def removed(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.write_text("")


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 5)


def added_to(path: Path) -> None:
    with path.open("a") as file:
        file.write("x")


@pytest.mark.parametrize("is_last", [False, True])
@pytest.mark.parametrize("change", [removed, replaced, cut, added_to])
def test_a_file_that_is_changed_meanwhile_ends_the_run(
    tmp_path: Path, change: Callable[[Path], None], *, is_last: bool
) -> None:
    path = tmp_path / "out.jsonl"
    out = RewardFile(path)
    with pytest.raises(OutputFileError, match=r"--out .* was changed .*run the same command again"), out:  # noqa: PT012
        out.write(rewarded("a"))
        change(path)
        assert is_last or not out.write(rewarded("b"))


def test_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    """A file size limit stands in for the full disk: like it, it takes a part of the line and then refuses."""
    path = tmp_path / "out.jsonl"
    code = (
        "import resource, signal, sys, pathlib\n"
        "from tinyv_stream.files.rewards import RewardFile\n"
        "from tinyv_stream.types import Reward, Source, Status\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with RewardFile(pathlib.Path(sys.argv[1])) as out:\n"
        "    for i in range(100):\n"
        "        out.write(Reward(rollout_id=str(i), value=1.0, status=Status.OK, source=Source.RULE))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert "OSError" in ran.stderr
    assert path.read_bytes().endswith(b"\n")
    assert len(ids_in(path)) > 1


@pytest.mark.parametrize(("given", "text"), [(2, "2"), (0.5, "0.5"), (-1e3, "-1000.0"), (10**30, str(10**30))])
def test_a_number_as_reference_answer_becomes_its_text(tmp_path: Path, given: float, text: str) -> None:
    (line,) = read(write(tmp_path / "in.jsonl", GOOD | {"ground_truth": given}))
    assert isinstance(line, RolloutLine)
    assert line.rollout.ground_truth == text
