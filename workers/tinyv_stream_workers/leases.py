"""Lease renewal of what a worker has in flight, in a thread with a loop and connections of its own.

- A busy or blocked event loop does not lose its rollouts.
- Only entries in flight are renewed, and only while this consumer owns them.
- Each shard is renewed apart: one whose server is away does not cost the others' leases.
- What was lost to another worker is logged; a late reward for it is rejected as a duplicate, so nothing is undone.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Final, Self

from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.worker import Lease, WorkerApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError
from tinyv_stream.types import Stage

_log = logging.getLogger(__name__)

_RENEWALS_PER_LEASE: Final = 3
"""Two renewals may fail before a lease lapses."""
_CHUNK: Final = 100
"""Entries per script call: about a millisecond on the server."""
_TICK_S: Final = 0.1
_PASSING: Final = (BrokerError, TimeoutError)


class LeaseRenewer:
    """Start and stop by `with`; `in_flight` is called from the thread and must be safe there (copying a dict is)."""

    def __init__(
        self,
        url: str,
        config: BrokerConfig,
        stage: Stage,
        consumer: str,
        in_flight: Callable[[], list[Lease]],
        *,
        shards: int,
    ) -> None:
        self._links = [WorkerApi(url, config, shard=shard, shards=shards) for shard in range(shards)]
        self._stage: Stage = stage
        self._consumer = consumer
        self._in_flight = in_flight
        self._pause_s = config.lease_s / _RENEWALS_PER_LEASE
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"leases {consumer}", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop renewing; what is still in flight comes back to its queue when the lease lapses."""
        self._stop.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        asyncio.run(self._renew_all())

    async def _renew_all(self) -> None:
        await asyncio.gather(*(self._keep_renewing(link) for link in self._links))

    async def _keep_renewing(self, link: WorkerApi) -> None:
        outage = LogLimit()
        while not self._stop.is_set():
            try:
                await self._renew(link)
            except Exception as exc:  # noqa: BLE001 without this thread every healthy rollout would be taken away
                passes = isinstance(exc, _PASSING)
                if not passes or outage.is_due():
                    _log.warning("leases not renewed, trying again: %s", exc, exc_info=not passes)
                await self._stopped_within(_TICK_S)

    async def _renew(self, link: WorkerApi) -> None:
        async with link:
            while not await self._stopped_within(self._pause_s):
                entries = self._in_flight_in(link)
                for i in range(0, len(entries), _CHUNK):
                    chunk = entries[i : i + _CHUNK]
                    lost = await asyncio.wait_for(link.renew(self._stage, self._consumer, chunk), self._pause_s)
                    # An entry that was finished a moment ago is gone, not lost.
                    if stolen := set(lost).intersection(self._in_flight_in(link)):
                        _log.warning("%d leases are gone: expired, withdrawn, or taken over", len(stolen))

    def _in_flight_in(self, link: WorkerApi) -> list[str]:
        return [entry for shard, entry in self._in_flight() if shard == link.keys.shard]

    async def _stopped_within(self, seconds: float) -> bool:
        give_up = asyncio.get_running_loop().time() + seconds
        while not self._stop.is_set() and asyncio.get_running_loop().time() < give_up:  # noqa: ASYNC110 a thread's event
            await asyncio.sleep(min(_TICK_S, seconds))
        return self._stop.is_set()
