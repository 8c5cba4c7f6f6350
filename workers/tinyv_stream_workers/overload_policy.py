"""Overload policy of the rule stage, for a TinyV that is down or overloaded: wait, take the rule verdict, or sample.

- Down: no TinyV worker that can judge was heard of for `tinyv_silent_s`. A starting one does not count, except in
  the grace period of a pool's first start: it has `tinyv_start_s`, where the pool brings TinyV workers of its own.
- Looked at twice a second at most; a shard that is away is left out, and a broker that is leaves the last finding.
- A sampled rollout is sampled again when it is handed out again: chosen by its name, not by chance.
- It decides nothing about a reward but that TinyV is not asked; the reward says why.
"""

import asyncio
import logging
import zlib
from collections.abc import Sequence
from typing import Final

from tinyv_stream.broker.messages import Work
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.config import Config
from tinyv_stream.errors import BrokerError

_log = logging.getLogger(__name__)
_LOOK_S: Final = 0.5


class OverloadPolicy:
    """One rule worker's view of TinyV's state."""

    def __init__(self, links: Sequence[WorkerApi], config: Config) -> None:
        self._links = links
        self._config = config.fallback
        self._hopes_s = config.fallback.tinyv_start_s if config.tinyv.workers else 0.0
        self._since: float | None = None
        """When it first looked, until it sees TinyV able."""
        self._trouble = ""
        self._looking = asyncio.Lock()
        self._looked = float("-inf")

    async def reason(self, work: Work) -> str:
        """Return why `work` is not to wait for TinyV, or "" if it is."""
        config = self._config
        if config.tinyv == "wait":
            return ""
        # One looks, and whoever comes meanwhile waits for what it sees.
        async with self._looking:
            await self._look()
        if not self._trouble or (config.tinyv == "sample" and _drawn(work.uid) < config.sample_share):
            return ""
        return f"TinyV is {self._trouble}: the rule verdict stands"

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._looked < _LOOK_S:
            return
        self._looked = now
        seen = [pressure for pressure in await asyncio.gather(*map(self._pressure_of, self._links)) if pressure]
        if not seen:
            return
        # Queues are the shards' own; a worker beats in all of them.
        backlog, able = sum(here for here, _ in seen), max(workers for _, workers in seen)
        trouble = "overloaded" if backlog >= self._config.tinyv_backlog else ""
        if not able and not self._may_hope(now):
            trouble = "down"
        if able:
            self._hopes_s = 0.0
        if trouble != self._trouble:
            _log.warning("TinyV is %s (%d queued, %d able workers)", trouble or "well again", backlog, able)
        self._trouble = trouble

    async def _pressure_of(self, link: WorkerApi) -> tuple[int, int] | None:
        """Ask one shard; None if it does not answer soon: the others' word counts then."""
        try:
            async with asyncio.timeout(_LOOK_S):
                return await link.pressure(self._config.tinyv_silent_s)
        except (BrokerError, TimeoutError) as exc:
            _log.warning("shard %d does not say how TinyV is doing: %s", link.keys.shard, exc or "no answer")
            return None

    def _may_hope(self, now: float) -> bool:
        """Tell whether TinyV may still be on its first way up."""
        self._since = now if self._since is None else self._since
        return now - self._since < self._hopes_s


def _drawn(uid: str) -> float:
    """Return a number from 0 to 1 that belongs to `uid`."""
    return zlib.crc32(uid.encode()) / 2**32
