"""`up`'s step line: of the newest closed step, from what was recorded since it began to look."""

from pathlib import Path

from board_kit import began, reward, write

from tinyv_stream.cli.step_line import StepLine


def test_it_says_of_the_newest_closed_step_whether_training_waited(tmp_path: Path) -> None:
    path = write(tmp_path, [began(1, 10.0), reward(0, ended=11.0, rewarded=19.0)])
    line = StepLine(tmp_path)
    assert line.read() is None  # that was before it looked
    write(tmp_path, [began(2, 20.0), reward(1, step=2, ended=30.0, rewarded=30.002), began(3, 31.0)])
    said = line.read()
    assert said is not None and said.plain == "run  hidden  step 2 waited 2.0 ms after 10.00 s (0.02%)"
    with path.open("ab") as file:
        file.write(b"no line\n")
    write(tmp_path, [reward(2, step=3, ended=35.0, rewarded=39.0), began(4, 40.0)])
    said = line.read()
    assert said is not None and "exposed  step 3 waited 4.00 s" in said.plain
