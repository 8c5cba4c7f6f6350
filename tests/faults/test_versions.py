"""Two releases share a pool, in both directions: today's, and one with more members, fields and words on the wire."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.chaos.releases import ROOT, environment_of, make_newer
from tinyv_stream import Outcome, Source, Status
from tinyv_stream.testing import EmbeddedServer

PROGRAM = Path(__file__).with_name("version_program.py")


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this release with words and fields of its own on the wire."""
    return make_newer(tmp_path_factory.mktemp("releases") / "newer")


def command(release: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    env = environment_of(release, ROOT / "tests" / "pipeline")
    return [sys.executable, "-P", str(PROGRAM), *words], env


@contextlib.contextmanager
def workers(release: Path, url: str, pool: str) -> Iterator[None]:
    argv, env = command(release, "worker", url, pool, "-")
    process = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE)
    try:
        yield
    finally:
        process.communicate(timeout=60)
    assert process.returncode == 0


def rewards(release: Path, url: str, pool: str, name: str, count: int) -> list[dict[str, Any]]:
    argv, env = command(release, "client", url, pool, name, str(count))
    done = subprocess.run(argv, env=env, capture_output=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["a newer worker", "a newer client", "one worker of each"])
def test_two_releases_share_a_pool(direction: str, newer: Path, server: EmbeddedServer, pool_name: str) -> None:
    of_workers = {"a newer worker": [newer], "a newer client": [ROOT], "one worker of each": [newer, ROOT]}[direction]
    with contextlib.ExitStack() as stack:
        for release in of_workers:
            stack.enter_context(workers(release, server.url, pool_name))
        clients = [ROOT, newer] if len(of_workers) == 2 else [newer if of_workers == [ROOT] else ROOT]
        for number, release in enumerate(clients):
            found = rewards(release, server.url, pool_name, f"run{number}", 40)
            assert [r["rollout_id"] for r in found] == [f"r{n}" for n in range(40)]
            assert [r["value"] for r in found] == [1.0, 1.0, 0.0, None] * 10
            assert {r["status"] for r in found} <= {"ok", "failed", "failed_of_2031"}
            words = {r["source"] for r in found}
            assert words <= {"rule", "tinyv", "cache", "fallback", "rule_of_2031", "tinyv_of_2031"}
            if of_workers == [newer]:
                assert {"rule_of_2031", "tinyv_of_2031"} <= words, "unknown words are kept as text"


@pytest.mark.parametrize("kind", [Outcome, Source, Status])
def test_a_word_of_a_newer_release_is_its_text_and_no_member(kind: type[Outcome | Source | Status]) -> None:
    word = kind("word_of_2031")
    assert (word, str(word), word.value, f"{word}") == ("word_of_2031",) * 4
    assert word == kind("word_of_2031") and hash(word) == hash(kind("word_of_2031"))
    assert word not in list(kind)
    for bad in (5, None, b"x"):
        with pytest.raises(ValueError, match="is not a valid"):
            kind(bad)
