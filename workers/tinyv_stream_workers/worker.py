"""The worker's loop: claim, verify, finish. Both stages run it with another verifier.

- What is in flight, how much that may be, and what is quarantined or dead, `inflight` decides; here that is done.
- What is in flight is renewed until it is finished or given back.
- On stop it claims no more, finishes within the grace time, and gives back what it cannot finish.
- A failing engine costs no delivery: its work goes back uncounted the first time, and nothing is claimed until it is
  up again.
- While its model is changed or asleep (`orders`) it begins nothing; what it is given meanwhile goes back uncounted.
"""

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import Coroutine
from functools import partial
from typing import Final

from tinyv_stream.aio.cancel import cancel_all, unless
from tinyv_stream.broker.operator import WorkerInfo
from tinyv_stream.broker.sharded import Shards
from tinyv_stream.broker.worker import Delivery, WorkerSide
from tinyv_stream.config import Config
from tinyv_stream.errors import EngineDiedError
from tinyv_stream.types import Stage
from tinyv_stream_workers.housekeeping import Housekeeping
from tinyv_stream_workers.inflight import Admission, InFlight
from tinyv_stream_workers.leases import LeaseRenewer
from tinyv_stream_workers.model_switch import Orders
from tinyv_stream_workers.sharded_broker import ShardedBroker
from tinyv_stream_workers.stages import CurrentStage, dead_reward, expired_reward
from tinyv_stream_workers.verifier import Switchable, Verifier
from tinyv_stream_workers.write_batcher import Outbox

_log = logging.getLogger(__name__)

GRACE_S: Final = 15.0
"""How long a stopping worker may finish what it holds: with the rest of the way out, less than the usual 30 s."""
_AWAY_S: Final = 3.0
"""How long a stopping worker waits for a broker that does not answer."""


