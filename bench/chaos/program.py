"""One program of a chaos run, of one release or the other, started again and again."""

import asyncio
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.chaos.releases import ROOT, environment_of
from tinyv_stream.processes.child import Child

_BACK_S: Final = 0.3
"""How long a dead program stays dead: short, because a run is."""


class Program:
    """`python -P -m WORDS`, behind `prefix`. `is_newer`: its next life is of the second release. `files`: its limit."""

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        *,
        log: Path,
        newer: Path,
        prefix: Sequence[str],
        more: Mapping[str, str],
    ) -> None:
        self.name = name
        self.stdin = b""
        self.files = 0
        self.is_newer = False
        self.exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._words, self._log, self._newer = words, log, newer
        self._prefix, self._more = list(prefix), more
        self._lives = 0
        self.child = Child(["never started"], log=log)

    @property
    def pid(self) -> int | None:
        """Its process id while it is alive."""
        return self.child.pid

    async def life(self) -> int:
        """Start it, wait for its end and a moment more; return its status."""
        limit = ["prlimit", f"--nofile={self.files}:{self.files}"] if self.files and shutil.which("prlimit") else []
        environment = {**environment_of(self._newer if self.is_newer else ROOT, ROOT), **self._more}
        # A log per life: that of the one before the last tells how a run went wrong.
        log = self._log.with_suffix(f".{self._lives}.log")
        self._lives += 1
        self.child = Child([*self._prefix, *limit, sys.executable, "-P", "-m", *self._words], log=log, env=environment)
        self.child.start(stdin=self.stdin)
        status = await self.child.ended()
        await asyncio.sleep(_BACK_S)
        return status
