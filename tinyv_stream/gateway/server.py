"""Gateway server as one object: opened, run, closed.

- With a state file whose disk takes no more it answers 503 from its start on, until there is room.
- Stopping lets requests finish within `grace_s`; streams end after what there is, and new posts are refused.
- It installs no signal handlers.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.client.calls import Calls
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.gateway.edge import Edge, EdgeSite, http_log
from tinyv_stream.gateway.journal import StateError
from tinyv_stream.gateway.metrics import Metrics
from tinyv_stream.gateway.middleware import Middlewares
from tinyv_stream.gateway.routes import Routes
from tinyv_stream.gateway.schemas import BODY_S
from tinyv_stream.gateway.service import GatewayService
from tinyv_stream.gateway.settings import GatewayConfig, check
from tinyv_stream.gateway.streaming import stream_rewards

_log = logging.getLogger(__name__)

_BACKLOG: Final = 2048
"""Connections that may wait to be accepted: a trainer opens a thousand at once."""


class Gateway:
    """HTTP over one pool. Raises, on entering, BrokerError, and InvalidInputError for an address it cannot have."""

    def __init__(self, config: GatewayConfig) -> None:
        self.config = check(config)
        self._stopping = asyncio.Event()
        self._stack = AsyncExitStack()
        self._port = config.port
        self.edge: Edge | None = None
        """Set once it listens."""

    async def __aenter__(self) -> Self:
        """Connect to the pool, and listen."""
        async with AsyncExitStack() as stack:
            service = GatewayService(self.config, Metrics())
            try:
                await stack.enter_async_context(service)
            except StateError:
                stack.push_async_exit(service)
                opening = asyncio.create_task(self._open_later(service), name="open the state file")
                stack.push_async_callback(cancel_all, [opening])
            guards = Middlewares(self.config, service, self._stopping)
            runner = web.AppRunner(
                self._application(service, guards),
                handler_cancellation=True,  # a trainer that hangs up withdraws its rollouts
                shutdown_timeout=self.config.grace_s,
                access_log=None,
                logger=http_log(),
            )
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = EdgeSite(runner, self.config, backlog=_BACKLOG)
            self.edge = guards.edge = site.edge
            try:
                await site.start()
            except OSError as exc:
                raise InvalidInputError("--listen", self.url, f"choose another address ({exc.strerror})") from exc
            self._port = next((address[1] for address in runner.addresses), self.config.port)
            stack.callback(self._stopping.set)
            self._stack = stack.pop_all()
        _log.info("gateway answers at %s", self.url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Finish what is under way, then leave the pool."""
        await self._stack.aclose()

    @property
    def url(self) -> str:
        """Where it answers, with the port it really has."""
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        return f"http://{host}:{self._port}"

    async def _open_later(self, service: GatewayService) -> None:
        """Open the service once its state file can be opened; what then cannot be used is said, and tried again."""

        async def enter() -> None:
            await service.__aenter__()

        await Calls().make("open the gateway's state file", enter, where="the state file")

    def _application(self, service: GatewayService, guards: Middlewares) -> web.Application:
        app = web.Application(client_max_size=self.config.max_body_bytes, middlewares=guards.all())
        app[BODY_S] = self.config.body_s
        app.add_routes(Routes(service, self._stopping).table())

        async def rewards(request: web.Request) -> web.StreamResponse:
            return await stream_rewards(request, service, self._stopping)

        app.router.add_get("/v1/rewards", rewards)
        return app
