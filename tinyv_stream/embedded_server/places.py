"""Places on this machine: where state is kept, and where sockets and scratch files may be, whatever the environment.

- State: `$TINYV_STATE/<pool>`, else `$XDG_STATE_HOME/tinyv-stream/<pool>`, else the same under the home directory.
- Run time: the first usable directory with a short path, because a unix socket's path is cut at 108 bytes, however long
  `TMPDIR` is.
- A user without home, without an entry in passwd, or with a read-only home is told which variable to set.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tinyv_stream.errors import InvalidInputError

STATE: Final = "TINYV_STATE"
_SHORT: Final = 48
"""Most bytes of a run-time directory: our own names below it are shorter than what is left of 107."""
_LOCK: Final = "owner.lock"
_FRESH_S: Final = 60.0
"""A scratch directory this young may not have its lock yet."""


def state_directory(pool: str) -> Path:
    """Return where a pool keeps its data here; raise InvalidInputError naming the variable if there is no such place.

    It need not exist.
    """
    if own := os.environ.get(STATE, ""):
        return Path(own).absolute() / pool
    state = os.environ.get("XDG_STATE_HOME", "")
    # The XDG specification wants relative paths ignored.
    root = Path(state) if state.startswith("/") else _home() / ".local" / "state"
    return root / "tinyv-stream" / pool


def cache_directory() -> Path:
    """Return where what can be made again is kept: the user's cache, or where there is none a run-time directory."""
    with suppress(RuntimeError, KeyError, OSError):
        path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tinyv-stream"
        path.mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK | os.X_OK):
            return path
    path = runtime_directory() / f"tinyv-cache-{os.geteuid()}"
    make_private(path)
    return path


def runtime_directory() -> Path:
    """Return a directory for sockets: writable, with a short path; raise InvalidInputError if there is none."""
    for candidate in (_temporary(), "/tmp", "/var/tmp", os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm", "/run/shm"):  # noqa: S108 what is made there is private
        if candidate.startswith("/") and len(os.fsencode(candidate)) <= _SHORT and _is_usable(candidate):
            return Path(candidate)
    remedy = f"set TMPDIR to a directory that you may write, with a path of {_SHORT} bytes at most"
    raise InvalidInputError("TMPDIR", os.environ.get("TMPDIR", ""), remedy)


@contextmanager
def scratch_directory(prefix: str) -> Generator[Path]:
    """Make a private directory, and remove it at the end; those of killed processes are removed by the next one."""
    root = runtime_directory()
    _sweep(root, prefix)
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
    lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(lock)
        shutil.rmtree(path, ignore_errors=True)


def make_private(path: Path, field: str = "directory") -> None:
    """Make a directory that its owner alone can read; raise InvalidInputError if it cannot be had."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_uid != os.geteuid():
            raise InvalidInputError(field, str(path), f"it belongs to another user; set {STATE} to one of your own")
        path.chmod(0o700)
    except OSError as exc:
        remedy = f"it cannot be made ({exc.strerror}); set {STATE} or XDG_STATE_HOME to a directory that you may write"
        raise InvalidInputError(field, str(path), remedy) from exc


def environment_for_children() -> dict[str, str]:
    """Return what libraries in our children need where the user's environment lacks it."""
    found: dict[str, str] = {}
    runtime = str(runtime_directory())
    if len(os.fsencode(_temporary())) > _SHORT:  # their sockets would have paths that are too long
        found["TMPDIR"] = runtime
    if "VLLM_RPC_BASE_PATH" not in os.environ:
        found["VLLM_RPC_BASE_PATH"] = runtime
    if not (os.environ.get("USER") or os.environ.get("LOGNAME")):  # a user without an entry in passwd has no name
        found["USER"] = f"uid{os.geteuid()}"
    return found


def _home() -> Path:
    try:
        return Path.home()
    except (RuntimeError, KeyError) as exc:
        remedy = f"this user has no home directory; set {STATE} to a directory that you may write"
        raise InvalidInputError("HOME", os.environ.get("HOME", ""), remedy) from exc


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return ""


def _is_usable(directory: str) -> bool:
    return Path(directory).is_dir() and os.access(directory, os.W_OK | os.X_OK)


def _sweep(root: Path, prefix: str) -> None:
    """Remove what killed processes of this user left: their lock is nobody's any more."""
    for path in root.glob(f"{prefix}*"):
        with suppress(OSError):
            if path.is_symlink() or path.stat().st_uid != os.geteuid() or not _is_abandoned(path):
                continue
            shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(path: Path) -> bool:
    try:
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return time.time() - path.stat().st_mtime > _FRESH_S
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(lock)
