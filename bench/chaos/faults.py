"""Fault schedule of a chaos run: each kind of fault once, in an order that the seed decides, then at random.

A fault that lasts (a stopped process, a black hole, a full disk) runs beside the next ones, as faults do.
"""

import asyncio
import random
import time
from collections import Counter
from typing import Final

import psutil

from bench.chaos.fault_set import NOBODY, Kinds
from bench.chaos.network_faults import NetworkFaults
from bench.chaos.process_faults import ProcessFaults
from bench.chaos.server_faults import ServerFaults
from bench.chaos.world import World
from tinyv_stream.errors import BrokerError

_FIRST_GAP_S: Final = (0.1, 0.9)
"""Between one fault and the next while a kind has not been done yet: rollouts have to be there for each."""
_GAP_S: Final = (0.5, 2.5)
"""The same afterwards."""


class Faults:
    """`kinds` is what is possible here, `done` counts what was done."""

    def __init__(self, world: World, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 repeatable, not secret
        self._server = ServerFaults(world, self._dice)
        self._sets = (ProcessFaults(world, self._dice), self._server, NetworkFaults(world, self._dice))
        self.done: Counter[str] = Counter()
        self.kinds: Kinds = {name: kind for one in self._sets for name, kind in one.kinds().items()}

    async def run(self, seconds: float) -> None:
        """Hurt the world for `seconds`, and for longer where not each kind has been done; then undo what lasts."""
        end = time.monotonic() + seconds
        first = list(self.kinds)
        self._dice.shuffle(first)
        copying = asyncio.create_task(self._server.keep_copies(), name="chaos copies")
        try:
            while first or time.monotonic() < end:
                await asyncio.sleep(self._dice.uniform(*(_FIRST_GAP_S if first else _GAP_S)))
                weights = [weight for weight, _ in self.kinds.values()]
                kind = first.pop() if first else self._dice.choices(list(self.kinds), weights)[0]
                try:
                    await self.kinds[kind][1]()
                except (BrokerError, TimeoutError, psutil.Error, *NOBODY):
                    if not self.done[kind]:
                        first.insert(max(0, len(first) - 1), kind)
                else:
                    self.done[kind] += 1
        finally:
            copying.cancel()
            for one in self._sets:
                await one.undo_all()
            await asyncio.gather(copying, return_exceptions=True)
