"""The tasks of one worker's deliveries: begun at once or alone, released at their end, drained at the stop.

- `inflight` decides what becomes of a delivery; here that is done.
- A quarantined delivery begins when nothing else runs in this process, and nothing begins beside it.
- A delivery is released once its task ended. One whose task is cut short stays in flight, for the stop to give back.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine

from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.worker import Delivery, WorkerApi
from tinyv_stream.errors import BrokerError
from tinyv_stream.types import Stage
from tinyv_stream_workers.inflight import Admission, InFlight
from tinyv_stream_workers.sharded_broker import ShardedBroker
from tinyv_stream_workers.stages import dead_reward

_log = logging.getLogger(__name__)


class DeliveryTasks:
    """What runs of `inflight`: `handle` sees a delivery through, `slots` are those of the verifier as it is now."""

    def __init__(
        self,
        links: tuple[WorkerApi, ...],
        stage: Stage,
        name: str,
        inflight: InFlight,
        *,
        handle: Callable[[Delivery], Coroutine[object, object, None]],
        slots: Callable[[], int],
    ) -> None:
        self._inflight = inflight
        self._handle = handle
        self._slots = slots
        self._running: set[asyncio.Task[None]] = set()
        self._outage = LogLimit()
        self._isolation = asyncio.Lock()
        """Locked while a quarantined delivery is to be alone in this process."""
        self.freed = asyncio.Event()
        """Set where a slot was freed."""
        self.broker = ShardedBroker(
            links, stage, name, inflight=inflight, slots=slots, accept=self.accept, freed=self.freed
        )

    def accept(self, delivery: Delivery) -> None:
        """Own a delivery, new or taken over."""
        match self._inflight.admit(delivery, self._slots()):
            case Admission.RUN:
                self._begin(self._handle(delivery), delivery)
            case Admission.DEAD:
                self._begin(self._dead_letter(delivery), delivery)
            case Admission.NO_ROOM:
                self._begin(self.broker.give_back([delivery]), delivery)
            case Admission.QUARANTINED | Admission.IN_FLIGHT:
                pass

    async def take_over(self, link: WorkerApi, cursor: str, is_allowed: Callable[[], bool]) -> str | None:
        """Wait for room while that `is_allowed`, and take lapsed deliveries over: see `ShardedBroker.take_over`."""
        with self._inflight.waiting_to_take_over():
            while is_allowed() and not self._inflight.is_isolated and self._inflight.free(self._slots()) < 1:
                self.freed.clear()
                await self.freed.wait()
        self.freed.set()  # claims may have the slot that was left for this
        return await self.broker.take_over(link, cursor) if is_allowed() else None

    async def run_quarantined(self) -> None:
        """Run the next quarantined delivery with nothing else in this process: it must not take a neighbour along."""
        async with self._isolation:
            self._inflight.isolate()
            try:
                await self.wait_idle()
                delivery = self._inflight.next_quarantined(running=len(self._running))
                if delivery:  # else another shard's claims were first
                    await self._run_alone(delivery)
            finally:
                self._inflight.end_isolation()

    async def _run_alone(self, delivery: Delivery) -> None:
        if await self.broker.start(delivery):
            _log.info("runs in quarantine, delivery %d", delivery.delivery_count, extra={"rollout_id": delivery.uid})
            self._begin(self._handle(delivery), delivery)
            await asyncio.wait(self._running)
        else:
            self._release(delivery)

    async def end_of_isolation(self) -> None:
        """Return once nothing has to be alone in this process."""
        async with self._isolation:
            pass

    async def wait_idle(self) -> None:
        """Return once nothing runs."""
        while self._running:
            await asyncio.wait(self._running)

    async def drain(self, grace_s: float) -> None:
        """Finish what runs within the grace time, and cut the rest short."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        await self.cancel()

    async def cancel(self) -> None:
        """Cut short whatever runs."""
        await cancel_all(list(self._running))

    def _begin(self, work: Coroutine[object, object, None], delivery: Delivery) -> None:
        task = asyncio.create_task(self._releasing(work, delivery), name=f"delivery {delivery.uid}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _releasing(self, work: Coroutine[object, object, None], delivery: Delivery) -> None:
        try:
            await work
        except BrokerError as exc:
            if self._outage.is_due():  # one refusal of the broker meets everything in flight
                _log.warning("cannot end a delivery, and perhaps others: %s", exc, extra={"rollout_id": delivery.uid})
        except Exception:  # noqa: BLE001 nothing to fix here: the lapsing lease hands the rollout on, counted
            _log.exception("cannot end a delivery", extra={"rollout_id": delivery.uid})
        self._release(delivery)

    def _release(self, delivery: Delivery) -> None:
        self._inflight.release(delivery)
        self.freed.set()

    async def _dead_letter(self, delivery: Delivery) -> None:
        reward = dead_reward(delivery)
        _log.error("dead letter: %s", reward.reason, extra={"rollout_id": delivery.uid})
        await self.broker.dead_letter(delivery, reward)
