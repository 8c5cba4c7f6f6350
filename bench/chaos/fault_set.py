"""Base of a set of faults: by name, how often each comes among the others, and what does it."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Final

from bench.chaos.world import World
from tinyv_stream.errors import BrokerError

Kinds = dict[str, tuple[int, Callable[[], Awaitable[None]]]]
NOBODY: Final = (OSError, IndexError)
"""Raised where there is nobody to hurt at this moment, beside BrokerError and psutil's errors."""


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
        """Undo a fault after so many seconds."""

        async def later() -> None:
            try:
                await asyncio.sleep(seconds)
            finally:
                with contextlib.suppress(BrokerError, OSError):
                    await undo()

        task = asyncio.create_task(later(), name="chaos fault")
        self._lasting.add(task)
        task.add_done_callback(self._lasting.discard)

    async def undo_all(self) -> None:
        """Undo what still lasts."""
        for task in list(self._lasting):
            task.cancel()
        await asyncio.gather(*self._lasting, return_exceptions=True)
