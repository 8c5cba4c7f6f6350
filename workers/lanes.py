"""A worker's way to every shard of its pool: claim here, give back there, leave all of them.

Each call goes to the shard that the delivery is in, and insists until its server answers; each may run twice, but for
a claim: what a failed one took comes back when its lease lapses.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from tinyv_stream.broker.worker_side import Delivery, Lease, WorkerSide
from tinyv_stream.types import Reward, Stage

_BLOCK_S: Final = 0.5
"""How long a claim waits; also how late a stop is noticed."""


class Lanes:
    """The links of one worker, in the order of their shards. `free` says how many rollouts it has room for."""

    def __init__(self, links: tuple[WorkerSide, ...], stage: Stage, name: str, free: Callable[[], int]) -> None:
        self.links = links
        self._stage: Stage = stage
        self._name = name
        self._free = free
        self._asked_for = 0

    @property
    def free(self) -> int:
        """Room that no claim under way may fill at once."""
        return self._free() - self._asked_for

    async def claim(self, link: WorkerSide, *, freed: asyncio.Event) -> list[Delivery]:
        """Take what there is in one shard, or wait a moment for it. Sets `freed` where it took less than it might."""
        return await link.insist(lambda: self._claim(link, freed))

    async def _claim(self, link: WorkerSide, freed: asyncio.Event) -> list[Delivery]:
        count = max(1, self.free)
        if len(self.links) == 1:
            return await link.claim(self._stage, self._name, count=count, block_s=_BLOCK_S)
        # Slots are not set aside for a shard that may stay empty: it is waited for with one.
        self._asked_for += count
        try:
            found = await link.claim(self._stage, self._name, count=count, block_s=0)
        finally:
            self._asked_for -= count
            freed.set()
        return found or await link.claim(self._stage, self._name, count=1, block_s=_BLOCK_S)

    async def start(self, suspect: Delivery) -> bool:
        """Count the delivery of a suspect; False if it is another worker's by now."""
        link = self.links[suspect.shard]
        return await link.insist(lambda: link.start(self._stage, self._name, suspect))

    async def bury(self, delivery: Delivery, reward: Reward) -> None:
        """Give a rollout up."""
        link = self.links[delivery.shard]
        await link.insist(lambda: link.bury(self._stage, self._name, delivery, reward))

    async def give_back(self, leases: Iterable[Lease], *, engine_died: bool = False) -> None:
        """Return rollouts; see `WorkerSide.give_back`."""
        entries: dict[int, list[str]] = {}
        for shard, entry in leases:
            entries.setdefault(shard, []).append(entry)
        here = ((link, entries[link.keys.shard]) for link in self.links if link.keys.shard in entries)
        # At once: a shard that is away must not hold up the others.
        await asyncio.gather(
            *(
                link.insist(partial(link.give_back, self._stage, self._name, those, engine_died=engine_died))
                for link, those in here
            )
        )

    async def announce(self, version: str) -> None:
        """Set the version under which cached verdicts are looked up."""
        await asyncio.gather(*(link.insist(partial(link.announce_verifier, version)) for link in self.links))

    async def depart(self) -> None:
        """Forget this worker in all shards."""
        departures = (link.insist(partial(link.depart, self._stage, self._name)) for link in self.links)
        await asyncio.gather(*departures)
