"""`up` as a real process: found without a URL, drained by one signal, ended by two, leaving nothing behind."""

import signal
import stat
from pathlib import Path

import psutil
from cli_kit import Cli, rewards_in, write_rollouts

from tinyv_stream.testing import wait_until_sync


def worker_pids(cli: Cli) -> dict[str, int]:
    return {worker.stage: worker.pid for worker in cli.status().workers if worker.state == "ready"}


def test_killed_workers_come_back_and_zero_no_reward(tmp_path: Path) -> None:
    cli = Cli(tmp_path, tinyv_delay_s=0.2)
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_rollouts(rollouts, 400)
    with cli.up():
        pushing = cli.start("push", rollouts, "--out", out, "--max-inflight", 16)
        for stage, rewarded in (("rule", 20), ("tinyv", 120)):
            wait_until_sync(lambda n=rewarded: len(rewards_in(out)) >= n, 60.0, f"{rewarded} rewards")
            psutil.Process(worker_pids(cli)[stage]).kill()
            wait_until_sync(lambda s=stage: s in worker_pids(cli), 60.0, f"the {stage} worker is back")
        assert pushing.wait(60) == 0
    rewards = rewards_in(out)
    assert len({reward["rollout_id"] for reward in rewards}) == len(rewards) == 400
    assert {reward["status"] for reward in rewards} == {"ok"}
    assert sum(reward["value"] == 1.0 for reward in rewards) == 200


def test_ctrl_c_drains_and_leaves_nothing_behind(tmp_path: Path) -> None:
    cli = Cli(tmp_path, pool="mine")
    with cli.up() as process:
        note = next(tmp_path.glob("state/tinyv-stream/mine/running.json"))
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
    assert not note.exists()
    wait_until_sync(lambda: not cli.left_running(), 20.0, "its processes are gone")
    assert cli.run("status", "--pool", "mine").returncode == 2


def test_second_ctrl_c_does_not_wait_for_the_drain(tmp_path: Path) -> None:
    cli = Cli(tmp_path, tinyv_delay_s=600.0)
    rollouts = tmp_path / "in.jsonl"
    write_rollouts(rollouts, 10)
    with cli.up() as process:
        pushing = cli.start("push", rollouts, "--out", tmp_path / "out.jsonl")
        wait_until_sync(lambda: cli.status().depth == {"rule": 0, "tinyv": 5}, 60.0, "TinyV holds five")
        process.send_signal(signal.SIGINT)
        wait_until_sync(lambda: "tinyv" not in worker_pids(cli), 60.0, "the drain has begun")
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 130  # a drain would take 20 s
        pushing.kill()
        pushing.wait()
    wait_until_sync(lambda: not cli.left_running(), 20.0, "its processes are gone")


def test_kill_9_of_the_pool_leaves_no_orphan(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    with cli.up() as process:
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 3
        process.kill()
        process.wait()
        wait_until_sync(lambda: not any(child.is_running() for child in children), 20.0, "its children are gone")
    assert cli.run("status").returncode == 2


def test_lines_for_a_log_name_the_url_and_the_figures(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    log = tmp_path / "up.log"
    with log.open("w") as file:
        process = cli.start("up", "--config", cli.settings, stdout=file.fileno())
        wait_until_sync(lambda: "workers ready 2/2" in log.read_text(), 60.0, "a line says that both workers are ready")
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    lines = log.read_text()
    assert "pool main is up at unix://" in lines
    assert "in flight 0 (queued: rule 0 tinyv 0), rewarded 0" in lines
    assert lines.endswith("drained and stopped\n")
