"""Fork server of the sandbox: a process with warm graders, and the grader processes that it forks.

Run as `python -m tinyv_stream_workers.rule.sandbox.fork_server_child FD SETTINGS`. It imports the graders once; a fork
is ready in milliseconds. It does nothing else: it forks when it is handed a socket, and kills on request.

- Only the fork server reaps, so a process id that it kills is never somebody else's.
- Every process here dies with its parent and ends on the end of its socket.
- The grader works in its main thread: Math-Verify's dependencies use signals.
"""

import contextlib
import gc
import os
import resource
import signal
import socket
import struct
import sys
from typing import Final

import msgspec

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Verdict
from tinyv_stream.verifiers.rules.graders import BUILTIN, Check, Grader, described, failed, load
from tinyv_stream_workers.rule.sandbox import limits
from tinyv_stream_workers.rule.sandbox.stderr_log import escaped

HEADER: Final = struct.Struct("!I")
MAX_FRAME: Final = 8 * 1024 * 1024

FORK: Final = b"F"
KILL: Final = b"K"
READY: Final = b"R"
LOADING: Final = b"L"
REFUSED: Final = b"E"
MAX_REPORT: Final = 65_536
"""More than the longest report of a grader that does not load."""

_MAX_CHECKS: Final = 2_000
"""Checks after which a process is replaced: sympy's caches only grow."""
_CPU_S: Final = 600
"""CPU seconds of one process over its life: a backstop for the parent's deadline."""

_WARM_UP: Final = (
    Check(r"\frac{x}{2}+1, [1, 2)", r"\frac{1}{2}(x+2), [1, 2)"),
    Check(r"\int_0^1 2x dx", r"\sum_{n=1}^{1} n + \frac{x}{2}"),
)
"""Fills every lazy table of the parsers once, in the fork server, instead of in each of its children."""


class SandboxSettings(msgspec.Struct, frozen=True):
    """What the fork server is started with."""

    graders: tuple[str, ...]
    memory_mb: int
    rss_mb: int
    """Resident memory at which a process is replaced after its check."""


class GraderTask(msgspec.Struct, frozen=True, array_like=True):
    """One check for one grader."""

    grader: str
    check: Check
    patient: bool = True


class GraderReply(msgspec.Struct, frozen=True, array_like=True):
    """The verdict on the next task of the batch, None if it needs the patient queue.

    `leaving`: this process ends now, and the rest of the batch is undone.
    """

    verdict: Verdict | None
    leaving: bool = False


class GraderHello(msgspec.Struct, frozen=True, array_like=True):
    """What a fresh process says first."""

    pid: int
    seals: tuple[str, ...]


def main() -> None:
    """Load the graders, report, and serve the control socket until it ends."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = msgspec.json.decode(sys.argv[2], type=SandboxSettings)
    limits.die_with_parent(os.getppid())
    try:
        graders = {name: _loaded(name, control) for name in settings.graders}
    except InvalidInputError as exc:
        control.send(REFUSED + msgspec.json.encode((escaped(str(exc.value), 200), escaped(exc.remedy, 2000))))
        return
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, every shared page in the children
    control.send(READY)
    server = _ForkServer(control, settings, graders)
    signal.signal(signal.SIGCHLD, server.reap)
    server.serve()


def _loaded(name: str, control: socket.socket) -> Grader:
    """Load a grader, and warm up a built-in one; raise InvalidInputError if its code raises."""
    control.send(LOADING + escaped(name, 200).encode())  # its code may end this process without a word
    grader = load(name)
    if name not in BUILTIN:
        return grader
    try:
        for check in _WARM_UP:
            grader.grade(check)
    except Exception as exc:  # whatever a broken installation raises
        raise InvalidInputError("grader", name, f"its first check raised {described(exc)}") from exc
    return grader


class _ForkServer:
    """Forks and kills on request."""

    def __init__(self, control: socket.socket, settings: SandboxSettings, graders: dict[str, Grader]) -> None:
        self.control = control
        self.settings = settings
        self.graders = graders
        self.children: set[int] = set()

    def serve(self) -> None:
        while True:
            message, handles, _, _ = socket.recv_fds(self.control, 64, 1)
            if not message:
                return
            # the reaper must not run between looking a child up and killing it, or between fork and noting it
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
            if message[:1] == FORK:
                self.fork(handles[0])
            elif message[:1] == KILL and (pid := int(message[1:])) in self.children:
                os.killpg(pid, signal.SIGKILL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})

    def fork(self, handle: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            os.close(handle)
            self.children.add(pid)
            return
        try:
            os.setsid()
            self.control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            limits.die_with_parent(parent)
            limits.restrict(memory_mb=self.settings.memory_mb, cpu_s=_CPU_S)
            seals = limits.seal()
            _Process(socket.socket(fileno=handle), self.settings, self.graders).serve(seals)
        finally:
            os._exit(0)

    def reap(self, *_signal: object) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                self.children.discard(pid)


class _Process:
    """Works through batches of tasks, one answer at a time."""

    def __init__(self, stream: socket.socket, settings: SandboxSettings, graders: dict[str, Grader]) -> None:
        self.stream = stream
        self.graders = graders
        self.rss_mb = settings.rss_mb
        self.checks = 0

    def serve(self, seals: frozenset[str]) -> None:
        self.send(GraderHello(os.getpid(), tuple(sorted(seals))))
        decoder = msgspec.msgpack.Decoder(list[GraderTask])
        while (frame := self.receive()) is not None:
            for task in decoder.decode(frame):
                verdict = self.grade(task)
                self.checks += 1
                leaving = self.is_spent()
                self.send(GraderReply(verdict, leaving))
                if leaving:
                    return

    def grade(self, task: GraderTask) -> Verdict | None:
        try:
            return self.graders[task.grader].grade(task.check, patient=task.patient)
        except BaseException as exc:  # noqa: BLE001 (hostile input; every failure is `undecided`, never a score)
            if isinstance(exc, MemoryError):
                self.checks = _MAX_CHECKS
            return failed(task.grader, exc)

    def is_spent(self) -> bool:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return self.checks >= _MAX_CHECKS or used.ru_maxrss > self.rss_mb * 1024 or used.ru_utime > _CPU_S / 2

    def receive(self) -> bytes | None:
        head = self.exactly(HEADER.size)
        return self.exactly(HEADER.unpack(head)[0]) if head is not None else None

    def exactly(self, size: int) -> bytes | None:
        parts = bytearray()
        while len(parts) < size:
            part = self.stream.recv(size - len(parts))
            if not part:
                return None
            parts += part
        return bytes(parts)

    def send(self, value: GraderHello | GraderReply) -> None:
        body = msgspec.msgpack.encode(value)
        self.stream.sendall(HEADER.pack(len(body)) + body)


if __name__ == "__main__":
    main()
