"""The worker's loop: claim, verify, finish. Both stages run it with another verifier.

- What is in flight, how much that may be, what is quarantined or dead: `inflight` decides, `delivery_tasks` acts.
- What is in flight is renewed until it is finished or given back.
- On stop it claims no more, finishes within the grace time, and gives back what it cannot finish.
- A failing engine costs no delivery: its work goes back uncounted the first time, and nothing is claimed until it is
  up again.
- While its model is changed or asleep (`model_switch`) it begins nothing; what arrives meanwhile goes back uncounted.
- On a host that is to be drained it does not begin, or drains (`host_follower`).
"""

import asyncio
import logging
import os
import time
import uuid
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from tinyv_stream.aio.cancel import cancel_all, unless
from tinyv_stream.aio.recent_rate import RecentRate
from tinyv_stream.broker.operator import WorkerInfo
from tinyv_stream.broker.settings import Agreed
from tinyv_stream.broker.sharded import Shards
from tinyv_stream.broker.worker import Delivery, PoolWord, WorkerApi
from tinyv_stream.config import Config
from tinyv_stream.errors import EngineDiedError
from tinyv_stream.types import Stage
from tinyv_stream_workers.delivery_tasks import DeliveryTasks
from tinyv_stream_workers.host_follower import HOST, HostFollower
from tinyv_stream_workers.housekeeping import Housekeeping
from tinyv_stream_workers.inflight import InFlight
from tinyv_stream_workers.leases import LeaseRenewer
from tinyv_stream_workers.model_switch import DesiredStateFollower
from tinyv_stream_workers.settings_follower import SettingsFollower
from tinyv_stream_workers.stages import CurrentStage, expired_reward
from tinyv_stream_workers.verifier import Switchable, Verifier
from tinyv_stream_workers.write_batcher import WriteBatcher

_log = logging.getLogger(__name__)

GRACE_S: Final = 15.0
"""How long a stopping worker may finish what it holds: with the rest of the way out, under the 30 s of a scheduler."""
_AWAY_S: Final = 3.0
"""How long a stopping worker waits for a broker that does not answer."""


def _release() -> str:
    try:
        return version("tinyv-stream")
    except PackageNotFoundError:
        return "of a checkout"


_RELEASE: Final = _release()
"""Read once: an upgrade may replace the files under a live process."""


