"""Watch that keeps the board up to date: it follows the segments, looks at the pool, finds kinds, and makes frames.

- Reading and indexing run in a thread of their own, kinds in a process of low priority: no page waits for either.
- A frame goes out when something changed, twice a second at most.
- A pool that does not answer leaves its last figures, marked as such.
"""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

import msgspec

from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.board import quality, queries
from tinyv_stream.board.figures import Figures
from tinyv_stream.board.index import Index
from tinyv_stream.board.ingest import Indexer, stored
from tinyv_stream.board.kinds import KindReply, KindRequest
from tinyv_stream.board.labels import Labels
from tinyv_stream.board.live import Live
from tinyv_stream.board.settings import BoardConfig
from tinyv_stream.board.step_traces import StepTraces
from tinyv_stream.board.steps import combined
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.remedies import explained
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError
from tinyv_stream.record import reading, segments

_log = logging.getLogger(__name__)

_TAIL_S: Final = 0.2
_FRAME_S: Final = 0.5
_LOOK_S: Final = 0.5
_KINDS_S: Final = 2.0
_COMPRESS_S: Final = 30.0
_FUNNEL_STEPS: Final = 30


class Watch:
    """Background work of a board; opened by `async with`. `pause` waits for so many seconds between two frames."""

    def __init__(
        self, config: BoardConfig, index: Index, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._pause = pause
        self._config, self._index = config, index
        self._live = Live()
        self._indexer = Indexer(index)
        self._labels = Labels(index.runs)
        self._stamp = (0, 0)
        self._turn = asyncio.Lock()
        """Held by whoever is at the indexer: it has one connection."""
        self._stack = AsyncExitStack()
        self.figures = Figures()
        self._traces = StepTraces(config.otlp) if config.otlp else None
        self.chosen: int | None = None
        """The run on the page, by its number in the index."""
        self.frame = b"{}"
        self.changed = asyncio.Event()

    @property
    def run(self) -> tuple[str, int]:
        """Name and try of the run on the page."""
        return self._live.names.get(self.chosen or 0, ("", 0))

    async def __aenter__(self) -> Self:
        """Read what is known, and start."""
        await asyncio.to_thread(self._warm)
        names = {"tail": self._tail(), "frames": self._frames(), "kinds": self._kinds()}
        if self._config.compress:
            names["compress"] = self._compress()
        if self._config.redis_url:
            names["look"] = self._look()
        tasks = [asyncio.get_running_loop().create_task(work, name=f"board {name}") for name, work in names.items()]
        for task in tasks:
            task.add_done_callback(_seen)
        self._stack.callback(self._indexer.close)
        if self._traces:
            self._stack.callback(self._traces.close)
        self._stack.push_async_callback(cancel_all, tasks)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Stop."""
        await self._stack.aclose()

    async def labelled(self) -> None:
        """Take in that a label was added."""
        async with self._turn:
            await asyncio.to_thread(self._mirror)

    def _mirror(self) -> None:
        self._stamp = self._labels.stamp()  # before it is read: what comes meanwhile is seen next time
        with contextlib.closing(self._index.connect()) as base:
            self._labels.mirror(base)

    def _warm(self) -> None:
        """Bring the newest steps of the newest try back, and the labels."""
        self._mirror()
        with self._index.reading() as base:
            self._name(base)
            newest = base.execute("select r from run order by try desc limit 1").fetchone()
            if newest is None:
                return
            self.chosen = newest["r"]
            rows = base.execute("select step, client from step where r = ? order by step desc limit 60", (self.chosen,))
            for row in reversed(rows.fetchall()):
                key = (newest["r"], row["step"], row["client"])
                if state := stored(base, key):
                    self._indexer.steps.put(key, state)

    def _name(self, base: object) -> None:
        import sqlite3

        if isinstance(base, sqlite3.Connection):
            self._live.names = {row["r"]: (row["run"], row["try"]) for row in queries.runs(base)}

    async def _tail(self) -> None:
        while True:
            async with self._turn:
                more = await asyncio.to_thread(self._follow)
            if not more:
                await asyncio.sleep(_TAIL_S)

    def _follow(self) -> bool:
        lines, more = self._indexer.take_in()
        if lines:
            newest = self._indexer.steps.newest
            self.chosen = self.chosen if newest is None else newest
            self._live.lines(lines)
            self.figures.lines(lines)
            if self._traces:
                self._traces.lines(lines)
        with self._index.reading() as base:
            if lines:
                self._name(base)
            if self.chosen is not None:
                self._live.funnel = queries.funnel(base, self.chosen, _FUNNEL_STEPS)
        if lines and self._traces:
            for r, (run, try_) in self._live.names.items():
                told = [combined(of_clients) for of_clients in self._indexer.steps.of_run(r).values()]
                self._traces.ended(run, try_, [one for one in told if one])
        return more

    async def _frames(self) -> None:
        last = b""
        while True:
            async with self._turn:
                shot = self._live.snapshot(self._indexer.steps, self.chosen)
            self.figures.steps(shot["run"], shot["steps"])
            body = msgspec.json.encode(shot)
            if body != last:
                last = self.frame = body
                told, self.changed = self.changed, asyncio.Event()
                told.set()
            await self._pause(_FRAME_S)

    async def _look(self) -> None:
        while True:
            try:
                async with OperatorApi(self._config.redis_url, BrokerConfig(pool=self._config.pool)) as side:
                    while True:
                        self._live.look(await side.status())
                        await asyncio.sleep(_LOOK_S)
            except BrokerError as exc:
                _log.warning("no look at the pool: %s", explained(exc))
                self._live.look(None)
                await asyncio.sleep(4 * _LOOK_S)

    async def _kinds(self) -> None:
        while True:
            await asyncio.sleep(_KINDS_S)
            if self._stamp != await asyncio.to_thread(self._labels.stamp):  # `audit` or another board wrote there
                await self.labelled()
            await asyncio.to_thread(self._alarms)
            wanted = await asyncio.to_thread(self._unclassified)
            if wanted:
                await self._classify(wanted)

    def _alarms(self) -> None:
        if self.chosen is None:
            return
        with self._index.reading() as base:
            self._live.growing = [msgspec.structs.asdict(one) for one in quality.growths(base, self.chosen)[:3]]
            wrong = quality.audit_alarm(base, self.chosen)
            self._live.wrong = None if wrong is None else msgspec.structs.asdict(wrong)

    def _unclassified(self) -> list[KindRequest]:
        asks: list[KindRequest] = []
        with self._index.reading() as base:
            for facts in queries.unclassified(base, 64):
                try:
                    line = queries.line_of(self._index.runs, facts)
                except queries.GoneError:
                    asks.append(KindRequest(facts["pair"], "", ""))
                else:
                    asks.append(KindRequest(facts["pair"], line.ground_truth, line.answer or ""))
        return asks

    async def _classify(self, asks: list[KindRequest]) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tinyv_stream.board.kinds",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            said, _ = await process.communicate(b"".join(msgspec.json.encode(ask) + b"\n" for ask in asks))
        finally:
            if process.returncode is None:
                process.kill()
                await _reaped(process)
        found = msgspec.json.Decoder(KindReply).decode_lines(said)
        if len(found) < len(asks):
            _log.warning("kinds of %d rescues could not be found", len(asks) - len(found))
            found += [KindReply(ask.pair, "not classified") for ask in asks[len(found) :]]
        async with self._turn:
            await asyncio.to_thread(self._keep, found)

    def _keep(self, found: list[KindReply]) -> None:
        with contextlib.closing(self._index.connect()) as base:
            base.executemany("insert or replace into kind values(?, ?)", [(one.pair, one.kind) for one in found])

    async def _compress(self) -> None:
        while True:
            await asyncio.sleep(_COMPRESS_S)
            for path in await asyncio.to_thread(segments.listed, self._index.runs):
                if path.exists() and segments.is_closed(path):
                    async with self._turn:
                        await asyncio.to_thread(reading.compress, path)


async def _reaped(process: asyncio.subprocess.Process) -> None:
    """Wait until a killed process is gone and its pipes are closed, however often the waiting is cancelled."""
    reaping = asyncio.ensure_future(process.communicate())
    while not reaping.done():
        with contextlib.suppress(asyncio.CancelledError):  # `cancel_all` asks again, and a kill is not waited for long
            await asyncio.wait([reaping])


def _seen(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("%s failed: %r", task.get_name(), error)
