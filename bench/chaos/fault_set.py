"""Base of a set of faults: by name, how often each comes among the others, and what does it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

from bench.chaos.world import World
from tinyv_stream.errors import BrokerError

Kinds = dict[str, tuple[int, Callable[[], Awaitable[None]]]]
NOBODY: Final = (OSError, IndexError)
"""Raised where there is nobody to hurt at this moment, beside BrokerError and psutil's errors."""
_UNDO_S: Final = 30.0
"""How long an undoing is tried: rights that are not given back would be missing until the end."""


class FaultSet:
    """Faults that share a world and dice. What lasts is undone by itself, and by `undo_all` at the end."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world = world
        self.dice = dice
        self._lasting: set[asyncio.Task[None]] = set()

    def kinds(self) -> Kinds:
        """Return what is possible here."""
        raise NotImplementedError

    def last(self, seconds: float, undo: Callable[[], Awaitable[None]]) -> None:
        """Undo a fault after so many seconds, again and again while another one is in the way."""

        async def later() -> None:
            try:
                await asyncio.sleep(seconds)
            finally:
                give_up = time.monotonic() + _UNDO_S
                while True:
                    try:
                        await undo()
                    except (BrokerError, OSError):
                        if time.monotonic() > give_up:
                            raise
                        await asyncio.sleep(0.5)
                    else:
                        break

        task = asyncio.create_task(later(), name="chaos fault")
        self._lasting.add(task)
        task.add_done_callback(self._lasting.discard)

    async def undo_all(self) -> None:
        """Undo what still lasts."""
        for task in list(self._lasting):
            task.cancel()
        await asyncio.gather(*self._lasting, return_exceptions=True)