class Worker:
    """One consumer of one stage; `run` it once. It opens its verifier, and is seen in `status` while that starts."""

    _deliveries: DeliveryTasks
    """Since `run` began, as are the links in it."""

    def __init__(
        self,
        url: str,
        config: Config,
        verifier: Verifier,
        *,
        grace_s: float = GRACE_S,
        agreed: Agreed | None = None,
    ) -> None:
        self._url = url
        self._config = config
        self._verifier = verifier
        self._stage: Stage = verifier.stage
        self._grace_s = grace_s
        self._inflight = InFlight(config.broker)
        self.name = f"{self._stage}-{HOST}-{os.getpid()}-{uuid.uuid4().hex[:4]}"
        self.follower = SettingsFollower(agreed, self._stage) if agreed else None
        """None where nothing was agreed: a worker of a program's own."""
        self.host = HostFollower()
        self._current: CurrentStage | None = None
        """Unset until it was opened for the first time."""
        self._open = asyncio.Event()
        """Set while work may begin."""
        self._desired: DesiredStateFollower | None = None
        self._state = "new"
        self._done = 0
        self.beat_at: float | None = None
        """When the broker last took a heartbeat, by `time.monotonic`."""
        self._done_per_s = RecentRate()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then drain. A cancellation leaves what is in flight to be reclaimed."""
        async with Shards(WorkerApi, self._url, self._config.broker) as links, asyncio.TaskGroup() as helpers:
            self._deliveries = DeliveryTasks(
                links, self._stage, self.name, self._inflight, handle=self._handle, slots=lambda: self._verifier.slots
            )
            for link in links:
                link.settings_version = self.follower.agreed.version if self.follower else 0
            broker = self._deliveries.broker
            batcher = WriteBatcher(links, self._stage)
            current = CurrentStage(batcher, self._config, self._verifier, links, broker.announce)
            housekeeping = [self._housekeeping(link, stop) for link in links]
            loops = [helpers.create_task(c.run(), name=type(c).__name__) for c in (batcher, *housekeeping)]
            try:
                # Seen before it works: whoever changes the settings meanwhile waits for it.
                await links[0].retry(housekeeping[0].beat)
                await self.host.begin(stop)
                if not stop.is_set() and not (self.follower and self.follower.outdated.is_set()):
                    self._state = "starting"
                    await self._serve(stop, current)
            finally:
                await cancel_all(loops)
                await self._deliveries.cancel()
            await broker.depart(self._inflight.deliveries(), host=HOST, patience_s=_AWAY_S)

    @property
    def is_starting(self) -> bool:
        """It holds nothing yet and loads its verifier, so it may be killed without a loss."""
        return self._current is None and not self.host.is_waiting

    def _housekeeping(self, link: WorkerApi, stop: asyncio.Event) -> Housekeeping:
        def may_take_over() -> bool:
            return self._open.is_set() and not stop.is_set()

        async def on_word(word: PoolWord) -> None:
            self.beat_at = time.monotonic()
            if link.keys.shard != 0 or stop.is_set():  # what holds for the whole pool is kept in the first shard
                return
            self.host.note(is_draining=word.is_draining)
            if self.follower and not self.host.leaving.is_set():  # on its way out it takes no turn to restart
                await self.follower.note(link, word.version, word.tag, state=self.state)

        return Housekeeping(
            link,
            self._stage,
            self.name,
            take_over=lambda cursor: self._deliveries.take_over(link, cursor, may_take_over),
            expire=lambda work: expired_reward(work, self._config.fallback),
            about=self._about,
            on_word=on_word,
        )

    async def _serve(self, stop: asyncio.Event, current: CurrentStage) -> None:
        """Work with the verifier; where it can change, with the one of the pool's desired state."""
        if not isinstance(self._verifier, Switchable):
            async with self._verifier:
                await self._work(stop, current)
            return
        self._desired = DesiredStateFollower(
            self._deliveries.broker.links[0],  # the desired state is kept in the first shard
            self.name,
            self._verifier,
            self._config.tinyv,
            pause=self._pause,
            resume=partial(self._resume, current),
        )
        await self._desired.serve(stop, lambda: self._work(stop, current))

    async def _pause(self) -> None:
        """Begin nothing more, and finish what was begun."""
        self._open.clear()
        await self._deliveries.wait_idle()

    async def _resume(self, current: CurrentStage) -> None:
        """Begin work with the verifier as it is now."""
        await current.open()
        self._current = current
        self._open.set()

    async def _work(self, stop: asyncio.Event, current: CurrentStage) -> None:
        await self._resume(current)
        broker, links = self._config.broker, self._deliveries.broker.links
        with LeaseRenewer(self._url, broker, self._stage, self.name, self._inflight.leases, shards=len(links)):
            self._state = "ready"
            _log.info("%s is ready", self.name)
            claiming = [asyncio.create_task(self._claim_until(stop, link), name="claims") for link in links]
            try:
                await asyncio.gather(*claiming)
            finally:
                await cancel_all(claiming)
            self._state = "draining"
            _log.info("%s drains %d rollouts", self.name, len(self._inflight))
            await self._deliveries.drain(self._grace_s)

    async def _claim_until(self, stop: asyncio.Event, link: WorkerApi) -> None:
        """Claim from one shard; those of a pool share this worker's slots."""
        deliveries = self._deliveries
        while not stop.is_set():
            if not self._open.is_set():
                await unless(stop, self._open.wait())
            await unless(stop, self._verifier.ready())
            if not self._open.is_set():
                continue
            if self._inflight.is_isolated:
                await unless(stop, deliveries.end_of_isolation())
            elif self._inflight.has_quarantined:
                await unless(stop, deliveries.run_quarantined())
            elif not self._inflight.is_worth_a_claim(self._verifier.slots):
                deliveries.freed.clear()
                await unless(stop, deliveries.freed.wait())
            else:
                await unless(stop, deliveries.broker.claim(link), patience_s=_AWAY_S)

    async def _handle(self, delivery: Delivery) -> None:
        """See one delivery through with the verifier as it is now."""
        if self._current is None or not self._open.is_set():  # a claim was under way when the pause began
            await self._deliveries.broker.give_back([delivery])
            return
        try:
            await self._verifier.ready()  # a claim may have been under way when the engine died
            await self._current.handle(delivery)
            self._done += 1
        except EngineDiedError as exc:
            _log.warning("given back: %s", exc, extra={"rollout_id": delivery.uid})
            await self._deliveries.broker.give_back([delivery], engine_died=True)

    @property
    def state(self) -> str:
        """What it does, as `status` shows it."""
        if self.host.is_waiting:
            return "drained"
        if self._state == "draining" or not self._desired:
            return self._state
        return self._desired.state or self._state

    def _about(self) -> WorkerInfo:
        desired = self._desired
        return WorkerInfo(
            name=self.name,
            stage=self._stage,
            pid=os.getpid(),
            host=HOST,
            state=self.state,
            held=len(self._inflight),
            done=self._done,
            done_per_s=round(self._done_per_s.read(self._done, time.monotonic()) or 0.0, 2),
            slots=self._verifier.slots if self._current else 0,
            about=self._verifier.describe() | (desired.describe() if desired else {}) | self._version(),
        )

    def _version(self) -> dict[str, str]:
        """Say which release works here, and by which version of the pool's settings."""
        agreed = {"settings_version": str(self.follower.agreed.version)} if self.follower else {}
        return {"release": _RELEASE} | agreed
