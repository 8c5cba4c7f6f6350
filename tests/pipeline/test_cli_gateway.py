"""`tinyv-stream gateway`, `up --gateway` and `doctor --trainer` as real processes."""

import asyncio
import json
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest
from cli_kit import Cli
from gateway_kit import gateway, workers

from tinyv_stream.cli.trainer_checks import TRAINERS, TrainerPackage, check_adapter, check_gateway, check_release
from tinyv_stream.testing import EmbeddedServer, wait_until, wait_until_sync

ROLLOUT = {"question": "1+1?", "completion": "It is \\boxed{2}.", "ground_truth": "2"}


def url_of(process: "subprocess.Popen[str]") -> str:
    """Read what the command prints until it says where its gateway answers."""
    assert process.stdout is not None
    for line in process.stdout:
        if "answers at " in line:
            return line.split("answers at ")[1].split()[0]
    raise AssertionError(f"it ended with {process.wait()} before it said where it answers")


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/readyz", timeout=5) as got:
            return got.status == 200
    except OSError:
        return False


def value_from(url: str) -> float:
    body = json.dumps({"rollouts": [ROLLOUT]}).encode()
    with urllib.request.urlopen(url + "/v1/rollouts", data=body, timeout=60) as got:
        return json.load(got)["rewards"][0]["value"]


def end(process: "subprocess.Popen[str]") -> int:
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)
    return process.returncode


def test_up_with_a_gateway_answers_http_and_ends_in_order(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    process = cli.start("up", "--config", cli.settings, "--gateway", "127.0.0.1:0", stdout=subprocess.PIPE)
    try:
        url = url_of(process)
        wait_until_sync(lambda: is_ready(url), 60, "the gateway is ready")
        assert value_from(url) == 1.0
        assert end(process) == 0
        assert cli.left_running() == []
    finally:
        process.kill()


def test_a_gateway_finds_the_pool_that_runs_here(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    with cli.up():
        process = cli.start("gateway", "--listen", "127.0.0.1:0", stdout=subprocess.PIPE)
        try:
            assert value_from(url_of(process)) == 1.0
            assert end(process) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("gateway", "--listen", "8377", "--redis", "redis://127.0.0.1:1"), "HOST:PORT"),
        (("gateway", "--listen", "0.0.0.0:0", "--redis", "redis://127.0.0.1:1"), "TINYV_GATEWAY_TOKEN"),
        (("gateway", "--on-undecided", "zero", "--redis", "redis://127.0.0.1:1"), "on_undecided"),
        (("doctor", "--trainer", "nobody"), "--trainer"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, args: tuple[str, ...], says: str) -> None:
    done = Cli(tmp_path).run(*args)
    assert done.returncode == 2
    assert says in done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "areal",
        "atropos",
        "nemo-gym",
        "nemo-rl",
        "openrlhf",
        "prime-rl",
        "roll",
        "skyrl",
        "slime",
        "trl",
        "verifiers",
        "verl",
    ],
)
def test_doctor_looks_at_every_trainer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the release that the adapter was made for, with another, and without the trainer."""
    trainer = TRAINERS[name]
    for version, level in ((f"{trainer.release or '1'}.0", "ok"), ("99.0", "note" if trainer.release else "ok")):
        monkeypatch.setattr("importlib.metadata.version", lambda package, found=version: found)
        assert check_release(trainer).level == level
    monkeypatch.undo()
    missing = check_release(TrainerPackage("no-such-package", trainer.release, trainer.adapter, trainer.remedy))
    assert (missing.level, "install" in missing.remedy) == ("wrong", True)
    if trainer.adapter != "gateway":
        assert check_adapter(trainer).level == "ok"


async def test_doctor_asks_the_gateway_where_a_trainer_does(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYV_GATEWAY_URL", "http://127.0.0.1:9")
    assert check_gateway().level == "wrong"
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        monkeypatch.setenv("TINYV_GATEWAY_URL", http.gateway.url)
        await wait_until(_level, 60, "a rule worker is ready")


async def _level() -> bool:
    return (await asyncio.to_thread(check_gateway)).level == "ok"


def test_doctor_names_a_missing_trainer_and_a_bad_setting(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    cli._env["TINYV_ON_UNDECIDED"] = "zero"
    done = cli.run("doctor", "--trainer", "skyrl", "--json")
    found = {check["name"]: check for check in json.loads(done.stdout)}
    assert done.returncode == 1
    assert found["trainer"]["level"] == found["settings"]["level"] == "wrong"
    assert "skyrl-gym" in found["trainer"]["remedy"]
    assert found["adapter"]["level"] == "ok"
