"""The benchmark's side of a trainer's process: what it says at its end is told, and its prints are no messages."""

import sys
from pathlib import Path

import pytest

from bench.overlap.trainers.process import trainer
from tinyv_stream.errors import EngineStartError


def environment(home: Path, script: str) -> Path:
    """A Python that runs `script` instead of a trainer's side."""
    python = home / "fake" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!{sys.executable}\n{script}\n")
    python.chmod(0o755)
    return home


async def test_a_process_that_ends_tells_its_last_line(tmp_path: Path) -> None:
    home = environment(tmp_path, "raise SystemExit('no Ray here')")
    async with trainer("fake", home, tmp_path / "log") as own:
        with pytest.raises(EngineStartError, match="no Ray here"):
            await own.hello()


async def test_prints_of_libraries_go_to_the_log_and_the_hello_comes_through(tmp_path: Path) -> None:
    script = """
from bench.overlap.trainers.protocol import Hello, _say, claim_output
out = claim_output()
print("welcome to some library", flush=True)
_say(out, Hello({"verl": "0"}, "a -> b"))
"""
    log = tmp_path / "log"
    async with trainer("fake", environment(tmp_path, script), log) as own:
        assert (await own.hello()).path == "a -> b"
    assert "welcome" in log.read_text()


async def test_an_environment_that_is_gone_is_told(tmp_path: Path) -> None:
    async with trainer("nowhere", tmp_path, tmp_path / "log") as own:
        with pytest.raises(EngineStartError, match="nowhere"):
            await own.hello()
