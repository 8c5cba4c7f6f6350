"""The processes of a chaos run: a server, workers that come back when they die, a gateway, and a client of each kind.

Everything is a real program; the children die with this process. Clients, workers and gateway reach the server through
proxies of their own, the run itself reaches it directly. Each program is of this release or of a second one
(`releases`), and may come back as the other. Where namespaces are given, each program runs in its own.
"""

import asyncio
import contextlib
import shutil
import signal
import socket
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec

from bench.chaos.client import AWAY, ClientTask
from bench.chaos.clock import SteppedClock
from bench.chaos.disk import SmallDisk
from bench.chaos.http_client import TOKEN
from bench.chaos.namespaces import HOST, Namespaces
from bench.chaos.program import ChaosProgram
from bench.chaos.proxy import Proxy
from bench.chaos.releases import make_newer
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, RuleConfig, TinyVConfig
from tinyv_stream.embedded_server.server import EmbeddedServer
from tinyv_stream.errors import BrokerError
from tinyv_stream.types import STAGES, Stage

LEASE_S: Final = 2.0
CONFIG: Final = Config(
    broker=BrokerConfig(pool="chaos", lease_s=LEASE_S, max_outstanding=2_000),
    rule=RuleConfig(workers=2, slots=32),
    tinyv=TinyVConfig(workers=2, engine=EngineConfig(kind="scripted")),
)
PROGRAMS: Final = ("trainer", "gateway", *(f"{stage}{n}" for stage in STAGES for n in range(2)))
"""What may have a namespace of its own; the HTTP trainer is beside its gateway."""
_SERVER_MB: Final = 384
_GATEWAY_MB: Final = 24
_FILES: Final = 512
"""Files that the gateway may have open: few, so that a flood is one."""


