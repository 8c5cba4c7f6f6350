"""A worker's way to every shard of its pool: claim here, give back there, leave all of them.

Each call goes to the shard that the delivery is in, and retries until its server answers; each may run twice, but for
a claim: what a failed one took comes back when its lease lapses.

A shard that does not answer holds up its own rollouts only: what a claim may fill is set aside while it is under way,
so each shard is asked for its share of the slots at most, and for none of them once it has failed, until it answers.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Final

from tinyv_stream.broker.worker import Delivery, Lease, WorkerSide
from tinyv_stream.errors import BrokerUnavailableError
from tinyv_stream.types import Reward, Stage
from tinyv_stream_workers.inflight import InFlight

_log = logging.getLogger(__name__)

_BLOCK_S: Final = 0.5
"""How long a claim waits; also how late a stop is noticed."""


class ShardedBroker:
    """The links of one worker, in the order of their shards, and the room that it has for what they hand out."""

    def __init__(
        self,
        links: tuple[WorkerSide, ...],
        stage: Stage,
        name: str,
        *,
        inflight: InFlight,
        slots: Callable[[], int],
    ) -> None:
        self.links = links
        self._stage: Stage = stage
        self._name = name
        self._inflight = inflight
        self._slots = slots
        self._away: set[int] = set()
        """Shards whose last claim failed."""

    async def claim(self, link: WorkerSide, *, freed: asyncio.Event) -> list[Delivery]:
        """Take what there is in one shard, or wait a moment for it. Sets `freed` where it took less than it might."""
        return await link.retry(lambda: self._claim(link, freed))

    async def _claim(self, link: WorkerSide, freed: asyncio.Event) -> list[Delivery]:
        if len(self.links) == 1:
            count = max(1, self._inflight.free(self._slots()))
            return await link.claim(self._stage, self._name, count=count, block_s=_BLOCK_S)
        shard = link.keys.shard
        try:
            found = [] if shard in self._away else await self._claim_share(link, freed)
            # Slots are not set aside for a shard that may stay empty or silent: it is waited for with one.
            found = found or await link.claim(self._stage, self._name, count=1, block_s=_BLOCK_S)
        except BrokerUnavailableError:
            self._away.add(shard)
            raise
        self._away.discard(shard)
        return found

    async def _claim_share(self, link: WorkerSide, freed: asyncio.Event) -> list[Delivery]:
        count = self._inflight.share(self._slots(), len(self.links))
        if count < 1:
            return []
        self._inflight.set_aside(count)
        try:
            return await link.claim(self._stage, self._name, count=count, block_s=0)
        finally:
            self._inflight.set_aside(-count)
            freed.set()

    async def start(self, quarantined: Delivery) -> bool:
        """Count a quarantined delivery as it starts; False if it is another worker's by now."""
        link = self.links[quarantined.shard]
        return await link.retry(lambda: link.start(self._stage, self._name, quarantined))

    async def dead_letter(self, delivery: Delivery, reward: Reward) -> None:
        """Give a rollout up: a dead letter, and its reward."""
        link = self.links[delivery.shard]
        await link.retry(lambda: link.dead_letter(self._stage, self._name, delivery, reward))

    async def give_back(self, leases: Iterable[Lease], *, engine_died: bool = False) -> None:
        """Return rollouts; see `WorkerSide.give_back`."""
        entries: dict[int, list[str]] = {}
        for shard, entry in leases:
            entries.setdefault(shard, []).append(entry)
        here = ((link, entries[link.keys.shard]) for link in self.links if link.keys.shard in entries)
        # At once: a shard that is away must not hold up the others.
        await asyncio.gather(
            *(
                link.retry(partial(link.give_back, self._stage, self._name, those, engine_died=engine_died))
                for link, those in here
            )
        )

    async def announce(self, version: str) -> None:
        """Set the version under which cached verdicts are looked up."""
        await asyncio.gather(*(link.retry(partial(link.announce_verifier, version)) for link in self.links))

    async def depart(self, left: Collection[Lease], *, patience_s: float) -> None:
        """Give back what is left, and forget this worker in all shards; a broker that does not answer is left so."""
        try:
            async with asyncio.timeout(patience_s):
                if left:
                    _log.info("%s gives %d rollouts back", self._name, len(left))
                    await self.give_back(left)
                departures = (link.retry(partial(link.depart, self._stage, self._name)) for link in self.links)
                await asyncio.gather(*departures)
        except TimeoutError:
            _log.warning("left without giving %d rollouts back: the broker does not answer", len(left))
