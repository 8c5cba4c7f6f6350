"""`up --metrics HOST:PORT`: the pool's metrics without a gateway."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import typer

from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.cli.gateway import address
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError, InvalidInputError

if TYPE_CHECKING:
    pass

_LOOK_S: Final = 5.0
CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@asynccontextmanager
async def metrics_beside(listen: str | None, url: str, pool: str) -> AsyncGenerator[None]:
    """Answer `GET /metrics` for the length of the block; without `listen` nothing.

    Raises InvalidInputError for an address it cannot have, BrokerError if the broker cannot be used.
    """
    if listen is None:
        yield
        return
    from aiohttp import web

    from tinyv_stream.gateway.metrics import pool_text

    host, port = address(listen)
    async with OperatorApi(url, BrokerConfig(pool=pool)) as side:

        async def metrics(_: web.Request) -> web.Response:
            try:
                async with asyncio.timeout(_LOOK_S):
                    status = await side.status()
            except (BrokerError, TimeoutError):
                status = None  # `tinyv_pool_up 0` says so
            return web.Response(body=pool_text(status), headers={"Content-Type": CONTENT_TYPE})

        app = web.Application()
        app.router.add_get("/metrics", metrics)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as exc:
                raise InvalidInputError("--metrics", listen, f"choose another address ({exc.strerror})") from exc
            typer.echo(f"metrics of pool {pool} at http://{listen}/metrics")
            yield
        finally:
            await runner.cleanup()
