"""Follower of the mark on a worker's host: a host that is to be drained has its workers finish and leave.

- The mark comes back with each heartbeat, so nothing is asked for beside it.
- A worker that starts there waits, loads nothing and takes nothing, until the mark is gone.
- Who keeps its process down is whoever started it; none has to, since one that starts too early only waits.
"""

import asyncio
import logging
import socket
from typing import Final

from tinyv_stream.aio.cancel import unless
from tinyv_stream.aio.gate import Gate

_log = logging.getLogger(__name__)

HOST: Final = socket.gethostname()
"""Read once: a worker belongs to one host for as long as it lives."""


class HostFollower:
    """One worker's. `leaving` is set once it is to finish what it holds and end, for good as far as it knows."""

    def __init__(self) -> None:
        self.leaving = asyncio.Event()
        self._gate = Gate()
        self._has_begun = False

    def note(self, *, is_draining: bool) -> None:
        """Take in whether the host is to be drained."""
        self._gate.set(is_open=not is_draining)
        if is_draining and self._has_begun and not self.leaving.is_set():
            _log.info("host %s is to be drained: it finishes what it holds", HOST)
            self.leaving.set()

    @property
    def is_waiting(self) -> bool:
        """It may not begin yet."""
        return not self._has_begun and not self._gate.is_open

    async def begin(self, stop: asyncio.Event) -> None:
        """Return once it may begin, or with `stop`."""
        if self.is_waiting:
            _log.info("host %s is to be drained: it waits until that is over", HOST)
            await unless(stop, self._gate.opened.wait())
        self._has_begun = True