class Worker:
    """One consumer of one stage; `run` it once. It opens its verifier, and is seen in `status` while that starts."""

    def __init__(self, url: str, config: Config, verifier: Verifier, *, grace_s: float = GRACE_S) -> None:
        self._url = url
        self._config = config
        self._verifier = verifier
        self._stage: Stage = verifier.stage
        self._grace_s = grace_s
        self._inflight = InFlight(config.broker)
        self.name = f"{self._stage}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:4]}"
        self._lanes = self._lanes_over(())
        self._isolation = asyncio.Lock()
        """Locked while a quarantined delivery is to be alone in this process."""
        self._running: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()
        self._current: CurrentStage | None = None
        """Unset until it was opened for the first time."""
        self._open = asyncio.Event()
        """Set while work may begin."""
        self._orders: Orders | None = None
        self._state = "new"
        self._done = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then drain. A cancellation leaves what is in flight to be reclaimed."""
        async with Shards(WorkerSide, self._url, self._config.broker) as links, asyncio.TaskGroup() as helpers:
            self._lanes = self._lanes_over(links)
            outbox = Outbox(links, self._stage)
            current = CurrentStage(outbox, self._config, self._verifier, links, self._lanes.announce)
            houses = [self._housekeeping(link, stop) for link in links]
            loops = [helpers.create_task(c.run(), name=type(c).__name__) for c in (outbox, *houses)]
            try:
                self._state = "starting"
                await self._obeying(stop, current)
            finally:
                await cancel_all([*loops, *self._running])
            await self._lanes.depart(self._inflight.leases(), patience_s=_AWAY_S)

    def _lanes_over(self, links: tuple[WorkerSide, ...]) -> ShardedBroker:
        return ShardedBroker(links, self._stage, self.name, inflight=self._inflight, slots=lambda: self._verifier.slots)

    @property
    def is_starting(self) -> bool:
        """It holds nothing yet, so it may be killed without a loss."""
        return self._current is None

    def _housekeeping(self, link: WorkerSide, stop: asyncio.Event) -> Housekeeping:
        return Housekeeping(
            link,
            self._stage,
            self.name,
            room=lambda: self._room_to_take_over(stop),
            take_over=self._accept,
            expire=lambda work: expired_reward(work, self._config.fallback),
            about=self._about,
        )

    async def _obeying(self, stop: asyncio.Event, current: CurrentStage) -> None:
        """Work with the verifier that the pool is told to use, where that can change."""
        if not isinstance(self._verifier, Switchable):
            async with self._verifier:
                await self._work(stop, current)
            return
        self._orders = Orders(
            self._lanes.links[0],  # a worker is known in all shards, and ordered about in the first
            self.name,
            self._verifier,
            self._config.tinyv,
            pause=self._pause,
            resume=partial(self._resume, current),
        )
        await self._orders.serve(stop, lambda: self._work(stop, current))

    async def _pause(self) -> None:
        """Begin nothing more, and finish what was begun."""
        self._open.clear()
        while self._running:
            await asyncio.wait(self._running)

    async def _resume(self, current: CurrentStage) -> None:
        """Begin work with the verifier as it is now."""
        await current.open()
        self._current = current
        self._open.set()

    async def _work(self, stop: asyncio.Event, current: CurrentStage) -> None:
        await self._resume(current)
        broker, links = self._config.broker, self._lanes.links
        with LeaseRenewer(self._url, broker, self._stage, self.name, self._inflight.leases, shards=len(links)):
            self._state = "ready"
            _log.info("%s is ready", self.name)
            claiming = [asyncio.create_task(self._claim_until(stop, link), name="claims") for link in links]
            try:
                await asyncio.gather(*claiming)
            finally:
                await cancel_all(claiming)
            await self._drain()

    async def _claim_until(self, stop: asyncio.Event, link: WorkerSide) -> None:
        """Claim from one shard; those of a pool share this worker's slots."""
        while not stop.is_set():
            if not self._open.is_set():
                await unless(stop, self._open.wait())
            await unless(stop, self._verifier.ready())
            if not self._open.is_set():
                continue
            if self._inflight.is_isolated:
                await unless(stop, self._end_of_isolation())
            elif self._inflight.has_quarantined:
                await unless(stop, self._run_quarantined())
            elif not self._inflight.is_worth_a_claim(self._verifier.slots):
                self._freed.clear()
                await unless(stop, self._freed.wait())
            else:
                claim = self._lanes.claim(link, freed=self._freed)
                for delivery in await unless(stop, claim, patience_s=_AWAY_S) or []:
                    self._accept(delivery)

    def _room_to_take_over(self, stop: asyncio.Event) -> int:
        if stop.is_set() or not self._open.is_set():
            return 0
        return self._inflight.room_to_take_over(self._verifier.slots, len(self._lanes.links))

    def _accept(self, delivery: Delivery) -> None:
        """Own a delivery, new or taken over."""
        match self._inflight.admit(delivery):
            case Admission.RUN:
                self._own(self._see_through(delivery), delivery)
            case Admission.DEAD:
                self._own(self._dead_letter(delivery), delivery)
            case Admission.QUARANTINED | Admission.IN_FLIGHT:
                pass

    def _own(self, work: Coroutine[object, object, None], delivery: Delivery) -> None:
        task = asyncio.create_task(self._releasing(work, delivery), name=f"{self._stage} {delivery.uid}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run_quarantined(self) -> None:
        """Run the next quarantined delivery with nothing else in this process: it must not take a neighbour along."""
        async with self._isolation:
            self._inflight.isolate()
            try:
                while self._running:
                    await asyncio.wait(self._running)
                delivery = self._inflight.next_quarantined(running=len(self._running))
                if delivery:  # else another shard's claims were first
                    await self._run_alone(delivery)
            finally:
                self._inflight.end_isolation()

    async def _run_alone(self, delivery: Delivery) -> None:
        if await self._lanes.start(delivery):
            _log.info("runs in quarantine, delivery %d", delivery.delivery_count, extra={"rollout_id": delivery.uid})
            self._own(self._see_through(delivery), delivery)
            await asyncio.wait(self._running)
        else:
            self._release(delivery)

    async def _end_of_isolation(self) -> None:
        async with self._isolation:
            pass

    async def _see_through(self, delivery: Delivery) -> None:
        if self._current is None or not self._open.is_set():  # a claim was under way when the pause began
            await self._lanes.give_back([delivery.lease])
            return
        try:
            await self._verifier.ready()  # a claim may have been under way when the engine died
            await self._current.handle(delivery)
            self._done += 1
        except EngineDiedError as exc:
            _log.warning("given back: %s", exc, extra={"rollout_id": delivery.uid})
            await self._lanes.give_back([delivery.lease], engine_died=True)

    async def _releasing(self, work: Coroutine[object, object, None], delivery: Delivery) -> None:
        """Release the delivery once `work` ended. Cut short, it stays in flight, and is given back at the end."""
        try:
            await work
        except Exception:  # noqa: BLE001 nothing to mend here: the lapsing lease hands the rollout on, counted
            _log.exception("cannot end a delivery", extra={"rollout_id": delivery.uid})
        self._release(delivery)

    def _release(self, delivery: Delivery) -> None:
        self._inflight.release(delivery)
        self._freed.set()

    async def _dead_letter(self, delivery: Delivery) -> None:
        reward = dead_reward(delivery)
        _log.error("dead letter: %s", reward.reason, extra={"rollout_id": delivery.uid})
        await self._lanes.dead_letter(delivery, reward)

    async def _drain(self) -> None:
        """Finish what runs within the grace time, and cut the rest short."""
        self._state = "draining"
        _log.info("%s drains %d rollouts", self.name, len(self._inflight))
        if self._running:
            await asyncio.wait(self._running, timeout=self._grace_s)
        await cancel_all(list(self._running))

    def _about(self) -> WorkerInfo:
        orders = self._orders
        return WorkerInfo(
            name=self.name,
            stage=self._stage,
            pid=os.getpid(),
            host=socket.gethostname(),
            state=self._state if self._state == "draining" or not orders else orders.state or self._state,
            held=len(self._inflight),
            done=self._done,
            about=self._verifier.describe() | (orders.describe() if orders else {}),
        )
