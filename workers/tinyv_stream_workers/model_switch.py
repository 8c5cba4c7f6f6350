"""Application of the pool's desired state by one worker: another model, asleep, awake.

- Nothing is lost: what is held is finished first, what arrives meanwhile goes back to the queue uncounted.
- A model that cannot be had or does not start is refused, which sets the one before it for every worker.
- While the pool is asleep a starting worker waits, and loads nothing.
- A broker that is away leaves things as they are; one that lost the desired state learns it from here.

How a model is changed is the verifier's; this file decides when.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from tinyv_stream.aio.cancel import cancel_all, unless
from tinyv_stream.broker.desired_state import NO_WAY_BACK, REFUSED, DesiredState, read_desired, record_applied, refuse
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.config import TinyVConfig
from tinyv_stream.errors import BrokerError, EngineStartError
from tinyv_stream_workers.verifier import Switchable

_log = logging.getLogger(__name__)

_LOOK_S: Final = 0.5
"""How late a change is noticed; one small script per worker each time."""


class DesiredStateFollower:
    """Applies the pool's desired state with one verifier.

    `pause` ends with nothing held that was begun, and nothing begun until `resume`, which is given a chance to notice
    that the verifier is another one.
    """

    def __init__(
        self,
        link: WorkerApi,
        worker: str,
        verifier: Switchable,
        config: TinyVConfig,
        *,
        pause: Callable[[], Awaitable[None]],
        resume: Callable[[], Awaitable[None]],
    ) -> None:
        self._link = link
        self._worker = worker
        self._verifier = verifier
        self._configured = config.model, config.revision
        self._pause = pause
        self._resume = resume
        self._desired = DesiredState()
        self._is_chosen = False
        self.state = ""
        """`fetching`, `switching`, `pausing`, `asleep` or `waking`; empty while it works."""

    def describe(self) -> dict[str, str]:
        """Say what was configured and which desired state is applied, for `status`."""
        return {"configured": self._configured[0], "desired": str(self._desired.number)}

    async def serve(self, stop: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
        """Open the verifier as desired, and apply further changes while `work` runs; return at once if `stop` comes.

        Raises EngineStartError, from a TaskGroup where it is a later change's.
        """
        await unless(stop, self._begin())
        if stop.is_set():
            return
        async with self._opened(), asyncio.TaskGroup() as both:
            following = both.create_task(self._run(), name="desired state")
            await work()
            await cancel_all([following])

    async def _begin(self) -> None:
        """Before the verifier is opened: wait while the pool sleeps, then see which model is desired."""
        desired = await self._link.retry(lambda: read_desired(self._link))
        while desired.asleep_s:
            self.state = "asleep"
            await asyncio.sleep(_LOOK_S)
            desired = await self._link.retry(lambda: read_desired(self._link))
        self.state, self._desired = "", desired
        self._is_chosen = bool(desired.model) and self._configured[0] in desired.over

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[None]:
        """Open the verifier for the length of a block; a state that nobody has run yet is proven by that, or refused.

        Raises EngineStartError.
        """
        try:
            if self._is_chosen:
                self._verifier.choose(self._desired.model, self._desired.revision)
            await self._verifier.__aenter__()
        except EngineStartError as exc:
            if self._is_chosen:
                await self._refuse(self._desired, exc, only_new=True)
            raise
        try:
            if self._is_chosen:
                await self._link.retry(lambda: record_applied(self._link, self._desired))
            yield
        finally:
            await self._verifier.__aexit__(None, None, None)

    async def _run(self) -> None:
        """Apply changes until cancelled. Raises EngineStartError where there is no model left to go back to."""
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                desired = await read_desired(self._link)
                await self._follow(desired)
            except BrokerError as exc:
                _log.warning("cannot read the desired state: %s", exc)

    async def _follow(self, desired: DesiredState) -> None:
        if desired.number < self._desired.number:
            await record_applied(self._link, self._desired)
        elif desired.asleep_s:
            if self.state != "asleep":
                await self._sleep()
        elif self.state == "asleep":
            await self._wake()
        elif desired.number != self._desired.number:
            await self._switch(desired)

    async def _sleep(self) -> None:
        _log.info("%s falls asleep", self._worker)
        self.state = "pausing"
        await self._pause()
        await self._verifier.sleep()
        self.state = "asleep"

    async def _wake(self) -> None:
        _log.info("%s wakes", self._worker)
        self.state = "waking"
        await self._verifier.wake()
        await self._resume()
        self.state = ""

    async def _switch(self, desired: DesiredState) -> None:
        model, revision = (desired.model, desired.revision) if desired.is_for(self._configured[0]) else self._configured
        try:
            self.state = "fetching"
            is_other = await self._fetch(desired, model, revision)
            if is_other is None:
                self.state = ""
                return
            if is_other:
                await self._swap(model)
        except EngineStartError as exc:
            self.state = ""
            if await self._refuse(desired, exc) == NO_WAY_BACK:
                raise
            return
        self._desired, self.state = desired, ""
        await self._link.retry(lambda: record_applied(self._link, desired))

    async def _fetch(self, desired: DesiredState, model: str, revision: str) -> bool | None:
        """Bring a model here; False if it is the present one, None if `desired` was overtaken meanwhile.

        Then what is there of it is kept. Raises EngineStartError if there is no such model.
        """
        fetching = asyncio.create_task(self._verifier.fetch(model, revision), name="fetching")
        try:
            while not fetching.done():
                await asyncio.wait({fetching}, timeout=_LOOK_S)
                now = await self._link.retry(lambda: read_desired(self._link))
                if now.number != desired.number or now.asleep_s:
                    _log.info("%s leaves %s: the desired state changed", self._worker, model)
                    return None
            return fetching.result()
        finally:
            await cancel_all([fetching])

    async def _swap(self, model: str) -> None:
        _log.info("%s goes over to %s", self._worker, model)
        self.state = "switching"
        await self._pause()
        try:
            await self._verifier.switch()
        except EngineStartError:
            await self._resume()  # the model before is up again, or given up, which claiming will find out
            raise
        await self._resume()

    async def _refuse(self, desired: DesiredState, fault: EngineStartError, *, only_new: bool = False) -> int:
        reason = f"{fault.reason}; {fault.remedy}"
        answer = await self._link.retry(
            lambda: refuse(self._link, desired.number, self._worker, reason, only_new=only_new)
        )
        if answer == REFUSED:
            _log.error("%s is refused, everyone goes back: %s", desired.model or "the configured model", reason)
        return answer