class World:
    """All processes of one run, while it is open. `directory` keeps logs, data and the clients' journals."""

    def __init__(self, directory: Path, task: ClientTask, *, shards: int, networks: Namespaces | None = None) -> None:
        self.directory, self.task, self.networks = directory, task, networks
        self._config = msgspec.structs.replace(CONFIG, broker=msgspec.structs.replace(CONFIG.broker, shards=shards))
        self.disks = [SmallDisk(directory / "server", _SERVER_MB), SmallDisk(directory / "gateway", _GATEWAY_MB)]
        self.clock: SteppedClock | None = None
        self.restarts: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start everything but the clients."""
        async with contextlib.AsyncExitStack() as stack:
            for disk in self.disks:
                stack.enter_context(disk)
            with contextlib.suppress(LookupError):
                self.clock = SteppedClock(self.directory)
            environment = self.clock.environment if self.clock else None
            data = self.directory / "server" / "data"
            self.server = await stack.enter_async_context(
                EmbeddedServer(data, tcp=True, maxmemory_mb=256, environment=environment)
            )
            port = urlsplit(self.server.url).port or 0
            host = HOST if self.networks else "127.0.0.1"
            self.client_net, self.worker_net, self.gateway_net = [
                await stack.enter_async_context(Proxy("127.0.0.1", port, listen=host)) for _ in range(3)
            ]
            self.operator = await stack.enter_async_context(OperatorApi(self.server.url, self._config.broker))
            newer = make_newer(self.directory / "newer")
            self._make_programs(newer)
            self._open = stack.pop_all()
        for program in (*self.workers.values(), self.gateway):
            self._tasks.append(asyncio.create_task(self._keep_up(program), name=f"chaos {program.name}"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """End everything: workers and gateway drain, what does not is killed."""
        await cancel_all(self._tasks)
        for client in self.clients:
            client.child.kill()
        await asyncio.gather(*(p.child.end(10.0) for p in (*self.workers.values(), self.gateway)))
        await self._open.aclose()

    def _make_programs(self, newer: Path) -> None:
        task = self.task
        settings = {"TINYV_CONFIG": msgspec.json.encode(self._config).decode()}

        def made(name: str, words: list[str], place: str, **more: str) -> ChaosProgram:
            prefix = self.networks.prefix(place) if self.networks else []
            return ChaosProgram(name, words, log=self.directory / f"{name}.log", newer=newer, prefix=prefix, more=more)

        url = self._through(self.worker_net)
        self.workers: dict[str, ChaosProgram] = {}
        self.stages: dict[str, Stage] = {}
        for stage in STAGES:
            for n in range(2):
                name = f"{stage}{n}"
                self.stages[name] = stage
                words = ["bench.chaos.worker", stage]
                self.workers[name] = made(name, words, name, TINYV_REDIS_URL=url, **settings)
                self.workers[name].is_newer = n == 1
        place = self.networks.address("gateway") if self.networks else "127.0.0.1"
        port = _free_port()
        self.gateway_at = (place, port)
        words = ["tinyv_stream", "gateway", "--listen", f"{place}:{port}", "--pool", CONFIG.broker.pool]
        words += ["--state", str(self.directory / "gateway" / "book.db")]
        more = {"TINYV_REDIS_URL": self._through(self.gateway_net), "TINYV_GATEWAY_TOKEN": TOKEN}
        self.gateway = made("gateway", words, "gateway", **more)
        self.gateway.files = _FILES
        self.trainer = made("trainer", ["bench.chaos.client"], "trainer")
        self.trainer.stdin = msgspec.json.encode(
            msgspec.structs.replace(task, url=self._through(self.client_net), max_inflight=192)
        )
        self.http = made("http", ["bench.chaos.http_client"], "gateway")
        at = msgspec.structs.replace(task, url=f"http://{place}:{port}", journal=http_journal(task))
        self.http.stdin = msgspec.json.encode(at)
        self.clients = (self.trainer, self.http)

    def start_clients(self) -> None:
        """Start the clients, and again each time one is killed, until they end by themselves."""
        self._tasks += [asyncio.create_task(self._keep_client(c), name=f"chaos {c.name}") for c in self.clients]

    @property
    def is_over(self) -> bool:
        """Both clients have ended."""
        return all(client.exit.done() for client in self.clients)

    @property
    def rewarded(self) -> int:
        """How many rewards the clients have journalled."""
        journals = [path for path in (Path(self.task.journal), Path(http_journal(self.task))) if path.exists()]
        return sum(path.read_bytes().count(b"\n") for path in journals)

    def copy_data(self, to: Path) -> None:
        """Keep the server's append-only file as it is now."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.server.directory / "appendonlydir", to)

    async def roll_back(self, to: Path) -> None:
        """Kill the server and bring it back with older data, as a failover that lost writes does."""
        self.server.kill()
        self.disks[0].free()  # there has to be room for the older data
        data = self.server.directory / "appendonlydir"
        shutil.rmtree(data)
        shutil.copytree(to, data)
        await self.start_server()

    async def start_server(self) -> None:
        """Start the server until it is up: a full disk may keep it down for a while."""
        while True:
            try:
                await self.server.start()
            except BrokerError:
                await asyncio.sleep(0.2)
            else:
                return

    def _through(self, proxy: Proxy) -> str:
        where = urlsplit(self.server.url)
        return self.server.url.replace(f"@127.0.0.1:{where.port}/", f"@{proxy.host}:{proxy.port}/")

    async def _keep_up(self, program: ChaosProgram) -> None:
        while True:
            await program.life()
            self.restarts[program.name.rstrip("01")] += 1

    async def _keep_client(self, client: ChaosProgram) -> None:
        while (status := await client.life()) in {-signal.SIGKILL, AWAY}:
            self.restarts[client.name] += 1
        client.exit.set_result(status)


def http_journal(task: ClientTask) -> str:
    """Return where the HTTP trainer keeps its journal."""
    return f"{task.journal}.http"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
