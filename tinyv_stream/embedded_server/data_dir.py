"""Data directory of one embedded server: its owner, its lock and the place of its socket.

- One launcher per directory: two servers on one append-only file destroy it.
- The lock is handed on to the server (`lock_fd`), so it holds until the launcher *and* its server are gone.
- The socket's path is a function of the directory: clients find a server again after its launcher was restarted.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from tinyv_stream.embedded_server.places import make_private, runtime_directory, state_directory
from tinyv_stream.errors import InvalidInputError

__all__ = ["Home", "state_directory"]

_SOCKET = "server.sock"
_MAX_SOCKET_BYTES = 107
"""A unix socket's path is cut at 108 bytes, the closing zero among them."""
_PREDECESSOR_S = 15.0
"""How long the server of a killed launcher may take to write its file and go."""


class Home:
    """A directory that only its owner can read, locked while it is open. Without a path: a temporary one."""

    def __init__(self, directory: Path | None) -> None:
        self._wanted = directory
        self._lock: int | None = None
        self.path = Path()
        self.socket = Path()

    @property
    def lock_fd(self) -> int:
        """The descriptor that holds the lock; a child that inherits it holds it too."""
        if self._lock is None:
            raise RuntimeError("the directory is not open")
        return self._lock

    async def open(self) -> None:
        """Make the directory if need be, and lock it; waits while the server of a dead launcher winds down.

        Raises InvalidInputError if another launcher uses it or it cannot be made private. A cancellation leaves it
        unlocked.
        """
        if self._lock is not None:
            return
        if self._wanted is None:
            self.path = Path(tempfile.mkdtemp(prefix="tinyv-", dir=runtime_directory()))
        else:
            self.path = self._wanted.absolute()
        make_private(self.path)
        self.socket = _socket_path(self.path)
        give_up = time.monotonic() + _PREDECESSOR_S
        while not self._try_lock(is_last=time.monotonic() > give_up):  # noqa: ASYNC110 - a lock of files sends no event
            await asyncio.sleep(0.1)

    def _try_lock(self, *, is_last: bool) -> bool:
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode(errors="replace").strip()
            os.close(lock)
            # A dead holder means that its server is still writing its file.
            if is_last or _is_running(holder):
                remedy = (
                    f"process {holder or '?'} keeps its data there; stop that one, or use another directory or --pool"
                )
                raise InvalidInputError("directory", str(self.path), remedy) from None
            return False
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock
        return True

    def close(self) -> None:
        """Let go of the directory; remove it if it was a temporary one."""
        if self._lock is None:
            return
        if self.socket.parent != self.path:
            shutil.rmtree(self.socket.parent, ignore_errors=True)
        if self._wanted is None:
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)
        self._lock = None


def _is_running(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _socket_path(directory: Path) -> Path:
    path = directory / _SOCKET
    if len(os.fsencode(path)) <= _MAX_SOCKET_BYTES:
        return path
    name = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:16]
    short = runtime_directory() / f"tinyv-{os.geteuid()}-{name}"
    make_private(short)
    return short / _SOCKET
