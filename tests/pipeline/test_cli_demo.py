"""`demo` as a real process: a real pool but for TinyV's model, the bundled completions, the real clock."""

import json
import signal
from pathlib import Path

import pytest
from cli_kit import Cli

from tinyv_stream.demo.replay import load
from tinyv_stream.testing import wait_until_sync

KEYS = {
    "rollouts",
    "rewarded",
    "duplicates",
    "by_source",
    "rescued",
    "agreement",
    "generation_s",
    "exposed_s",
    "wall_s",
}


@pytest.mark.slow
def test_demo_rewards_every_completion_once_and_writes_its_figures(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    figures = tmp_path / "demo.json"
    ran = cli.run("demo", "--json", figures, "--config", cli.settings, timeout_s=110.0)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(figures.read_text())
    assert found.keys() >= KEYS | {"engine", "broker"}
    assert found["rollouts"] == found["rewarded"] == sum(found["by_source"].values()) == len(load())
    assert found["duplicates"] == 0
    assert found["generation_s"] == load()[-1].end_s
    assert found["wall_s"] >= found["generation_s"] + found["exposed_s"]
    assert found["engine"] == {"name": "scripted", "version": "1", "model": "scripted"}
    assert found["broker"]["server"] == "valkey"
    assert "exposed verification" in ran.stdout


def test_interrupted_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    log = tmp_path / "demo.log"
    with log.open("w") as file:
        process = cli.start("demo", "--config", cli.settings, stdout=file.fileno())
        wait_until_sync(lambda: "completions ended" in log.read_text(), 60.0, "the replay has begun")
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 130
    wait_until_sync(lambda: not cli.left_running(), 20.0, "its processes are gone")
