"""The processes that vLLM started for this one."""

import asyncio
import logging
import time
from contextlib import suppress
from typing import Final

import psutil

_log: Final = logging.getLogger(__name__)

_LOOK_S: Final = 0.05
_MOST_S: Final = 10.0
"""A killed process that holds much memory takes a while to give it back."""


def engine_processes() -> list[psutil.Process]:
    """Return those that live: this process starts no other ones by spawning."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children(recursive=True):
        try:
            is_engine = child.name().startswith("VLLM") or "spawn_main" in " ".join(child.cmdline())
            if is_engine and child.status() != psutil.STATUS_ZOMBIE:  # multiprocessing buries its own dead
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def kill_engine() -> None:
    """Kill them; returns at once."""
    for process in engine_processes():
        with suppress(psutil.NoSuchProcess):  # it may end by itself meanwhile
            process.kill()


async def engine_is_gone() -> None:
    """Return once a killed engine's memory is free; a process that nothing can end is named in the log."""
    give_up = time.monotonic() + _MOST_S
    while left := engine_processes():
        if time.monotonic() > give_up:
            _log.error("the engine's processes do not end: %s", [process.pid for process in left])
            return
        await asyncio.sleep(_LOOK_S)
