"""`push` and `score` with real processes on both sides: nothing lost, nothing twice, whatever is killed."""

import json
import signal
from pathlib import Path

from cli_kit import Cli, rewards_in, write_rollouts

from tinyv_stream.files.rollouts import RolloutLine, read_rollouts
from tinyv_stream.record import segments
from tinyv_stream.record.lines import Rewarded, decoder
from tinyv_stream.testing import EmbeddedServer, wait_until_sync

COUNT = 400


def interrupt(cli: Cli, signum: signal.Signals, *args: object, out: Path) -> int:
    """Start the command and signal it once some more rewards are written; return how it ended."""
    enough = len(rewards_in(out)) + 20
    process = cli.start(*args)
    wait_until_sync(lambda: len(rewards_in(out)) >= enough, 60.0, "some rewards are written")
    process.send_signal(signum)
    return process.wait(60)


def check_whole(rollouts: Path, out: Path) -> None:
    ids = [line.rollout.rollout_id for line in read_rollouts(rollouts) if isinstance(line, RolloutLine)]
    rewards = {reward["rollout_id"]: reward for reward in rewards_in(out)}
    assert sorted(str(reward["rollout_id"]) for reward in rewards_in(out)) == sorted(ids)
    assert [rewards[i]["value"] for i in ids] == [float(n % 2) for n in range(len(ids))]


def test_killed_and_interrupted_push_goes_on_and_doubles_nothing(tmp_path: Path) -> None:
    cli = Cli(tmp_path, tinyv_delay_s=0.2)
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_rollouts(rollouts, COUNT)
    push = ("push", rollouts, "--out", out, "--max-inflight", 16)
    with cli.up():
        assert interrupt(cli, signal.SIGKILL, *push, out=out) == -signal.SIGKILL
        killed_at = len(rewards_in(out))
        with out.open("ab") as file:
            file.write(b'{"rollout_id":"own-')  # what a kill inside the write of a line leaves
        assert killed_at < COUNT
        assert interrupt(cli, signal.SIGINT, *push, out=out) == 130
        last = cli.run(*push, timeout_s=90.0)
        assert (last.returncode, last.stdout.split(":")[0]) == (
            0,
            f"{COUNT} of {COUNT} rewarded, 0 not ok, 0 bad lines",
        )
    check_whole(rollouts, out)


def test_two_pushes_of_different_files_share_a_pool(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    files = [(tmp_path / f"in{n}.jsonl", tmp_path / f"out{n}.jsonl") for n in range(2)]
    with cli.up():
        for n, (rollouts, _) in enumerate(files):
            write_rollouts(rollouts, 60 + n)
        record = ("--record", tmp_path / "runs")
        running = [cli.start("push", rollouts, "--out", out, *record) for rollouts, out in files]
        assert [process.wait(60) for process in running] == [0, 0]
    for rollouts, out in files:
        check_whole(rollouts, out)
    lines = [raw for path in segments.listed(tmp_path / "runs") for raw in path.read_bytes().splitlines()]
    assert sum(isinstance(decoder.decode(raw), Rewarded) for raw in lines) == 60 + 61


def test_lines_of_one_group_may_give_different_sizes(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = write_rollouts(rollouts, 8)
    sized = (line | {"group_id": "g", "group_size": n + 1} for n, line in enumerate(lines))
    rollouts.write_text("".join(json.dumps(line) + "\n" for line in sized))
    with cli.up():
        ran = cli.run("push", rollouts, "--out", out)
    assert ran.returncode == 0, ran.stderr
    check_whole(rollouts, out)


def test_a_push_to_a_pool_without_workers_says_so(tmp_path: Path, server: EmbeddedServer, pool_name: str) -> None:
    cli = Cli(tmp_path, pool=pool_name)
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_rollouts(rollouts, 2)
    where = ("--redis", server.url, "--pool", pool_name)
    ran = cli.run("push", rollouts, "--out", out, "--deadline", 1, "--give-up-after", 2, *where)
    assert f"no worker runs in pool '{pool_name}'" in ran.stderr
    assert f"no worker of pool '{pool_name}' answered for 2 s" in ran.stderr
    assert ran.returncode == 1


def test_score_brings_its_own_pool_and_leaves_nothing_running(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_rollouts(rollouts, 40)
    with rollouts.open("a") as file:
        file.write('{"completion": "no question", "ground_truth": "1"}\n')
    ran = cli.run("score", rollouts, "--out", out, "--config", cli.settings, timeout_s=90.0)
    assert ran.returncode == 1, ran.stderr
    assert "bad line 41: question: " in ran.stderr
    assert len(rewards_in(out)) == 40
    wait_until_sync(lambda: not cli.left_running(), 20.0, "its processes are gone")


def test_full_disk_is_one_line_and_the_push_goes_on_later(tmp_path: Path) -> None:
    """A file size limit stands in for the full disk."""
    cli = Cli(tmp_path)
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_rollouts(rollouts, 60)
    with cli.up():
        full = cli.run("push", rollouts, "--out", out, file_limit=4000)
        assert full.returncode == 1
        assert full.stderr.startswith("tinyv-stream: ")
        assert "Traceback" not in full.stderr
        assert cli.run("push", rollouts, "--out", out).returncode == 0
    check_whole(rollouts, out)
