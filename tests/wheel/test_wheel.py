"""The wheels as users install them: into empty environments, on each Python that is promised and found here."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE = {"async-timeout", "hiredis", "msgspec", "pip", "redis", "setuptools", "tinyv-stream", "uvloop"}
LINE = {"question": "1+1?", "completion": "It is \\boxed{2}.", "ground_truth": "2", "data_source": "x_prime"}
NAMES = "import importlib.metadata as m; print(*{d.name.lower() for d in m.distributions()})"


def run(*command: object, cwd: Path, code: int = 0) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    for project in (ROOT, ROOT / "embedded"):
        run(sys.executable, "-m", "build", "--outdir", out, project, cwd=out)
    return out


@pytest.fixture(params=["3.11", "3.12", "3.13"])
def python(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    found = shutil.which(f"python{request.param}")
    if not found or subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"no python{request.param} on PATH")
    run(found, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    return tmp_path / "venv" / "bin"


def install(python: Path, *what: object) -> None:
    run(python / "python", "-m", "pip", "install", "-q", *what, cwd=python)


def wheel(built: Path) -> Path:
    return next(built.glob("tinyv_stream-*.whl"))


def test_the_wheel_is_small_and_its_names_are_ours(built: Path) -> None:
    assert wheel(built).stat().st_size < 2_000_000
    with zipfile.ZipFile(wheel(built)) as names:
        top = {name.split("/")[0] for name in names.namelist() if ".dist-info/" not in name}
    assert top == {"tinyv_stream", "tinyv_stream_workers", "trainer_adapters"}


@pytest.mark.timeout(600)
def test_the_base_is_the_client_alone(built: Path, python: Path, tmp_path: Path) -> None:
    install(python, wheel(built))
    assert set(run(python / "python", "-c", NAMES, cwd=tmp_path).split()) <= BASE
    run(python / "python", "-c", "import tinyv_stream, trainer_adapters.slime_reward", cwd=tmp_path)
    assert "pip install 'tinyv-stream[cli]'" in run(python / "tinyv-stream", "status", cwd=tmp_path, code=1)
    run(python / "python", "-m", "pip", "check", cwd=tmp_path)


@pytest.mark.timeout(600)
def test_a_pool_from_the_wheel_rewards_a_rollout(built: Path, python: Path, tmp_path: Path) -> None:
    install(python, f"{wheel(built)}[cli,worker]", next(built.glob("tinyv_stream_embedded-*.whl")))
    run(python / "python", "-m", "pip", "check", cwd=tmp_path)
    assert "valkey" in run(python / "tinyv-stream", "--version", cwd=tmp_path)
    assert "pip install 'tinyv-stream[gateway]'" in run(python / "tinyv-stream", "gateway", cwd=tmp_path, code=1)
    (tmp_path / "in.jsonl").write_text(json.dumps(LINE) + "\n")
    score = ("score", "in.jsonl", "--out", "out.jsonl", "--tinyv-workers", "0", "--rule-workers", "1")
    run(python / "tinyv-stream", *score, cwd=tmp_path)
    assert json.loads((tmp_path / "out.jsonl").read_text())["value"] == 1.0


@pytest.mark.timeout(600)
def test_the_sdist_builds_the_same_client(built: Path, python: Path, tmp_path: Path) -> None:
    install(python, next(built.glob("tinyv_stream-*.tar.gz")))
    run(python / "python", "-c", "import tinyv_stream_workers.worker", cwd=tmp_path)
