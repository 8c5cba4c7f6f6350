"""What is told of a program that runs as a child of this one."""

from pathlib import Path

from tinyv_stream.processes.child import Child


def test_the_last_lines_of_a_log_are_looked_for_near_its_end_alone(tmp_path: Path) -> None:
    child = Child(["true"], log=tmp_path / "log")
    assert child.last_lines() == []
    lines = [f"{n} {'x' * 10_000}" for n in range(10)]
    child.log.write_text("\n".join([*lines, "a line\r\nits last ü\n"]))
    said = child.last_lines()
    assert said[-2:] == ["a line", "its last ü"]
    assert said[-3] == lines[-1][:500]
    assert len(said) == 2 + 7, "six lines and a part of one are in 64 kB"
    assert child.last_lines(1) == ["its last ü"]
