"""A gateway over a real server and real workers with scripted verifiers, and an HTTP client for it."""

import asyncio
import contextlib
import functools
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from scripted_verifier import ScriptedVerifier
from tinyv_stream_workers.worker import Worker

from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.gateway import Gateway, GatewayConfig
from tinyv_stream.testing import wait_until

TOKEN = "secret-for-tests"


def rollout(text: str, n: int = 0, **more: object) -> dict[str, Any]:
    """A rollout whose completion tells the scripted verifiers what to find."""
    fields = {"question": f"q{n}", "completion": text, "ground_truth": "1", "rollout_id": f"r{n}"}
    return fields | more


@contextlib.asynccontextmanager
async def workers(url: str, pool: str, *verifiers: ScriptedVerifier) -> AsyncIterator[None]:
    """Run real workers in this loop; by default one of each stage."""
    stop = asyncio.Event()
    config = Config(broker=BrokerConfig(pool=pool, lease_s=1.0))
    async with asyncio.TaskGroup() as tasks:
        for verifier in verifiers or (ScriptedVerifier("rule"), ScriptedVerifier("tinyv")):
            tasks.create_task(Worker(url, config, verifier, grace_s=5.0).run(stop))
        try:
            yield
        finally:
            stop.set()


class Http:
    """Requests to one gateway, with its token."""

    def __init__(self, session: aiohttp.ClientSession, gateway: Gateway) -> None:
        self.session = session
        self.gateway = gateway

    async def post(self, path: str, body: object) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        async with self.session.post(self.gateway.url + path, data=data) as got:
            return got.status, msgspec.json.decode(await got.read())

    async def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        async with self.session.get(self.gateway.url + path, headers=headers) as got:
            return got.status, await got.read()

    async def lines(self, path: str) -> list[dict[str, Any]]:
        status, body = await self.get(path)
        assert status == 200, body
        return [msgspec.json.decode(line) for line in body.splitlines() if line]

    async def take(self, path: str, most: int) -> list[dict[str, Any]]:
        """Read `most` rewards of a stream, then hang up."""
        async with self.session.get(self.gateway.url + path) as got:
            return await _read(got, most)

    @contextlib.asynccontextmanager
    async def listening(self, client: str) -> AsyncIterator[Callable[[int], Awaitable[list[dict[str, Any]]]]]:
        """Be `client`'s reader once there is room for it, and give what reads so many rewards.

        Who listens cannot be forgotten between a post and its reward, however slowly this machine goes.
        """
        async with contextlib.AsyncExitStack() as stack:
            streams: list[aiohttp.ClientResponse] = []

            async def is_open() -> bool:
                got = await self.session.get(f"{self.gateway.url}/v1/rewards?client={client}")
                stack.callback(got.close)
                streams.append(got)
                return got.status == 200

            await wait_until(is_open, 30, f"room for {client}")
            yield functools.partial(_read, streams[-1])


async def _read(got: aiohttp.ClientResponse, most: int) -> list[dict[str, Any]]:
    taken: list[dict[str, Any]] = []
    async for line in got.content:
        if line.strip():
            taken.append(msgspec.json.decode(line))
        if len(taken) >= most:
            break
    return taken


@contextlib.asynccontextmanager
async def gateway(url: str, pool: str, **more: object) -> AsyncIterator[Http]:
    """Run a gateway and give requests to it."""
    config = GatewayConfig(**{"redis_url": url, "pool": pool, "port": 0, "token": TOKEN, "grace_s": 5.0} | more)  # type: ignore[arg-type]
    async with (
        Gateway(config) as running,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session,
    ):
        yield Http(session, running)


def values(rewards: Sequence[dict[str, Any]]) -> list[float | None]:
    return [reward["value"] for reward in rewards]


@contextlib.contextmanager
def small_disk(at: Path) -> Iterator[Path]:
    """A file system of one megabyte at `at`; skips the test where this user may not mount one."""
    at.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(at)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def fill(disk: Path) -> None:
    """Take all room of a small disk."""
    with contextlib.suppress(OSError), (disk / "filling").open("wb", buffering=0) as file:
        while file.write(b"x" * 512):
            pass
