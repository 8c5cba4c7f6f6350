"""`deploy/slurm/tinyv.sbatch` on a real Slurm: each rollout one reward, the trainer's exit code, a drain at its end."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from slurm_kit import ROOT, SCRIPT, Slurm

from tinyv_stream.testing import wait_until_sync

pytestmark = pytest.mark.timeout(400)

SETTINGS = '[broker]\nlease_s = 3.0\n[tinyv.engine]\nkind = "scripted"\n'


def job_of(folder: Path, count: int, code: int, *more: str) -> dict[str, str]:
    """The environment of a job whose trainer wants `count` rewards, with an engine that needs no model."""
    (folder / "tinyv.toml").write_text(SETTINGS)
    words = [sys.executable, ROOT / "tests/on_slurm/trainer.py", folder / "rewards.json", count, code, *more]
    options = f"--rule-workers 1 --tinyv-workers 1 --config {folder}/tinyv.toml"
    return {"TRAINER": " ".join(map(str, words)), "TINYV_UP": options, "TINYV_JOIN": options}


def assert_rewarded(folder: Path, count: int) -> None:
    rewards = json.loads((folder / "rewards.json").read_text())
    assert len({rollout for rollout, _, _ in rewards}) == count
    assert {(status, value) for _, status, value in rewards} == {("ok", 1.0)}


def story(folder: Path) -> str:
    logs = [*folder.glob("*.log"), *folder.glob("state/*.log"), *folder.glob("state/**/*.log")]
    return "\n".join(f"== {path}\n{path.read_text(errors='replace')[-1500:]}" for path in logs)


def left_running(folder: Path) -> list[str]:
    """What still runs of a job: its processes have its directory in their environment."""
    found: list[str] = []
    for process in psutil.process_iter():
        try:
            if str(folder / "state") in process.environ().get("TINYV_STATE", ""):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def test_the_script_has_no_objection_of_the_shell() -> None:
    subprocess.run(["bash", "-n", SCRIPT], check=True)


def test_a_job_ends_with_its_trainer_and_its_exit_code(slurm: Slurm, folder: Path) -> None:
    job = slurm.submit(folder, **job_of(folder, 100, 7))
    state = slurm.ended(job)
    assert state == ("FAILED", "7:0"), story(folder)
    assert_rewarded(folder, 100)
    up = (folder / "state" / "up-n1.log").read_text()
    assert "drained and stopped" in up, story(folder)
    assert (folder / "state" / "appendonlydir").is_dir(), "the server saved what it has"
    wait_until_sync(lambda: left_running(folder) == [], 30, "nothing is left")


def test_no_secret_is_in_an_argument(slurm: Slurm, folder: Path) -> None:
    job = slurm.submit(folder, **job_of(folder, 10, 0, "--linger"))
    wait_until_sync((folder / "rewards.json").exists, 180, "the trainer has its rewards")
    conf = folder / "state" / "server.conf"
    secret = next(line.split()[1] for line in conf.read_text().splitlines() if line.startswith("requirepass"))
    assert conf.stat().st_mode & 0o077 == 0
    lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert [line for line in lines if secret in line] == []
    slurm.run("scancel", "--batch", "--signal=TERM", job)  # as --signal=B:TERM does before the time limit
    state = slurm.ended(job)
    assert state == ("COMPLETED", "0:0"), story(folder)
    assert (folder / "rewards.drained").exists(), "the trainer heard it first"
    assert "drained and stopped" in (folder / "state" / "up-n1.log").read_text()


def test_a_cancelled_job_leaves_nothing(slurm: Slurm, folder: Path) -> None:
    job = slurm.submit(folder, **job_of(folder, 10, 0, "--linger"))
    wait_until_sync((folder / "rewards.json").exists, 180, "the trainer has its rewards")
    slurm.run("scancel", job)
    assert slurm.ended(job)[0] == "CANCELLED", story(folder)
    wait_until_sync(lambda: left_running(folder) == [], 60, "nothing is left")


def test_a_second_node_joins(slurm: Slurm, folder: Path) -> None:
    if len(slurm.nodes) < 2:
        pytest.skip("this Slurm was built for one node per machine")
    job = slurm.submit(folder, nodes=2, **job_of(folder, 200, 0))
    state = slurm.ended(job)
    assert state == ("COMPLETED", "0:0"), story(folder)
    assert_rewarded(folder, 200)
    assert "drained and stopped" in (folder / "state" / "join-n2.log").read_text(), story(folder)
