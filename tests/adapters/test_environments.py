"""What `run.py` says where environments cannot be made. Nothing is installed here."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    found = importlib.util.spec_from_file_location("adapters_run", Path(__file__).with_name("run.py"))
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture
def installed(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The trainers for which pip was started; for `light` it finds nothing."""
    started: list[str] = []
    works = run.step

    def step(log: Path, command: list[str]) -> None:
        if "install" in command and "--no-deps" not in command:
            started.append(log.parent.name)
        fails = "print('Collecting x'); print('ERROR: No such release: x==9'); print('hint'); raise SystemExit(1)"
        works(log, [sys.executable, "-c", fails if log.parent.name == "light" else "pass"])

    monkeypatch.setattr(run, "step", step)
    return started


def test_a_name_given_twice_is_installed_once(run: ModuleType, installed: list[str], tmp_path: Path) -> None:
    assert run.main(["verl", "--only", "verl", "--setup-only", "--home", str(tmp_path)]) == 0
    assert installed == ["verl"]


def test_a_failed_environment_is_named_and_the_others_are_made(
    run: ModuleType, installed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(["light", "trl", "--setup-only", "--home", str(tmp_path)]) == 1
    said = capsys.readouterr()
    log = tmp_path / "light" / "install.log"
    assert said.err == f"light: FAILED, it has no environment: ERROR: No such release: x==9 (all of it: {log})\n"
    assert said.out.endswith(f"{tmp_path}/trl/bin/python\n")
    assert "Collecting x" in log.read_text()


def test_the_suites_of_the_others_are_run_and_their_results_said(
    run: ModuleType, installed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(run, "run_all", lambda pythons: ran.extend(pythons) or 0)
    assert run.main(["light", "trl", "--home", str(tmp_path)]) == 1
    assert ran == ["trl"]
