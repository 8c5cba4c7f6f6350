"""The board as one object: opened, run, closed. It installs no signal handlers."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from tinyv_stream.board.figures import CONTENT_TYPE
from tinyv_stream.board.guard import guard_of, login_of
from tinyv_stream.board.index import Index
from tinyv_stream.board.pages import HERE, Pages
from tinyv_stream.board.settings import BoardConfig, check
from tinyv_stream.board.watch import Watch
from tinyv_stream.errors import InvalidInputError

_QUIET_S: Final = 10.0
"""A comment goes out after this long without news: a proxy, and the page, learn that the line is alive."""
_STALLED_S: Final = 10.0
"""A reader that takes nothing for this long is let go."""
_POST_BYTES: Final = 4096


class Board:
    """Pages over one directory of runs and one pool.

    Raises, on entering, InvalidInputError for an address it cannot have.
    """

    def __init__(self, config: BoardConfig) -> None:
        self.config = check(config)
        self._stack = AsyncExitStack()
        self._port = config.port
        self._stopping = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Open the index, and listen."""
        async with AsyncExitStack() as stack:
            index = Index(Path(self.config.runs))
            watch = await stack.enter_async_context(Watch(self.config, index))
            runner = web.AppRunner(self._application(index, watch), access_log=None, handler_cancellation=True)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            stack.callback(self._stopping.set)
            site = web.TCPSite(runner, self.config.host, self.config.port)
            try:
                await site.start()
            except OSError as exc:
                raise InvalidInputError("--listen", self.url, f"choose another address ({exc.strerror})") from exc
            self._port = next((address[1] for address in runner.addresses), self.config.port)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Stop listening, then stop reading."""
        await self._stack.aclose()

    @property
    def url(self) -> str:
        """Where it answers, with the port it really has."""
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        return f"http://{host}:{self._port}"

    def _application(self, index: Index, watch: Watch) -> web.Application:
        app = web.Application(middlewares=[guard_of(self.config)], client_max_size=_POST_BYTES)
        app.add_routes(Pages(index, watch).table())

        async def events(request: web.Request) -> web.StreamResponse:
            return await self._events(request, watch)

        async def metrics(_: web.Request) -> web.Response:
            return web.Response(body=watch.figures.text(), headers={"Content-Type": CONTENT_TYPE})

        async def healthz(_: web.Request) -> web.Response:
            return web.Response(text="ok\n")

        app.add_routes(
            [
                web.get("/events", events),
                web.get("/metrics", metrics),
                web.get("/healthz", healthz),
                web.get("/login", login_of(self.config)),
                web.static("/static", HERE / "static"),
            ]
        )
        return app

    async def _events(self, request: web.Request, watch: Watch) -> web.StreamResponse:
        """Stream frames: one when something changed, a comment when nothing did."""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        try:
            while not self._stopping.is_set():
                changed, frame = watch.changed, watch.frame
                async with asyncio.timeout(_STALLED_S):
                    await response.write(b"data: " + frame + b"\n\n")
                while not await _is_changed(changed, self._stopping):
                    async with asyncio.timeout(_STALLED_S):
                        await response.write(b": quiet\n\n")
        except (ConnectionError, TimeoutError):
            pass  # the reader is gone; there is nobody to tell
        return response


async def _is_changed(changed: asyncio.Event, stopping: asyncio.Event) -> bool:
    """Wait for either; False after `_QUIET_S`."""
    waits = [asyncio.ensure_future(event.wait()) for event in (changed, stopping)]
    try:
        done, _ = await asyncio.wait(waits, timeout=_QUIET_S, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()
