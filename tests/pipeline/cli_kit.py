"""What the command's tests share: `tinyv-stream` as a real process, and `up` for the length of a block.

The pool is real but for TinyV's model: its worker runs the scripted engine, which compares the two answers.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import msgspec
import psutil

from tinyv_stream.broker.operator import PoolStatus
from tinyv_stream.testing import wait_until_sync

SETTINGS = """
[broker]
lease_s = 1.0

[tinyv.engine]
kind = "scripted"
"""


class Cli:
    """Runs the command with a state directory of its own."""

    def __init__(self, home: Path, *, pool: str = "main", tinyv_delay_s: float = 0.0) -> None:
        self.home = home
        self.pool = pool
        self.settings = home / "tinyv.toml"
        self.settings.write_text(SETTINGS)
        self._env = {k: v for k, v in os.environ.items() if not k.startswith("TINYV_")}
        self._env |= {"XDG_STATE_HOME": str(home / "state"), "TINYV_SCRIPTED_DELAY_S": str(tinyv_delay_s)}

    def start(self, *args: object, stdout: int | None = subprocess.DEVNULL) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "from tinyv_stream.cli import main; main()", *map(str, args)]
        return subprocess.Popen(command, stdout=stdout, stderr=stdout, text=True, env=self._env)

    def run(
        self, *args: object, timeout_s: float = 60.0, file_limit: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end; `file_limit` is the most bytes that a file of it may have."""
        code = "from tinyv_stream.cli import main; main()"
        if file_limit:
            limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({file_limit}, {file_limit}))"
            code = f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); {limit}; {code}"
        command = [sys.executable, "-c", code, *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=self._env, timeout=timeout_s)

    def status(self) -> PoolStatus:
        return msgspec.json.decode(self.run("status", "--json", "--pool", self.pool).stdout, type=PoolStatus)

    def left_running(self) -> list[psutil.Process]:
        """Every process that was started with our state directory: the command, its server, its workers."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("XDG_STATE_HOME") == self._env["XDG_STATE_HOME"]:
                    found.append(process)
        return found

    @contextlib.contextmanager
    def up(self) -> Generator[subprocess.Popen[str], None, None]:
        process = self.start("up", "--config", self.settings, "--pool", self.pool)
        try:
            wait_until_sync(lambda: process.poll() is not None or self._is_ready(), 60.0, "both workers are ready")
            assert process.poll() is None
            yield process
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(40)
        finally:
            process.kill()
            process.wait()

    def _is_ready(self) -> bool:
        if not list(self.home.glob("state/tinyv-stream/*/running.json")):
            return False
        return [worker.state for worker in self.status().workers] == ["ready"] * 2


def write_rollouts(path: Path, count: int) -> list[dict[str, object]]:
    """Write completions of which every other one is right, and every third brings its own id."""
    lines: list[dict[str, object]] = []
    for n in range(count):
        line: dict[str, object] = {
            "question": f"What is {n} + 1?",
            "ground_truth": str(n + 1),
            "data_source": "t_tinyv",
        }
        line["completion"] = rf"Adding one gives \boxed{{{n + 1 if n % 2 else n + 7}}}."
        if n % 3 == 0:
            line["rollout_id"] = f"own-{n}"
        lines.append(line)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return lines


def rewards_in(path: Path) -> list[dict[str, object]]:
    """The whole lines of a file that may be written this moment."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
