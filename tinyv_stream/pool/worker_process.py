"""One worker process as a pool sees it: its name, its environment, its log."""

import asyncio
import os
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from tinyv_stream.config import Config
from tinyv_stream.embedded_server.places import environment_for_children
from tinyv_stream.pool.placement import device_environment, placed
from tinyv_stream.pool.supervisor import PlannedEnd
from tinyv_stream.processes import exit_codes, worker_state
from tinyv_stream.processes.child import Child, LogReader, describe_exit
from tinyv_stream.types import STAGES, Stage

COMMANDS: Final[Mapping[Stage, tuple[str, ...]]] = MappingProxyType(
    # -P: a folder `workers` in the user's working directory must not be taken for ours.
    {stage: (sys.executable, "-P", "-m", f"tinyv_stream_workers.{stage}") for stage in STAGES}
)
"""The program of each stage."""

_FOLLOW_S: Final = 0.2
"""How late a line of a worker may be shown."""


class WorkerProgram:
    """A worker process, as a supervisor runs it. `name` is `<stage>-<number>`."""

    def __init__(self, name: str, stage: Stage, child: Child) -> None:
        self.name = name
        self.stage: Stage = stage
        self.child = child

    async def start(self) -> None:
        """Start it. Raise OSError if the machine cannot."""
        if not self.child.is_alive:
            self.child.start()

    async def ended(self) -> str | PlannedEnd:
        """Wait for its end and say how it came; if it gave up by itself, with the error it left."""
        status = await self.child.ended()
        if status == exit_codes.RESTART:
            return PlannedEnd.RESTART
        if status == exit_codes.DRAINED:
            return PlannedEnd.DRAINED
        if status < 0:
            return describe_exit(status)
        words = next((line for line in reversed(self.last_lines(5)) if line.strip()), "it said nothing")
        return f"{describe_exit(status)} ({words})"

    async def stop(self, grace_s: float) -> None:
        """Let it drain for `grace_s`, then kill it with what it started."""
        await self.child.end(grace_s)

    def last_lines(self, count: int = 20) -> list[str]:
        """Return the end of its log."""
        return self.child.last_lines(count)

    async def follow(self, on_line: Callable[[str, str], None]) -> None:
        """Call `on_line(name, line)` for each line that it writes, over all its starts, until cancelled."""
        reader = LogReader(self.child.log)
        try:
            while True:
                await asyncio.sleep(_FOLLOW_S)
                for line in reader.read():
                    on_line(self.name, line)
        finally:
            for line in reader.read():
                on_line(self.name, line)
            reader.close()


def make_workers(
    stage: Stage, command: Sequence[str], *, envs: Sequence[dict[str, str]], logs: Path
) -> list[WorkerProgram]:
    """Return the workers of one stage, one for each of `envs`, not started; their logs go to `logs/<name>.log`."""
    named = [(f"{stage}-{number}", env) for number, env in enumerate(envs, start=1)]
    return [
        WorkerProgram(name, stage, Child(command, log=logs / f"{name}.log", env=env | {"TINYV_WORKER": name}))
        for name, env in named
    ]


def worker_environments(stage: Stage, url: str, config: Config) -> list[dict[str, str]]:
    """Return the environment of each worker of a stage: an engine is told its device, and its share of that."""
    if stage == "rule":
        return [worker_environment(url, config)] * config.rule.workers
    cores = len(os.sched_getaffinity(0))
    own = [placed(config, number, cores) for number in range(config.tinyv.workers)]
    return [worker_environment(url, one) | device_environment(one.tinyv.engine.device, os.environ) for one in own]


def worker_environment(url: str, config: Config, *, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment, or the one given, with what a worker reads.

    TINYV_REDIS_URL, TINYV_CONFIG (JSON), and TINYV_SETTINGS: what can change a reward is the pool's.
    """
    env = {
        **(os.environ if environ is None else environ),
        **environment_for_children(),
        "TINYV_REDIS_URL": url,
        "TINYV_CONFIG": msgspec.json.encode(config).decode(),
        "TINYV_SETTINGS": "pool",
    }
    env.pop(worker_state.VARIABLE, None)  # a file for one worker, not for all of a pool
    # Run from a checkout, the workers' package is in a folder beside us and not installed.
    root = Path(__file__).resolve().parents[2]
    if str(root) not in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        paths = (str(root), str(root / "workers"), env.get("PYTHONPATH", ""))
        env["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return env
