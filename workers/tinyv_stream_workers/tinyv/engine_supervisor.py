"""Engine supervisor: one engine, started, watched, and started again in place when it dies or freezes.

- While it is down, `read` raises EngineDiedError at once and `ready` waits.
- A frozen engine (stopped process, hung device) gives no error of its own: a sign of life that does not come
  within `watchdog_s`, or fails in any way, counts as death, and every read in flight raises EngineDiedError.
- A restart that fails, whatever the error, is tried again with growing pauses; after `_MOST_RESTARTS` in a row `ready`
  raises, and the program may end: its pool starts a new process.
- Nothing is retried here: the worker gives its work back to the broker.
- `swap`, `sleep` and `wake` are for the time when nothing is being read; an engine that sleeps is not watched.
"""

import asyncio
import logging
from types import TracebackType
from typing import Final, Self

from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.errors import EngineDiedError, EngineStartError
from tinyv_stream.verifiers.tinyv.read_out import Reading
from tinyv_stream_workers.tinyv.engines.api import Engine

_log: Final = logging.getLogger(__name__)

_MOST_RESTARTS: Final = 5
"""With pauses of 1, 2, 4, 8 s between them: longer than a driver reset, shorter than a lost afternoon."""


class EngineSupervisor:
    """Owns `engine` from `__aenter__` to `__aexit__`; `watchdog_s` is longer than any one step of it."""

    def __init__(self, engine: Engine, *, watchdog_s: float, beat_every_s: float = 5.0) -> None:
        self.engine = engine
        self._watchdog_s = watchdog_s
        self._beat_every_s = beat_every_s
        self._died = asyncio.Event()
        self._settled = asyncio.Event()
        self._failure: EngineStartError | None = None
        self.state = "new"
        self.restarts = 0

    async def __aenter__(self) -> Self:
        """Start the engine; raise EngineStartError if it does not."""
        self.state = "starting"
        await self.engine.start()
        self._up()
        self._watch_on()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Stop watching, then stop the engine, by force if need be."""
        self.state = "closed"
        self._died.set()
        self._task.cancel()
        await asyncio.wait([self._task])
        await self.engine.stop()

    async def ready(self) -> None:
        """Return once the engine takes prompts; raise EngineStartError once it was given up."""
        await self._settled.wait()
        if self._failure is not None:
            raise self._failure

    async def swap(self, engine: Engine) -> None:
        """Stop the present engine and serve `engine` in its place.

        Raises EngineStartError if it does not start: then the present one is up again, or given up (`ready` raises).
        A cancellation leaves no engine running.
        """
        await self._watch_off("switching")
        await self.engine.stop()
        try:
            await engine.start()
        except EngineStartError:
            await engine.stop()
            await self._recover()
            raise
        self.engine = engine
        self._up()
        self._watch_on()

    async def sleep(self) -> None:
        """Let the engine free what it can; `wake`, or the end, follows."""
        await self._watch_off("asleep")
        try:
            await self.engine.sleep()
        except EngineDiedError as exc:
            _log.warning("engine died before it could sleep: %s", exc)
            self.engine.kill()
            await self.engine.stop()

    async def wake(self) -> None:
        """Let the engine take reads again, by a restart if it must; raise EngineStartError once it was given up."""
        self.state = "waking"
        try:
            await self.engine.wake()
        except (EngineDiedError, EngineStartError) as exc:
            _log.error("engine does not wake: %s", exc)
            await self._recover()
        else:
            self._up()
            self._watch_on()

    async def read(self, prompt: str, *, priority: int = 0, fresh: bool = False) -> Reading:
        """Return the engine's reading; raise EngineDiedError where it is down, dies, or freezes meanwhile."""
        if self.state != "ready":
            raise EngineDiedError(f"the engine is {self.state}")
        died = self._died
        reading = asyncio.ensure_future(self.engine.read(prompt, priority=priority, fresh=fresh))
        froze = asyncio.ensure_future(died.wait())
        try:
            await asyncio.wait({reading, froze}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                return reading.result()
        except EngineDiedError:
            died.set()  # of this life: a late reader must not end the next one
            raise
        finally:
            froze.cancel()
            reading.cancel()
        raise EngineDiedError("the engine froze")

    def _watch_on(self, *, is_down: bool = False) -> None:
        self._task = asyncio.create_task(self._keep(is_down=is_down), name="tinyv engine supervisor")
        self._task.add_done_callback(self._on_end)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """Give the engine up where its keeping failed: nobody would see it die."""
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            _log.error("the engine is no longer watched", exc_info=fault)
            self._give_up(_start_error(fault))

    async def _watch_off(self, state: str) -> None:
        """Leave the engine to the caller; whoever asks meanwhile waits, and a read raises."""
        self.state = state
        self._settled.clear()
        await cancel_all([self._task])

    async def _recover(self) -> None:
        """Start the present engine as after a death; raise EngineStartError once it was given up."""
        self._watch_on(is_down=True)
        await self.ready()

    async def _keep(self, *, is_down: bool) -> None:
        while True:
            if not is_down:
                await self._watch()
            is_down = False
            self.state = "restarting"
            self._settled.clear()
            self._died.set()
            await self._restart()

    async def _watch(self) -> None:
        """Return when the engine is dead or frozen."""
        while not self._died.is_set():
            try:
                async with asyncio.timeout(self._beat_every_s):
                    await self._died.wait()
            except TimeoutError:
                pass
            try:
                async with asyncio.timeout(self._watchdog_s):
                    await self.engine.beat()
            except TimeoutError:
                _log.error("engine gave no sign of life for %.0f s: it counts as frozen", self._watchdog_s)
                return
            except EngineDiedError as exc:
                _log.error("engine died: %s", exc)  # a death is an event here, not a bug to trace
                return
            except Exception:  # noqa: BLE001 (whatever it is, no sign of life came, and the watch goes on)
                _log.exception("engine was asked for a sign of life and failed: it counts as dead")
                return

    async def _restart(self) -> None:
        failure: EngineStartError | None = None
        for attempt in range(_MOST_RESTARTS):
            try:
                self.engine.kill()
                await self.engine.stop()
                await self.engine.start()
            except Exception as exc:  # noqa: BLE001 (whatever it is, the engine is not up: a failed attempt)
                failure = _start_error(exc)
                trace = None if failure is exc else exc
                _log.error("engine restart %d of %d failed: %s", attempt + 1, _MOST_RESTARTS, failure, exc_info=trace)
                await asyncio.sleep(2**attempt)
            else:
                self.restarts += 1
                self._up()
                _log.warning("engine is up again (restart %d)", self.restarts)
                return
        self._give_up(failure)
        await asyncio.Event().wait()  # nothing more to keep; cancelled by __aexit__

    def _up(self) -> None:
        self._failure = None
        self._died = asyncio.Event()
        self.state = "ready"
        self._settled.set()

    def _give_up(self, failure: EngineStartError | None) -> None:
        self._failure = failure
        self._died.set()
        self.state = "failed"
        self._settled.set()


def _start_error(exc: BaseException) -> EngineStartError:
    """Return `exc` as `ready` raises it."""
    if isinstance(exc, EngineStartError):
        return exc
    failure = EngineStartError(f"{type(exc).__name__}: {exc}", "the log says where it came from")
    failure.__cause__ = exc
    return failure
