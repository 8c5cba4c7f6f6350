"""Benchmark's side of a trainer's process: its environment, its start, and the steps that it plays."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from bench.overlap.reference_call import Endpoint
from bench.overlap.replay import ReplayedStep
from bench.overlap.trainers.protocol import Hello, TrainerTask
from bench.workload import Step
from tinyv_stream.errors import EngineStartError
from tinyv_stream.processes.die_with_parent import tied_command

TRAINERS: Final = ("verl", "trl")
ROOT: Final = Path(__file__).resolve().parents[3]
HOME: Final = ROOT / ".venv-adapters"
_LONGEST_LINE: Final = 2**30
_READY_S: Final = 300.0
_STOP_S: Final = 30.0
_ENV: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRL_EXPERIMENTAL_SILENCE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def lacking(name: str, home: Path) -> str:
    """Return why mode `name` cannot run, and how to make it run; empty if it can."""
    if (home / name / "bin" / "python").exists():
        return ""
    return (
        f"{name} has no environment in {home.name}/{name}: make it with "
        f"`python tests/adapters/run.py --only {name} --setup-only` (a few minutes, 2 GB), or by `make bench-overlap`"
    )


class TrainerProcess:
    """A trainer's process that is up. `hello` says what runs in it."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self._name = name
        self._process = process
        self._log = log
        self._hello: Hello | None = None
        self._found = msgspec.json.Decoder(ReplayedStep)

    async def hello(self) -> Hello:
        """Wait until it takes steps; raise EngineStartError with its last line if it ends before, or takes too long."""
        if self._hello is None:
            try:
                async with asyncio.timeout(_READY_S):
                    self._hello = msgspec.json.decode(await self._line(), type=Hello)
            except TimeoutError:
                raise self._broken(f"not ready in {_READY_S:.0f} s; ") from None
        return self._hello

    async def play(self, step: Step, number: int, server: Endpoint) -> ReplayedStep:
        """Return what one step came to; raise EngineStartError if the process ended over it."""
        await self.hello()
        if self._process.stdin is None:
            raise RuntimeError("a trainer's process is started with a pipe")
        self._process.stdin.write(msgspec.json.encode(TrainerTask(step, number, server)) + b"\n")
        with suppress(ConnectionError):  # its end is told below, with the reason
            await self._process.stdin.drain()
        return self._found.decode(await self._line())

    async def _line(self) -> bytes:
        if self._process.stdout is None:
            raise RuntimeError("a trainer's process is started with a pipe")
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._broken("")
        return line

    def _broken(self, what: str) -> EngineStartError:
        lines = self._log.read_text(errors="replace").splitlines()
        last = lines[-1] if lines else "it said nothing"
        return EngineStartError(f"{self._name}: {what}{last}", f"leave `{self._name}` out of --modes")


@asynccontextmanager
async def trainer(name: str, home: Path, log: Path) -> AsyncGenerator[TrainerProcess]:
    """Run the process of one trainer until the block ends; it takes half a minute to come up."""
    python = home / name / "bin" / "python"
    command = tied_command([str(python), "-P", "-m", "bench.overlap.trainers", name], signal.SIGKILL)
    env = os.environ | _ENV | {"PYTHONPATH": str(ROOT)}
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=out,
            env=env,
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
    try:
        yield TrainerProcess(name, process, log)
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _STOP_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its graders are in the same session
    await process.wait()
