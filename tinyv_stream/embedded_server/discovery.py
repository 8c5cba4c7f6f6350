"""Discovery file of a running pool: a private note that `up` leaves while it runs, so that no URL is needed.

- The note is readable by its owner alone (0600), because a URL may hold a password; one of another owner is ignored.
- It is gone when `up` ends; after a kill it names a dead process, and is ignored.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from tinyv_stream.embedded_server.places import make_private, state_directory


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A pool that runs on this machine."""

    pool: str
    url: str
    pid: int
    """Of `tinyv-stream up`."""
    record: str = ""
    """Where clients that find the pool by this note record; empty: nowhere."""


@contextmanager
def announced(running: Running) -> Generator[Path]:
    """Leave the note while the block runs; yields its path. A later `up` of the same pool takes the note over."""
    directory = state_directory(running.pool)
    make_private(directory)
    note = directory / "running.json"
    draft = directory / f".running.{os.getpid()}"
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(msgspec.json.encode(running))
    draft.replace(note)
    try:
        yield note
    finally:
        found = _read(note)
        if found is not None and found.pid == running.pid:
            note.unlink(missing_ok=True)


def find_running(pool: str) -> Running | None:
    """Return the pool that this user runs on this machine, or None."""
    found = _read(state_directory(pool) / "running.json")
    return found if found is not None and _is_alive(found.pid) else None


def _read(note: Path) -> Running | None:
    with suppress(OSError, msgspec.MsgspecError):
        fd = os.open(note, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            if os.fstat(file.fileno()).st_uid == os.getuid():
                return msgspec.json.decode(file.read(65_536), type=Running)
    return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
