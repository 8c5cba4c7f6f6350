"""What graders and their processes write on stderr, and how they fail to start, is read by whoever runs the worker."""

import logging
import sys
from pathlib import Path

import pytest
from tinyv_stream_workers.rule.sandbox.sandbox import Sandbox

from tinyv_stream.errors import EngineStartError, InvalidInputError
from tinyv_stream.testing import wait_until
from tinyv_stream.verifiers.rules.graders import Check

HERE = Path(__file__).parent
HEARD = "tinyv_stream_workers.rule.sandbox.stderr_log"


async def start(*graders: str) -> None:
    async with Sandbox(graders=graders, processes=1, timeout_s=5.0, memory_mb=1024):
        pass


def put(file: Path, code: str) -> None:
    file.write_text(code)


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(HERE), *sys.path])
    return tmp_path / "loud_grader.py"


@pytest.mark.parametrize(
    ("code", "error", "line"),
    [
        ("\n\nraise RuntimeError('half an \\x1b edit')\n", r"RuntimeError: half an \\x1b edit", 3),
        ("import json\njson.loads('{')\n", "JSONDecodeError: Expecting property name", 2),
        ("\nimport sys\nsys.exit(3)\n", "SystemExit: 3", 3),
        ("def judge(check\n", r"SyntaxError: '\(' was never closed", 1),
        ("class judge:\n    def __init__(self):\n        self.table = {}['missing']\n", "KeyError: 'missing'", 3),
    ],
)
async def test_a_grader_that_raises_on_load_is_named_with_file_line_and_error(
    theirs: Path, code: str, error: str, line: int
) -> None:
    put(theirs, code)
    with pytest.raises(InvalidInputError, match=error) as caught:
        await start("loud_grader:judge")
    assert caught.value.value == "loud_grader:judge"
    assert f"{theirs}, line {line}" in str(caught.value)


async def test_a_built_in_grader_that_raises_is_named_with_file_and_error(theirs: Path) -> None:
    broken = theirs.with_name("math_verify.py")
    put(broken, "def parse(*_, **__):\n    raise OSError('no grammar')\n")
    with pytest.raises(InvalidInputError, match="its first check raised OSError: no grammar") as caught:
        await start("exact", "math_verify")
    assert caught.value.value == "math_verify"
    assert f"{broken}, line 2" in str(caught.value)


async def test_a_grader_that_ends_the_process_is_named_with_its_last_words(
    theirs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(theirs, "import os\nos.write(2, b'first\\nlicense \\x1b[2J expired')\nos._exit(3)\n")
    with pytest.raises(
        EngineStartError, match=r"grader loud_grader:judge ended its process \(license .x1b\[2J expired\)"
    ):
        await start("exact", "loud_grader:judge")
    assert "graders wrote to stderr: first" in caplog.messages


@pytest.mark.usefixtures("theirs")
async def test_what_a_grader_process_writes_reaches_the_log_bounded_and_escaped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def heard() -> list[str]:
        return [r.getMessage() for r in caplog.records if r.name == HEARD and r.levelno == logging.WARNING]

    async with Sandbox(graders=("misbehaving:act",), processes=1, timeout_s=5.0, memory_mb=1024) as box:
        await box.grade("misbehaving:act", Check("write", "gold"))

        async def is_heard() -> bool:
            return bool(heard())

        await wait_until(is_heard, 10, "it is logged")
    assert heard()[0] == "graders wrote to stderr: 980 lines, left out here, and then"
    assert heard()[1:] == [rf"graders wrote to stderr: line {n} \x1b[2Jgold" for n in range(980, 1_000)]
