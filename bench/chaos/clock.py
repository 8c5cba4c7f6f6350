"""A wall clock that can be set, for one process: libfaketime where it is installed, else a library of our own.

The process's monotonic clock goes on as it is, as on a machine whose clock an operator sets.
"""

import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

_FAKETIME: Final = "libfaketimeMT.so.1"
_PLACES: Final = ("usr/lib/*/faketime", "usr/lib*/faketime", "usr/local/lib/faketime")
_SOURCE: Final = Path(__file__).with_name("stepped_clock.c")


class SteppedClock:
    """Start a process with `environment`, and `step` its clock at any time. Raises LookupError where neither works."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._file = directory / "step"
        library = next((path for pattern in _PLACES for path in Path("/").glob(f"{pattern}/{_FAKETIME}")), None)
        self.name = "libfaketime" if library else "stepped_clock.c"
        if library is None:
            if not shutil.which("gcc"):
                raise LookupError("neither libfaketime (Debian: faketime) nor gcc is installed")
            library = directory / "clock.so"
            subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, _SOURCE], check=True)  # noqa: S603, S607 gcc is gcc
        self.step(0)
        self.variables = {
            "LD_PRELOAD": str(library),
            "STEP_FILE": str(self._file),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        """What makes a process go by this clock."""
        self.environment = {**os.environ, **self.variables}

    def step(self, seconds: int) -> None:
        """Put the clock so many seconds beside the machine's; within a second or two the process sees it."""
        data = f"{seconds:+d}\n".encode() if self.name == "libfaketime" else struct.pack("l", seconds)
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(data)
            file.truncate()
