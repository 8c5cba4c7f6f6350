"""What the rule stage does when TinyV is down or swamped: wait, let the rule verdict stand, or ask about a sample.

- Looked at twice a second at most; a broker that is away leaves the last finding.
- A sampled rollout is sampled again when it is handed out again: chosen by its name, not by chance.
- It decides nothing about a reward but that TinyV is not asked; the reward says why.
"""

import asyncio
import logging
import zlib
from typing import Final

from tinyv_stream.broker.worker_side import WorkerSide
from tinyv_stream.codec import Work
from tinyv_stream.config import FallbackConfig
from tinyv_stream.errors import BrokerError

_log = logging.getLogger(__name__)
_LOOK_S: Final = 0.5


class Relief:
    """One rule worker's view of TinyV's state."""

    def __init__(self, link: WorkerSide, config: FallbackConfig) -> None:
        self._link = link
        self._config = config
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
        try:
            backlog, heard = await self._link.pressure(self._config.tinyv_silent_s)
        except BrokerError as exc:
            _log.warning("cannot see how TinyV is doing: %s", exc)
            return
        trouble = "down" if not heard else "swamped" if backlog >= self._config.tinyv_backlog else ""
        if trouble != self._trouble:
            _log.warning("TinyV is %s (%d queued, %d workers)", trouble or "well again", backlog, heard)
        self._trouble = trouble


def _drawn(uid: str) -> float:
    """Return a number from 0 to 1 that belongs to `uid`."""
    return zlib.crc32(uid.encode()) / 2**32
