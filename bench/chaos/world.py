"""The processes of a chaos run: a server, two proxies, workers that come back when they die, one client.

Everything is a real program; the children die with this process. The client and the workers reach the server through
proxies of their own, the run itself reaches it directly.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec

from bench.chaos.client import AWAY, ClientTask
from bench.chaos.proxy import Proxy
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, RuleConfig, TinyVConfig
from tinyv_stream.embedded_server.server import EmbeddedServer
from tinyv_stream.processes.child import Child
from tinyv_stream.types import STAGES, Stage

LEASE_S: Final = 2.0
CONFIG: Final = Config(
    broker=BrokerConfig(pool="chaos", lease_s=LEASE_S, max_outstanding=2_000),
    rule=RuleConfig(workers=2, slots=32),
    tinyv=TinyVConfig(workers=2, engine=EngineConfig(kind="scripted")),
)
_BACK_S: Final = 0.3
"""How long a dead program stays dead: short, because a run is."""


class World:
    """All processes of one run, while it is open. `directory` keeps logs, data and the client's journal."""

    def __init__(self, directory: Path, task: ClientTask, *, shards: int) -> None:
        self.directory = directory
        self.task = task
        self._config = msgspec.structs.replace(CONFIG, broker=msgspec.structs.replace(CONFIG.broker, shards=shards))
        self.server = EmbeddedServer(directory / "server", tcp=True, maxmemory_mb=256)
        self.workers: list[tuple[Stage, Child]] = []
        self.client = Child([sys.executable, "-m", "bench.chaos.client"], log=directory / "client.log")
        self.client_exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.restarts = {"client": -1, "worker": -CONFIG.rule.workers - CONFIG.tinyv.workers}
        self._tasks: list[asyncio.Task[None]] = []
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start everything but the client."""
        await self._open.enter_async_context(self.server)
        where = urlsplit(self.server.url)
        port = where.port or 0
        self.client_net, self.worker_net = [
            await self._open.enter_async_context(Proxy("127.0.0.1", port)) for _ in range(2)
        ]
        self.operator = OperatorApi(self.server.url, self._config.broker)
        await self._open.enter_async_context(self.operator)
        counts: dict[Stage, int] = {"rule": CONFIG.rule.workers, "tinyv": CONFIG.tinyv.workers}
        self.workers = [(stage, self._worker(stage, n)) for stage in STAGES for n in range(counts[stage])]
        for _, child in self.workers:
            self._tasks.append(asyncio.create_task(self._keep_up(child), name="chaos worker"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """End everything: workers drain, what does not is killed."""
        await cancel_all(self._tasks)
        self.client.kill()
        await asyncio.gather(*(child.end(10.0) for _, child in self.workers))
        await self._open.aclose()

    def start_client(self) -> None:
        """Start the client, and again each time it is killed, until it ends by itself."""
        self._tasks.append(asyncio.create_task(self._keep_client(), name="chaos client"))

    @property
    def rewarded(self) -> int:
        """How many rewards the client has journalled."""
        journal = Path(self.task.journal)
        return journal.read_bytes().count(b"\n") if journal.exists() else 0

    def pids(self, stage: Stage | None = None) -> list[int]:
        """Process ids of the workers that are alive."""
        return [c.pid for s, c in self.workers if stage in {None, s} and c.pid]

    def copy_data(self, to: Path) -> None:
        """Keep the server's append-only file as it is now."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.server.directory / "appendonlydir", to)

    async def roll_back(self, to: Path) -> None:
        """Kill the server and bring it back with older data, as a failover that lost writes does."""
        self.server.kill()
        data = self.server.directory / "appendonlydir"
        shutil.rmtree(data)
        shutil.copytree(to, data)
        await self.server.start()

    def _worker(self, stage: Stage, number: int) -> Child:
        env = {
            **os.environ,
            "TINYV_REDIS_URL": self._through(self.worker_net),
            "TINYV_CONFIG": msgspec.json.encode(self._config).decode(),
        }
        command = [sys.executable, "-m", "bench.chaos.worker", stage]
        return Child(command, log=self.directory / f"{stage}-{number}.log", env=env)

    def _through(self, proxy: Proxy) -> str:
        where = urlsplit(self.server.url)
        return self.server.url.replace(f":{where.port}/", f":{proxy.port}/")

    async def _keep_up(self, child: Child) -> None:
        while True:
            child.start()
            self.restarts["worker"] += 1
            await child.ended()
            await asyncio.sleep(_BACK_S)

    async def _keep_client(self) -> None:
        task = msgspec.structs.replace(self.task, url=self._through(self.client_net))
        while True:
            self.client.start(stdin=msgspec.json.encode(task))
            self.restarts["client"] += 1
            status = await self.client.ended()
            if status not in {-signal.SIGKILL, AWAY}:
                self.client_exit.set_result(status)
                return
            await asyncio.sleep(_BACK_S)
