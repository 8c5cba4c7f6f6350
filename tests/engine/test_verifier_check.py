"""`tinyv-stream verifier check` with a real engine: a random model fails, the bundled one's figures are kept."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tinyv_stream.lab.check.record import FILE, CheckRecord
from tinyv_stream.lab.check.report import CheckReport

pytestmark = [pytest.mark.vllm, pytest.mark.long, pytest.mark.timeout(900)]

SETTINGS = "[tinyv.engine]\nkv_cache_mb = 128\nthreads = 1\n"


def check(home: Path, *args: object, max_tokens: int | None = None) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("vllm")
    (home / "tinyv.toml").write_text(
        SETTINGS + (f"[tinyv.family]\nbase = 'judge'\nmax_tokens = {max_tokens}\n" if max_tokens else "")
    )
    command = [sys.executable, "-m", "tinyv_stream", "verifier", "check", *map(str, args)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [*command, "--config", str(home / "tinyv.toml")],
        capture_output=True,
        text=True,
        check=False,
        env=env,
        timeout=840,
    )


@pytest.mark.parametrize("family", ["tinyv", "compass", "general_verifier"])
def test_random_model_fails_whatever_the_family(build: Callable[..., Path], tmp_path: Path, family: str) -> None:
    long_replies = family == "general_verifier"  # a random model never comes to an end
    words = {"tinyv": ("True", "False"), "compass": ("A", "B", "C"), "general_verifier": ("Yes", "No")}[family]
    model = build(tmp_path / "model", words=words)
    ran = check(tmp_path, model, "--family", family, "--pairs", 20, max_tokens=4 if long_replies else None)
    assert ran.returncode == 1, ran.stderr[-2000:]
    assert "FAILED" in ran.stdout
    report = msgspec.json.decode((model / FILE).read_bytes(), type=CheckRecord).report
    assert not report.passed
    assert sum(row.accepted for row in report.attacks if row.structural) == 0, "the guard holds for every family"
    assert report.steady.flips == 0
    assert report.cost.prompt_tokens > 50
    assert report.cost.memory_mb > 100
    assert (report.mass is None) is long_replies


def test_bundled_verifier_is_checked_and_its_figures_hold_together(tmp_path: Path) -> None:
    ran = check(tmp_path, "embedded", "--pairs", 60, "--json", tmp_path / "out.json")
    assert ran.returncode in {0, 1}, ran.stderr[-2000:]
    report = msgspec.json.decode((tmp_path / "out.json").read_bytes(), type=CheckReport)
    assert (ran.returncode == 0) is report.passed
    assert report.steady.flips == 0
    assert sum(row.accepted for row in report.attacks if row.structural) == 0
    assert report.pairs.n == 60
    given_back = report.pairs.precision
    assert given_back.n > 0
    assert (report.pairs.auc or 0) > 0.5
    assert given_back.hits == given_back.n, "behind its guard it is right when it speaks"
