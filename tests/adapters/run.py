# ruff: noqa: T201 it prints its result
"""Run every adapter inside its trainer: `python tests/adapters/run.py [NAME ...]`; NAME is light, trl or verl.

For each an environment `.venv-adapters/NAME` is made once, with the trainer's release and this project beside it, as a
user has it. One pool (`pool.toml`) serves all suites: real rule workers, TinyV on a scripted engine.

    run.py --only verl --setup-only     make or fix that environment; its Python is the last line printed
    run.py --home DIR                   have the environments in DIR instead
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

ROOT: Final = Path(__file__).resolve().parents[2]
HOME: Final = ROOT / ".venv-adapters"
TORCH: Final = "torch==2.13.0"
TEST_TOOLS: Final = (
    *("pytest>=8.4", "pytest-asyncio>=1.2", "pytest-timeout>=2.4"),
    *("aiohttp>=3.11", "prometheus-client>=0.22", "math-verify>=0.8,<0.10", "mpmath>=1.3", "psutil>=6"),
)
"""What the tests need beside the light base: they start gateways and workers with the trainer's own Python."""

AREAL_NEEDS: Final = ("aiofiles", "colorlog", "einops", "flask", "lark", "numba", "openai", "tenacity")
"""What the part of AReaL that calls a reward source imports."""

# NAME -> (installed with their dependencies, installed without). OpenRLHF and AReaL pull in GPU builds; the parts of
# them that call a reward source need none. AReaL needs torch, and so is with verl.
TRAINERS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "light": (("verifiers==0.4.0", "skyrl-gym==0.4.0"), ("openrlhf==0.11.2",)),
    "trl": ((TORCH, "trl==1.16.0"), ()),
    "verl": (
        (TORCH, "verl==0.9.1", "TransferQueue==0.1.11", "cachetools", "fastapi", "uvicorn", "pyzmq", *AREAL_NEEDS),
        ("areal==1.0.4",),
    ),
}
SUITE_S: Final = 1200


class SetupError(Exception):
    """An environment could not be made; its text says why, and where the whole story is."""


def main(given: list[str]) -> int:
    """Run the suites that were named, by default all; return 1 if one failed, or has no environment to run in."""
    parser = argparse.ArgumentParser(description="Run every adapter inside its trainer.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TRAINERS))
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="the same as NAME")
    parser.add_argument("--setup-only", action="store_true", help="make the environments, and run nothing")
    parser.add_argument("--home", type=Path, default=HOME, help="where the environments are (default: %(default)s)")
    args = parser.parse_args(given)
    chosen = list(dict.fromkeys([*args.names, *args.only])) or list(TRAINERS)
    if unknown := set(chosen) - set(TRAINERS):
        parser.error(f"no such trainer: {', '.join(sorted(unknown))}; use {', '.join(TRAINERS)}")
    with ThreadPoolExecutor() as installing:  # at once: one waits for the network while another unpacks
        made = dict(zip(chosen, installing.map(partial(prepare, args.home), chosen), strict=True))
    pythons = {name: found for name, found in made.items() if isinstance(found, Path)}
    code = run_all(pythons) if pythons and not args.setup_only else 0
    for name, found in made.items():
        if isinstance(found, SetupError):
            print(f"{name}: FAILED, it has no environment: {found}", file=sys.stderr, flush=True)
    if args.setup_only:
        sys.stdout.writelines(f"{python}\n" for python in pythons.values())
    return int(bool(code) or len(pythons) < len(made))


def prepare(home: Path, name: str) -> Path | SetupError:
    """Return the Python of a trainer's environment, or why it has none; say how long it took."""
    try:
        return timed(f"{name}: environment", partial(environment, home / name, name))
    except SetupError as exc:  # the other environments go on
        return exc


