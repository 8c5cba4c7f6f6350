"""Watch over the mark on this host: its gate is closed while the pool's workers here are to stay down.

- The mark is the broker's, so it holds over restarts of this program. A broker that lost it learns it again from here.
- A broker that is away leaves the gate as it is.
"""

import asyncio
import logging
import socket
from typing import Final

from tinyv_stream.aio.gate import Gate
from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.hosts import DrainMark, keep_mark, read_mark
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError

_log = logging.getLogger(__name__)

_LOOK_S: Final = 1.0
"""How late a change is noticed here; workers hear of it by themselves, with their heartbeat."""


class HostWatch:
    """`look` once before workers start, then `run`; `gate` is what their supervisors go by."""

    def __init__(self) -> None:
        self.gate = Gate()
        self._host = socket.gethostname()
        self._mark: DrainMark | None = None

    async def run(self, url: str, config: BrokerConfig) -> None:
        """Look again and again until cancelled."""
        outage = LogLimit()
        while True:
            try:
                async with ShardClient(url, config) as link:
                    while True:
                        await self.look(link)
                        await asyncio.sleep(_LOOK_S)
            except BrokerError as exc:
                if outage.is_due():
                    _log.warning("cannot see whether host %s is to be drained: %s", self._host, exc)
            await asyncio.sleep(_LOOK_S)

    async def look(self, link: ShardClient) -> None:
        """Go by the mark as it is now. Raises BrokerError."""
        mark, known = await read_mark(link, self._host), self._mark
        if known and (not mark or mark.number < known.number):
            mark = await keep_mark(link, known)
        is_draining = bool(mark and mark.is_draining)
        if mark and is_draining == self.gate.is_open:
            said = "is to be drained: its workers finish and stay down until `tinyv-stream undrain %s`"
            said = said % self._host if is_draining else "works again"
            _log.warning("host %s %s (said by %s)", self._host, said, mark.by)
        self._mark = mark
        self.gate.set(is_open=not is_draining)
