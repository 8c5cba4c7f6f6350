"""A real Prometheus for tests: it scrapes what it is given, and answers queries."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tinyv_stream.gateway.metrics import CONTENT_TYPE
from tinyv_stream.testing import wait_until

Answer = Callable[[str], Awaitable[list[object]]]
Text = Callable[[], Awaitable[bytes]]


@contextlib.asynccontextmanager
async def serving(*texts: Text) -> AsyncGenerator[list[int]]:
    """Serve each text at /metrics of a port of its own; yield the ports."""
    async with contextlib.AsyncExitStack() as stack:
        ports: list[int] = []
        for text in texts:

            async def metrics(_: web.Request, text: Text = text) -> web.Response:
                return web.Response(body=await text(), headers={"Content-Type": CONTENT_TYPE})

            app = web.Application()
            app.router.add_get("/metrics", metrics)
            runner = web.AppRunner(app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            ports.append(runner.addresses[0][1])
        yield ports


@contextlib.asynccontextmanager
async def prometheus(directory: Path, ports: Sequence[int], rules: Path) -> AsyncGenerator[tuple[Answer, str]]:
    """Run Prometheus over these ports until each was scraped; yield a way to ask it, and its URL."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("apt-get install prometheus")
    config = directory / "prometheus.yml"
    targets = ", ".join(f"'127.0.0.1:{port}'" for port in ports)
    job = f"{{job_name: pool, scrape_interval: 1s, static_configs: [{{targets: [{targets}]}}]}}"
    config.write_text(f"rule_files: [{rules}]\nscrape_configs: [{job}]\n")
    free = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    own = free.sockets[0].getsockname()[1]
    free.close()
    url = f"http://127.0.0.1:{own}"
    process = await asyncio.create_subprocess_exec(
        program, f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{own}", stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as http:

            async def answer(query: str) -> list[object]:
                async with http.get(f"{url}/api/v1/query", params={"query": query}) as said:
                    found = await said.json()
                assert found["status"] == "success", (query, found)
                return found["data"]["result"]

            async def is_scraped() -> bool:
                try:
                    return len(await answer("up == 1")) == len(ports)
                except aiohttp.ClientError:
                    return False

            await wait_until(is_scraped, 60, "Prometheus has scraped all")
            yield answer, url
    finally:
        process.terminate()
        await process.wait()
