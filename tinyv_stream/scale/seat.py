"""Seat of one worker on a Ray cluster: an actor's process with one child, the worker, in its own interpreter.

- A worker that dies is started again here, as `up` does it (`pool.supervisor`): Ray is not asked.
- One whose settings no restart fixes (exit code 2), or whose interpreter is not there, stays down and says why.
- `drain` and SIGTERM let the worker finish what it holds. Killed with -9, the seat takes its worker along, whose leases
  lapse; Ray starts the seat again.

It imports no ray: the cluster is `cluster`'s.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.embedded_server.places import make_private, runtime_directory
from tinyv_stream.pool.supervisor import PlannedEnd, Supervisor
from tinyv_stream.pool.worker_process import WorkerProgram
from tinyv_stream.processes import exit_codes
from tinyv_stream.processes.child import Child
from tinyv_stream.scale.plan import RayPlan, seat_environment
from tinyv_stream.types import Stage

GRACE_S: Final = 25.0
"""How long a worker may drain: with its own 15 s, and the rest of its way out."""
_FINAL: Final = (exit_codes.REFUSED, exit_codes.NO_PROGRAM)

_log = logging.getLogger(__name__)


class SeatView(msgspec.Struct, frozen=True, kw_only=True):
    """One seat as it says of itself."""

    state: str
    """`running`, `backing_off`, `draining`, `stopped`; `refused` is for good."""
    worker_pid: int | None
    pid: int
    host: str
    node: str
    """Ray's id of the node."""
    restarts: int
    reason: str
    """How the worker last died. Ends in a line of its log: escape it where it is shown."""
    cuda: str | None
    """GPUs that the worker sees."""
    up_s: float


class SeatProgram(WorkerProgram):
    """A worker whose final exit codes are final."""

    refused = ""

    def __init__(self, name: str, stage: Stage, child: Child, stop: asyncio.Event) -> None:
        super().__init__(name, stage, child)
        self._stop = stop

    async def ended(self) -> str | PlannedEnd:
        """Wait for its end and say how it came; one that no restart fixes stops its supervisor."""
        status = await self.child.ended()
        how = await super().ended()
        if status in _FINAL and isinstance(how, str):
            self.refused = how
            self._stop.set()
        return how


class Seat:
    """One worker and its supervisor. Their loop has a thread of its own, which lives as long as the process."""

    def __init__(self, plan: bytes, stage: Stage, number: int, *, device: str | None, node: str) -> None:
        decoded = msgspec.json.decode(plan, type=RayPlan)
        name = f"{stage}-{number}"
        self._env = seat_environment(decoded, stage, device, os.environ) | {"TINYV_WORKER": f"ray-{name}"}
        command = (decoded.python, "-P", "-m", f"tinyv_stream_workers.{stage}")
        child = Child(command, log=_log_file(decoded.pool, name), env=self._env)
        self._node = node
        self._stop = asyncio.Event()
        self._program = SeatProgram(name, stage, child, self._stop)
        self._supervisor = Supervisor(name, self._program, grace_s=GRACE_S)
        self._began = time.monotonic()
        self._loop = asyncio.new_event_loop()
        self._over = threading.Event()
        threading.Thread(target=self._live, daemon=True, name="seat").start()
        with contextlib.suppress(ValueError):  # not the main thread: whoever runs this process keeps its signals
            signal.signal(signal.SIGTERM, self._leave)

    def about(self) -> bytes:
        """Return a SeatView as JSON."""
        refused = self._program.refused
        view = SeatView(
            state="refused" if refused else str(self._supervisor.state),
            worker_pid=self._program.child.pid,
            pid=os.getpid(),
            host=os.uname().nodename,
            node=self._node,
            restarts=self._supervisor.restarts,
            reason=refused or self._supervisor.reason,
            cuda=self._env.get("CUDA_VISIBLE_DEVICES"),
            up_s=time.monotonic() - self._began,
        )
        return msgspec.json.encode(view)

    def drain(self) -> None:
        """Let the worker finish and end; return when it is gone. Safe to ask twice."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._over.wait(GRACE_S + 10.0)

    def _live(self) -> None:
        try:
            self._loop.run_until_complete(self._run())
        except BaseException:  # noqa: BLE001 whatever it was, a seat without its loop is none
            _log.exception("the seat failed; Ray starts it again")
            os._exit(1)
        self._over.set()

    async def _run(self) -> None:
        following = asyncio.create_task(self._program.follow(lambda name, line: print(f"{name} | {line}", flush=True)))  # noqa: T201 Ray keeps an actor's output
        await self._supervisor.run(self._stop)
        following.cancel()

    def _leave(self, *_: object) -> None:
        def leave() -> None:
            self.drain()
            os._exit(0)

        threading.Thread(target=leave, daemon=True, name="leave").start()


def _log_file(pool: str, name: str) -> Path:
    directory = runtime_directory() / f"tinyv-ray-{os.geteuid()}" / pool
    make_private(directory)
    return directory / f"{name}.log"
