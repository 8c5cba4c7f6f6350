"""Handle of the fork server: the process that imports the graders once and forks a grader process in milliseconds."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from typing import Final

import msgspec

from tinyv_stream.errors import EngineStartError, InvalidInputError
from tinyv_stream_workers.rule.sandbox.fork_server_child import (
    FORK,
    HEADER,
    KILL,
    LOADING,
    MAX_REPORT,
    READY,
    REFUSED,
    GraderHello,
    SandboxSettings,
)
from tinyv_stream_workers.rule.sandbox.stderr_log import StderrLog

_log = logging.getLogger(__name__)

_START_S: Final = 60.0
"""Most time for importing the graders, on a busy machine."""
_AGAIN_S: Final = 5.0
"""Pause after a restart that failed: each imports the graders, which takes a core for a second or more."""
_REMEDY: Final = "see `tinyv-stream doctor`"


class ForkServer:
    """Handle of the process that forks grader processes; restarts it if it dies."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._stderr: StderrLog | None = None
        self._starting = asyncio.Lock()
        self._not_before = 0.0

    async def start(self) -> None:
        """Start the process and wait until its graders are loaded.

        Raises InvalidInputError naming the grader that does not load or warm up, EngineStartError for everything else.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003 (the socket API)
        self._control = ours
        self._stderr = StderrLog()
        loading = "none"
        try:
            with theirs, self._stderr as stderr:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "tinyv_stream_workers.rule.sandbox.fork_server_child",
                    str(theirs.fileno()),
                    msgspec.json.encode(self._settings).decode(),
                    env=_clean_environment(),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=stderr.theirs,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            async with asyncio.timeout(_START_S):
                while (reported := await asyncio.get_running_loop().sock_recv(ours, MAX_REPORT))[:1] == LOADING:
                    loading = reported[1:].decode()
        except (TimeoutError, OSError) as exc:
            await self.stop()
            raise EngineStartError(f"the graders did not load; the last one was {loading} ({exc!r})", _REMEDY) from exc
        if reported[:1] == REFUSED:
            await self.stop()
            raise InvalidInputError("grader", *msgspec.json.decode(reported[1:], type=tuple[str, str]))
        if reported != READY:
            last = await self.stop()
            raise EngineStartError(f"grader {loading} ended its process ({last or 'without a word'})", _REMEDY)

    async def stop(self) -> str:
        """Kill the process, the kernel kills its children with it; return the last line that they wrote to stderr."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None
        log, self._stderr = self._stderr, None
        return log.close() if log is not None else ""

    async def fork(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, GraderHello]:
        """Return the streams of a fresh grader process; raise OSError if there is none to be had.

        Raises EngineStartError or InvalidInputError where the fork server died and does not start again.
        """
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                await self._start_again()
        if self._control is None:
            raise ConnectionError("the fork server is closed")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs:
                socket.send_fds(self._control, [FORK], [theirs.fileno()])
            reader, writer = await asyncio.open_unix_connection(sock=ours)
        except BaseException:  # the socket is closed, also after a cancellation
            ours.close()
            raise
        try:
            async with asyncio.timeout(_START_S):
                hello = msgspec.msgpack.decode(await receive(reader), type=GraderHello)
        except BaseException:  # the socket is closed, also after a cancellation
            writer.close()
            raise
        return reader, writer, hello

    async def _start_again(self) -> None:
        if time.monotonic() < self._not_before:
            raise EngineStartError("the graders did not load a moment ago", _REMEDY)
        _log.warning("the fork server of the graders died; starting another")
        await self.stop()
        try:
            await self.start()
        except (EngineStartError, InvalidInputError) as exc:
            _log.error("checks are undecided until the graders load again: %s", exc)
            self._not_before = time.monotonic() + _AGAIN_S
            raise

    def kill(self, pid: int) -> None:
        """Have the group of a grader process killed."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.send(KILL + str(pid).encode())


async def receive(reader: asyncio.StreamReader) -> bytes:
    """Return the next frame; raise IncompleteReadError at the end."""
    (size,) = HEADER.unpack(await reader.readexactly(HEADER.size))
    return await reader.readexactly(size)


def _clean_environment() -> dict[str, str]:
    """Return the whole environment of a grader process: where Python finds code, and no secret."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
    }