def run_all(pythons: dict[str, Path]) -> int:
    """Run the suites against one pool; return 1 if one failed."""
    with tempfile.TemporaryDirectory() as state:
        pool, url = start_pool(state)
        try:
            results = {name: timed(f"{name}: suite", partial(run_suite, name, pythons[name], url)) for name in pythons}
        finally:
            pool.terminate()
            pool.wait(60)
    for name, code in results.items():
        print(f"{name}: {'passed' if code == 0 else f'FAILED ({code})'}")
    return int(any(results.values()))


def timed(what: str, work: Callable[[], T]) -> T:
    """Do `work`, and say how long it took."""
    started = time.monotonic()
    done = work()
    print(f"{what} took {time.monotonic() - started:.0f} s", flush=True)
    return done


def environment(home: Path, name: str) -> Path:
    """Return the Python of a trainer's environment; make it, or fix it if what it should hold has changed.

    Raises SetupError.
    """
    full, bare = TRAINERS[name]
    python = home / "bin" / "python"
    note = home / "installed.txt"
    log = home / "install.log"
    wanted = "\n".join((*full, "--no-deps", *bare, *TEST_TOOLS))
    if not python.exists():
        step(log, [sys.executable, "-m", "venv", str(home)])
    if not note.exists() or note.read_text() != wanted:
        print(f"{name}: installing {', '.join((*full, *bare))}", flush=True)
        pip = [str(python), "-m", "pip", "install", "-qq", "--no-compile"]
        step(log, [*pip, *full, *TEST_TOOLS, "-e", str(ROOT)])
        if bare:
            step(log, [*pip, "--no-deps", *bare])
        note.write_text(wanted)
    return python


def step(log: Path, command: list[str]) -> None:
    """Run one step of an installation, what it says in `log`; raise SetupError with its error, or its last words."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as said:
            code = subprocess.run(command, stdout=said, stderr=said, check=False).returncode
    except OSError as exc:
        raise SetupError(str(exc)) from exc
    if code:
        lines = log.read_text(errors="replace").splitlines() or [f"exit code {code}"]
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        raise SetupError(f"{errors[-1]} (all of it: {log})")


def start_pool(state: str) -> tuple["subprocess.Popen[bytes]", str]:
    """Start the pool, and return it with its broker's URL once a rule worker is ready."""
    command = Path(sys.executable).with_name("tinyv-stream")
    env = {**os.environ, "XDG_STATE_HOME": state}
    args = [str(command), "up", "--config", str(ROOT / "tests/adapters/pool.toml"), "--pool", "main"]
    log = (Path(state) / "pool.log").open("wb")
    pool = subprocess.Popen(args, env=env, stdout=log, stderr=log)
    look = (
        "from tinyv_stream.embedded_server.discovery import find_running;"
        "r = find_running('main'); print(r.url if r else '')"
    )
    end = time.monotonic() + 60
    while time.monotonic() < end:
        url = subprocess.run(
            [sys.executable, "-c", look], env=env, capture_output=True, text=True, check=True
        ).stdout.strip()
        if url:
            return pool, url
        if pool.poll() is not None:
            break
        time.sleep(0.5)
    pool.kill()
    raise SystemExit("the pool did not start:\n" + (Path(state) / "pool.log").read_text())


def run_suite(name: str, python: Path, url: str) -> int:
    """Run one suite, and return pytest's exit code."""
    print(f"== {name}", flush=True)
    env = {
        **os.environ,
        "TINYV_ADAPTER_TEST_URL": url,
        "TINYV_REDIS_URL": url,
        "HF_HUB_OFFLINE": "1",
        "TRL_EXPERIMENTAL_SILENCE": "1",
    }
    args = [
        str(python),
        "-m",
        "pytest",
        f"tests/adapters/{name}",
        "-p",
        "no:cacheprovider",
        "-o",
        "timeout=300",
        "-o",
        "pythonpath=tests/adapters",
    ]
    try:
        return subprocess.run(args, cwd=ROOT, env=env, check=False, timeout=SUITE_S).returncode
    except subprocess.TimeoutExpired:
        return 124


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
