"""Worker: claim, verify, finish. Both stages run it with another verifier.

- It holds at most its verifier's slots, and renews what it holds until that is finished or given back.
- A delivery that came back often runs alone in its process; one that came back too often is a dead letter.
- On stop it claims no more, finishes within the grace time, and gives back what it cannot finish.
- A failing engine costs no delivery: its work goes back uncounted the first time, and nothing is claimed until it is
  up again.
"""

import asyncio
import hashlib
import logging
import os
import socket
import uuid
from collections import deque
from collections.abc import Coroutine
from typing import Final, TypeVar, cast

import msgspec

from tinyv_stream.broker.operator_side import WorkerInfo
from tinyv_stream.broker.worker_side import Delivery, WorkerSide
from tinyv_stream.config import Config, EngineConfig, TinyVConfig
from tinyv_stream.errors import EngineDiedError
from tinyv_stream.tasks import cancel_all
from tinyv_stream.types import Setup, Stage, Status
from workers.housekeeping import Housekeeping
from workers.leases import LeaseRenewer
from workers.outbox import Outbox
from workers.relief import Relief
from workers.stages import RuleStage, StageHandler, TinyVStage, expired_reward, undecided_reward
from workers.verifier import Verifier

_log = logging.getLogger(__name__)
T = TypeVar("T")

