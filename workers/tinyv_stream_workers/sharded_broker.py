"""A worker's way to every shard of its pool: claim here, give back there, leave all of them.

Each call goes to the shard that the delivery is in, and retries until its server answers; each may run twice, but for
a claim: what a failed one took comes back when its lease lapses.

A shard that does not answer holds up its own rollouts only: what a claim may fill is set aside while it is under way,
so each shard is asked for its share of the slots at most, and for none of them once it has failed, until it answers.
What is set aside is handed to `accept` in the step that frees it, so that no other claim can have the room meanwhile.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import contextmanager
from functools import partial
from typing import Final

from tinyv_stream.broker.worker import Delivery, WorkerApi
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
        links: tuple[WorkerApi, ...],
        stage: Stage,
        name: str,
        *,
        inflight: InFlight,
        slots: Callable[[], int],
        accept: Callable[[Delivery], None],
        freed: asyncio.Event,
    ) -> None:
        """Give each delivery to `accept` as it arrives, and set `freed` where one took less than was set aside."""
        self.links = links
        self._stage: Stage = stage
        self._name = name
        self._inflight = inflight
        self._slots = slots
        self._accept = accept
        self._freed = freed
        self._away: set[int] = set()
        """Shards whose last claim failed."""

    async def claim(self, link: WorkerApi) -> None:
        """Take what there is in one shard, or wait a moment for it."""
        await link.retry(lambda: self._claim(link))

    async def _claim(self, link: WorkerApi) -> None:
        if len(self.links) == 1:
            await self._claim_and_wait(link, self._inflight.claimable(self._slots()))
            return
        shard = link.keys.shard
        try:
            if shard in self._away or not await self._claim_share(link):
                # Slots are not set aside for a shard that may stay empty or silent: it is waited for with one.
                await self._claim_and_wait(link, min(1, self._inflight.claimable(self._slots())))
        except BrokerUnavailableError:
            self._away.add(shard)
            raise
        self._away.discard(shard)

    async def _claim_and_wait(self, link: WorkerApi, count: int) -> None:
        """Wait for up to `count` with nothing set aside: what then finds no room is given back by `accept`."""
        if count > 0:
            for delivery in await link.claim(self._stage, self._name, count=count, block_s=_BLOCK_S):
                self._accept(delivery)

    async def _claim_share(self, link: WorkerApi) -> bool:
        """Claim what is there of one shard's share; False if that was nothing."""
        count = self._inflight.share(self._slots(), len(self.links))
        if count < 1:
            return False
        with self._set_aside(count) as found:
            found.extend(await link.claim(self._stage, self._name, count=count, block_s=0))
        return bool(found)

    async def take_over(self, link: WorkerApi, cursor: str) -> str | None:
        """Take lapsed rollouts of one shard over as far as there is room; return the next cursor, None without room."""
        count = self._inflight.room_to_take_over(self._slots(), len(self.links))
        if count < 1:
            return None
        with self._set_aside(count) as taken:
            next_cursor, lapsed = await link.reclaim(self._stage, self._name, cursor, count=count)
            taken.extend(lapsed)
        for delivery in taken:
            _log.info("taken over, delivery %d", delivery.delivery_count, extra={"rollout_id": delivery.uid})
        return next_cursor

    @contextmanager
    def _set_aside(self, count: int) -> Generator[list[Delivery]]:
        """Keep room for what the block appends to the list, and have it accepted in place of that."""
        found: list[Delivery] = []
        self._inflight.set_aside(count)
        try:
            yield found
        finally:
            self._inflight.set_aside(-count)
            for delivery in found:
                self._accept(delivery)
            self._freed.set()

    async def start(self, quarantined: Delivery) -> bool:
        """Count a quarantined delivery as it starts; False if it is another worker's by now."""
        link = self.links[quarantined.shard]
        return await link.retry(lambda: link.start(self._stage, self._name, quarantined))

    async def dead_letter(self, delivery: Delivery, reward: Reward) -> None:
        """Give a rollout up: a dead letter, and its reward."""
        link = self.links[delivery.shard]
        await link.retry(lambda: link.dead_letter(self._stage, self._name, delivery, reward))

    async def give_back(self, deliveries: Iterable[Delivery], *, engine_died: bool = False) -> None:
        """Return rollouts; see `WorkerApi.give_back`."""
        of: dict[int, list[Delivery]] = {}
        for delivery in deliveries:
            of.setdefault(delivery.shard, []).append(delivery)
        here = ((link, of[link.keys.shard]) for link in self.links if link.keys.shard in of)
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

    async def depart(self, left: Collection[Delivery], *, host: str, patience_s: float) -> None:
        """Give back what is left, and forget this worker in all shards, but not that its host had one.

        A broker that does not answer is left so.
        """
        try:
            async with asyncio.timeout(patience_s):
                if left:
                    _log.info("%s gives %d rollouts back", self._name, len(left))
                    await self.give_back(left)
                departures = (link.retry(partial(link.depart, self._stage, self._name, host)) for link in self.links)
                await asyncio.gather(*departures)
        except TimeoutError:
            _log.warning("left without giving %d rollouts back: the broker does not answer", len(left))
