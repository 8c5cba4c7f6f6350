"""A small file system of its own, which a run may fill: only root may mount one."""

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Final, Self

_FILLER: Final = "filler"


class SmallDisk:
    """Mounted at `path` while it is open, where this user may; `can_fill` tells. What is on it goes with it."""

    def __init__(self, path: Path, megabytes: int) -> None:
        self.path = path
        self._megabytes = megabytes
        self.can_fill = False

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        words = ["mount", "-t", "tmpfs", "-o", f"size={self._megabytes}m,mode=700", "tmpfs", str(self.path)]
        with contextlib.suppress(OSError):
            self.can_fill = subprocess.run(words, check=False, capture_output=True).returncode == 0  # noqa: S603
        return self

    def __exit__(self, *_: object) -> None:
        if self.can_fill:
            # Lazily: a process that is being killed may have a file open on it.
            subprocess.run(["umount", "-l", str(self.path)], check=False)  # noqa: S603, S607
            self.can_fill = False

    def fill(self) -> None:
        """Take all room that is left."""
        file = os.open(self.path / _FILLER, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for step in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while True:
                        os.posix_fallocate(file, os.fstat(file).st_size, step)
        finally:
            os.close(file)

    def free(self) -> None:
        """Give it back."""
        (self.path / _FILLER).unlink(missing_ok=True)
