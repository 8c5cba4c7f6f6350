"""Reaping of adopted processes, for a program that is PID 1 of its container: nobody else would reap them.

Children that this program started itself are left to whoever waits for them (`child`).
"""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final

from tinyv_stream.processes.child import own_pids

_EVERY_S: Final = 2.0


async def reap_orphans() -> None:
    """Reap adopted processes that have ended, until cancelled; returns at once where this is not PID 1."""
    seen: set[int] = set()
    while os.getpid() == 1:
        ended = ended_children() - own_pids()
        # Ended for two looks: one that a library of ours started is waited for by then.
        for pid in ended & seen:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # noqa: ASYNC222 it has ended
        seen = ended
        await asyncio.sleep(_EVERY_S)


def ended_children() -> set[int]:
    """Return the children of this process that have ended and were not waited for."""
    found: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state == "Z" and int(parent) == os.getpid():
                found.add(int(stat.parent.name))
    return found
