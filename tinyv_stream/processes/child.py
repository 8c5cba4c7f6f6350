"""Managed child process: started, awaited, ended, its output kept in a file.

- It never outlives this process (`tinyv_stream.processes.die_with_parent`).
- It leads a session of its own: Ctrl-C in a terminal reaches only us, and what it leaves behind dies with its group.
- It is bound to no event loop: one loop may start it and another end it.

It does not restart anything; that is the supervisor's.
"""

import asyncio
import contextlib
import io
import os
import signal
import subprocess
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from tinyv_stream.processes.die_with_parent import tied_command

_LAST_BYTES: Final = 65_536
"""How much of a log's end is looked at for its last lines."""


_ours: Final[weakref.WeakSet[subprocess.Popen[bytes]]] = weakref.WeakSet()


def own_pids() -> set[int]:
    """Return the processes that were started here and whose end was not yet waited for."""
    return {process.pid for process in _ours if process.returncode is None}


class Child:
    """A program and its log file. `death_signal` is what it gets when this process is gone."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.command = tuple(command)
        self.log = log
        self._env = env
        self._death_signal = death_signal
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it is alive."""
        return self._process.pid if self._process and self.is_alive else None

    @property
    def is_alive(self) -> bool:
        """Started and not ended. Does not reap: `ended` does, after it has cleared the group."""
        process = self._process
        if process is None or process.returncode is not None:
            return False
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def start(self, *, stdin: bytes = b"", keep_fds: tuple[int, ...] = ()) -> None:
        """Start it; the log of its last start is kept beside the new one as `<log>.1`.

        `stdin` must fit into a pipe (64 kB). Blocks for the time of a fork. Raises OSError.
        """
        if self.log.exists():
            self.log.replace(_previous(self.log))
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            process = subprocess.Popen(  # noqa: S603 - a list, no shell
                tied_command(self.command, self._death_signal),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self._env,
                pass_fds=keep_fds,
                start_new_session=True,
            )
        self._process = process
        _ours.add(process)
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(stdin)

    async def ended(self) -> int:
        """Wait for its end and return its status, negative for a signal. A cancellation leaves it running."""
        process = self._process
        if process is None:
            raise RuntimeError(f"{self.command[0]} was never started")
        if process.returncode is None:
            await _until_exit(process.pid)
            _clear_group(process)
        return process.wait()

    async def end(self, grace_s: float) -> int:
        """Send SIGTERM, wait up to `grace_s`, then kill it and its group; return its status, 0 if it never ran.

        A cancellation leaves it terminating.
        """
        if self._process is None:
            return 0
        self.send(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_s):
                return await self.ended()
        except TimeoutError:
            self.kill()
            return await self.ended()

    def send(self, signum: signal.Signals) -> None:
        """Send it a signal, if it is alive."""
        # Unreaped, so the pid is still its own even if it has just ended.
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, signum)

    def kill(self) -> None:
        """Kill it and its group, and reap it. Returns within the time that the kernel needs for that."""
        if self._process is not None and self._process.returncode is None:
            _clear_group(self._process)
            self._process.wait()

    def last_lines(self, count: int = 20) -> list[str]:
        """Return the end of its log, of its last 64 kB. The text is the program's: escape it where it is shown."""
        try:
            with self.log.open("rb") as log:
                # A log grows for as long as its program lives: reading all of it would hold the loop up.
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LAST_BYTES))
                text = log.read(_LAST_BYTES).decode(errors="replace")
        except FileNotFoundError:
            return []
        return [line.rstrip("\n")[:500] for line in deque(io.StringIO(text, newline=None), count)]


def describe_exit(status: int) -> str:
    """Name the way a process ended: `killed by SIGKILL`, `exit status 3`."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


class LogReader:
    """Reads whole lines as they are written to a log, over all the starts of its program."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._open: TextIO | None = None
        self._rest = ""

    def read(self) -> list[str]:
        """Return the lines that are new since the last call; never waits."""
        if self._open is None:
            if not self._log.exists():
                return []
            self._open = self._log.open(errors="replace")
        # Asked before the read: what is written after it belongs to the next call, not to nobody.
        is_replaced = not self._log.exists() or self._log.stat().st_ino != os.fstat(self._open.fileno()).st_ino
        *lines, self._rest = (self._rest + self._open.read()).split("\n")
        if is_replaced:
            self.close()
        return lines

    def close(self) -> None:
        """Let go of the file."""
        if self._open:
            self._open.close()
        self._open, self._rest = None, ""


def _clear_group(process: subprocess.Popen[bytes]) -> None:
    # Only before the leader is reaped: until then its pid, and with it the group's id, cannot belong to another.
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


async def _until_exit(pid: int) -> None:
    descriptor = os.pidfd_open(pid)
    loop, exited = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(descriptor, exited.set)
        await exited.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _previous(log: Path) -> Path:
    return log.with_name(log.name + ".1")
