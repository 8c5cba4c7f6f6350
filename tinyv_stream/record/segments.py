"""Segments of a record: numbered files per client, the try that they belong to, and the run's limit on disk.

- A segment that has a later one of its client is closed: nobody appends to it any more, and it may be deleted.
- A try begins with the first client of a run that records while no other does, whatever killed those before: a shared
  lock on one file holds for as long as any of them lives.
"""

import contextlib
import errno
import fcntl
import os
import re
import time
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"(?P<client>[A-Za-z0-9._-]{1,64})-(?P<number>[0-9]{5,})\.jsonl(?P<gz>\.gz)?")
_TRY: Final = "try"


def create(directory: Path, client: str) -> int:
    """Return a descriptor of the client's next segment, which only its owner can read; raise OSError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = 1 + max((n for name, n in _numbers(directory) if name == client), default=-1)
    while True:
        path = directory / f"{client}-{number:05d}.jsonl"
        try:
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            number += 1


def trim(directory: Path, most_bytes: int) -> int:
    """Delete closed segments, oldest first, until the run takes `most_bytes` at most; return how many went."""
    found = sorted((path for path in directory.iterdir() if _NAME.fullmatch(path.name)), key=_age)
    size = sum(_size(path) for path in found)
    gone = 0
    for path in found:
        if size <= most_bytes:
            break
        if is_closed(path):
            size -= _size(path)
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def is_closed(path: Path) -> bool:
    """Tell whether a later segment of the same client is there."""
    found = _NAME.fullmatch(path.name)
    if not found:
        return False
    client, number = found["client"], int(found["number"])
    return any(name == client and n > number for name, n in _numbers(path.parent))


def listed(runs: Path) -> list[Path]:
    """Return every segment below `runs` without its `.gz`: run by run, each client's in order."""
    names: set[Path] = set()
    for run in runs.iterdir() if runs.is_dir() else ():
        if run.is_dir():
            names |= {run / path.name.removesuffix(".gz") for path in run.iterdir() if _NAME.fullmatch(path.name)}
    return sorted(names)


class Try:
    """The lock that a recording client holds on its run, and the number of the try that it takes part in."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / _TRY
        self._fd = -1
        self.number = int(time.time() * 1000)

    def open(self) -> None:
        """Join the try of the clients that live, or begin one; a file system without locks leaves each its own."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, str(self.number).encode(), 0)
        except OSError as exc:
            if exc.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                return
        with contextlib.suppress(OSError):
            # Not atomic: another may begin a try in between, so the number is read only once the lock is shared.
            fcntl.flock(self._fd, fcntl.LOCK_SH)
            said = os.pread(self._fd, 32, 0).decode("ascii", "replace")
            self.number = int(said) if said.isdigit() else self.number

    def close(self) -> None:
        """Let go of the lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _numbers(directory: Path) -> list[tuple[str, int]]:
    found = (_NAME.fullmatch(path.name) for path in directory.iterdir())
    return [(one["client"], int(one["number"])) for one in found if one]


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _age(path: Path) -> tuple[float, str]:
    with contextlib.suppress(FileNotFoundError):
        return (path.stat().st_mtime, path.name)
    return (0.0, path.name)