_BLOCK_S: Final = 0.5
"""How long a claim waits; also how late a stop is noticed."""
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
        self._link = WorkerSide(url, config.broker)
        self.name = f"{self._stage}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:4]}"
        self._held: dict[str, Delivery] = {}
        self._suspects: deque[Delivery] = deque()
        self._is_alone = False
        self._running: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()
        self._handler: StageHandler | None = None
        self._state = "new"
        self._done = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then drain. A cancellation leaves what is held to be reclaimed."""
        async with self._link as link, asyncio.TaskGroup() as helpers:
            outbox = Outbox(link, self._stage)
            house = Housekeeping(
                link,
                self._stage,
                self.name,
                room=lambda: 0 if stop.is_set() else self._room_to_take_over(),
                take_over=self._accept,
                expire=lambda work: expired_reward(work, self._config.fallback),
                about=self._about,
            )
            loops = [helpers.create_task(c.run(), name=type(c).__name__) for c in (outbox, house)]
            try:
                self._state = "starting"
                async with self._verifier:
                    await self._work(stop, outbox)
            finally:
                await cancel_all([*loops, *self._running])
            await self._depart()

    @property
    def is_starting(self) -> bool:
        """It holds nothing yet, so it may be killed without a loss."""
        return self._handler is None

    async def _work(self, stop: asyncio.Event, outbox: Outbox) -> None:
        self._handler = await self._open_stage(outbox)
        with LeaseRenewer(self._url, self._config.broker, self._stage, self.name, lambda: list(self._held)):
            self._state = "ready"
            _log.info("%s is ready", self.name)
            await self._claim_until(stop)
            await self._drain()

    async def _open_stage(self, outbox: Outbox) -> StageHandler:
        if self._stage == "rule":
            return RuleStage(outbox, self._config, self._verifier, Relief(self._link, self._config.fallback))
        version = _version(self._config.tinyv, self._verifier.describe().get("model", ""))
        await self._link.insist(lambda: self._link.announce_verifier(version))
        return TinyVStage(outbox, self._config, self._verifier, version)

    async def _claim_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await _unless(stop, self._verifier.ready())
            free = self._verifier.slots - len(self._held)
            if self._suspects:
                await _unless(stop, self._run_alone())
            elif free < max(1, self._verifier.slots // 8):
                # A claim for one freed slot costs as much as one for many: wait for a few.
                self._freed.clear()
                await _unless(stop, self._freed.wait())
            else:
                claim = self._link.insist(lambda free=free: self._claim(free))
                for delivery in await _unless(stop, claim, patience_s=_AWAY_S) or []:
                    self._accept(delivery)

    def _room_to_take_over(self) -> int:
        """One more than the slots, or a worker that is always busy would never take over what another left."""
        if self.is_starting or self._is_alone:
            return 0
        return max(1, self._verifier.slots - len(self._held)) if len(self._held) <= self._verifier.slots else 0

    async def _claim(self, count: int) -> list[Delivery]:
        return await self._link.claim(self._stage, self.name, count=count, block_s=_BLOCK_S)

    def _accept(self, delivery: Delivery) -> None:
        """Own a delivery, new or taken over: run it, or run it alone later, or give it up."""
        limits = self._config.broker
        if delivery.entry in self._held:
            return  # our own, after a pause longer than the lease: it runs already
        self._held[delivery.entry] = delivery
        if delivery.delivery_count > limits.max_deliveries:
            self._own(self._bury(delivery), delivery)
        elif delivery.delivery_count >= limits.alone_from or self._is_alone:
            self._suspects.append(delivery)  # also what arrives while a suspect runs: that one must have no neighbour
        else:
            self._start(delivery)

    def _start(self, delivery: Delivery) -> None:
        self._held[delivery.entry] = delivery
        self._own(self._see_through(delivery), delivery)

    def _own(self, work: Coroutine[object, object, None], delivery: Delivery) -> None:
        task = asyncio.create_task(self._letting_go(work, delivery), name=f"{self._stage} {delivery.uid}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run_alone(self) -> None:
        """Run the next suspect with nothing else in this process, so that it cannot take a neighbour along."""
        self._is_alone = True
        try:
            while self._running:
                await asyncio.wait(self._running)
            suspect = self._suspects.popleft()
            if await self._link.insist(lambda: self._link.start(self._stage, self.name, suspect)):
                _log.info("runs alone, delivery %d", suspect.delivery_count, extra={"rollout_id": suspect.uid})
                self._start(suspect)
                await asyncio.wait(self._running)
            else:
                self._let_go(suspect)
        finally:
            self._is_alone = False

    async def _see_through(self, delivery: Delivery) -> None:
        handler = cast("StageHandler", self._handler)  # nothing is claimed before the stage is open
        try:
            await self._verifier.ready()  # a claim may have been under way when the engine died
            await handler.handle(delivery)
            self._done += 1
        except EngineDiedError as exc:
            _log.warning("given back: %s", exc, extra={"rollout_id": delivery.uid})
            await self._give_back([delivery.entry], engine_died=True)

    async def _letting_go(self, work: Coroutine[object, object, None], delivery: Delivery) -> None:
        """Let go of the delivery once `work` ended. After a cancellation it is still held: the drain gives it back."""
        try:
            await work
        except Exception:  # noqa: BLE001 nothing to mend here: the lapsing lease hands the rollout on, counted
            _log.exception("cannot end a delivery", extra={"rollout_id": delivery.uid})
        self._let_go(delivery)

    def _let_go(self, delivery: Delivery) -> None:
        self._held.pop(delivery.entry, None)
        self._freed.set()

    async def _bury(self, delivery: Delivery) -> None:
        reason = f"handed out {delivery.delivery_count - 1} times without an end"
        _log.error("dead letter: %s", reason, extra={"rollout_id": delivery.uid})
        reward = undecided_reward(delivery.work, Status.FAILED, reason)
        await self._link.insist(lambda: self._link.bury(self._stage, self.name, delivery, reward))

    async def _give_back(self, entries: list[str], *, engine_died: bool = False) -> None:
        link = self._link
        await link.insist(lambda: link.give_back(self._stage, self.name, entries, engine_died=engine_died))

    async def _drain(self) -> None:
        """Finish what runs within the grace time, and cut the rest short."""
        self._state = "draining"
        _log.info("%s drains %d rollouts", self.name, len(self._held))
        if self._running:
            await asyncio.wait(self._running, timeout=self._grace_s)
        await cancel_all(list(self._running))

    async def _depart(self) -> None:
        """Give back what is still held, and leave the list of workers."""
        left = list(self._held)
        try:
            async with asyncio.timeout(_AWAY_S):
                if left:
                    _log.info("%s gives %d rollouts back", self.name, len(left))
                    await self._give_back(left)
                await self._link.insist(lambda: self._link.depart(self._stage, self.name))
        except TimeoutError:
            _log.warning("left without giving %d rollouts back: the broker does not answer", len(left))

    def _about(self) -> WorkerInfo:
        return WorkerInfo(
            name=self.name,
            stage=self._stage,
            pid=os.getpid(),
            host=socket.gethostname(),
            state=self._state,
            held=len(self._held),
            done=self._done,
            about=self._verifier.describe(),
        )


def _version(config: TinyVConfig, model: str) -> str:
    """Name everything that a TinyV verdict depends on, so that a cached one never answers for another verifier."""
    same = msgspec.structs.replace(config, workers=0, setup=Setup.ADDON, weight=1.0, engine=EngineConfig())
    digest = hashlib.blake2b(msgspec.json.encode(same), digest_size=6).hexdigest()
    return f"{model}:{digest}"


async def _unless(stop: asyncio.Event, work: Coroutine[object, object, T], *, patience_s: float = 0.0) -> T | None:
    """Return what `work` returns, or None if `stop` came first and `work` did not end within `patience_s` of it."""
    task = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait((task,), timeout=patience_s)
        return task.result() if task.done() else None
    finally:
        await cancel_all((task, stopping))
