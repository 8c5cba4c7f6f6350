"""Pool of one machine: a broker, rule workers and TinyV workers, all gone when this process is gone.

- Without a URL the pool brings its own server, whose data outlives the pool (`state_directory`).
- A worker or server that dies comes back (`supervisor`); workers are drained first, the server goes last.
- While this host is to be drained (`host_watch`) its workers stay down; the server goes on.
- Killed with -9 it leaves no orphan: the kernel ends its children (`tinyv_stream.processes.die_with_parent`).
- Secrets reach workers by environment, never by argv.

It knows nothing about rollouts: what a death interrupts is recovered by leases. It installs no signal handlers.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Self

import msgspec

from tinyv_stream.broker.preflight import ServerInfo, preflight
from tinyv_stream.broker.redis_client import connect, redact
from tinyv_stream.broker.settings import agree
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.broker.url import servers_of
from tinyv_stream.config import Config
from tinyv_stream.embedded_server.places import make_private, state_directory
from tinyv_stream.embedded_server.server import EmbeddedServer
from tinyv_stream.pool.host_watch import HostWatch
from tinyv_stream.pool.supervisor import State, Supervisor
from tinyv_stream.pool.worker_process import COMMANDS, WorkerProgram, make_workers, worker_environments
from tinyv_stream.types import STAGES, Stage, validate_name

_log = logging.getLogger(__name__)


class WorkerProcessInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One worker process at one moment."""

    name: str
    stage: Stage
    pid: int | None
    """None while there is no process."""
    state: State
    restarts: int
    reason: str
    """How it last died; empty if it never did. Ends in a line of its log: escape it where it is shown."""


class Pool:
    """The processes of one machine. Open it, `run` it, leave it; from the main thread, which its children live by.

    `directory` holds data and logs. `commands` replaces the program of a stage. `on_line(worker, line)` is given every
    line that workers log. `grace_s` is how long a worker may drain. `given` names the settings that the user gave,
    which the pool must share; unset: all that are not as by default.
    """

    def __init__(
        self,
        config: Config,
        *,
        redis_url: str | None = None,
        directory: Path | None = None,
        commands: Mapping[Stage, Sequence[str]] = COMMANDS,
        on_line: Callable[[str, str], None] | None = None,
        grace_s: float = 30.0,
        given: AbstractSet[str] | None = None,
    ) -> None:
        self._config = config
        self._given = given
        self._directory = directory or state_directory(validate_name("broker.pool", config.broker.pool))
        self._commands = commands
        self._on_line = on_line
        self._grace_s = grace_s
        self._url = redis_url
        self._stop: asyncio.Event | None = None
        self._host = HostWatch()
        self._members: list[tuple[WorkerProgram, Supervisor]] = []
        self.server = None if redis_url else EmbeddedServer(self._directory)
        self.server_info: ServerInfo | None = None
        """Of the first server."""

    async def __aenter__(self) -> Self:
        """Start the server, if it is ours, and look at it; no worker runs yet.

        Raises InvalidInputError if another pool uses the directory, the URL is malformed, or the pool has another value
        for a setting; BrokerUnavailableError and UnsupportedServerError as `preflight` does.
        """
        try:
            if self.server:
                await self.server.start()
            warnings = {url: (await self._look_at(url)).warnings for url in servers_of(self.url)}
            async with ShardClient(self.url, self._config.broker) as link:
                self._config, _ = await agree(link, self._config, self._given)
                await self._host.look(link)
            self._make_members()
        except BaseException:  # what was started is stopped, also after a cancellation
            await self.__aexit__()
            raise
        for url, texts in warnings.items():
            for text in texts:
                _log.warning("broker %s: %s", redact(url), text)
        return self

    async def _look_at(self, url: str) -> ServerInfo:
        async with connect(url) as r:
            found = await preflight(r, url)
        self.server_info = self.server_info or found
        return found

    async def __aexit__(self, *_: object) -> None:
        """Kill what still runs and end the server cleanly, its data on disk."""
        self._kill_workers()
        if self.server:
            await self.server.stop()

    @property
    def url(self) -> str:
        """Where the broker is; may hold a password."""
        if self._url:
            return self._url
        if not self.server:
            raise RuntimeError("a pool has a URL or a server")
        return self.server.url

    @property
    def logs(self) -> Path:
        """Where the workers' output goes, each worker's last two starts."""
        # Several pools may serve one broker from one machine; a pool's own server lets only one use the directory.
        return self._directory / ("logs" if self.server else f"logs-{os.getpid()}")

    @property
    def workers(self) -> list[WorkerProcessInfo]:
        """Every worker as it is now."""
        return [
            WorkerProcessInfo(
                name=program.name,
                stage=program.stage,
                pid=program.child.pid,
                state=supervisor.state,
                restarts=supervisor.restarts,
                reason=supervisor.reason,
            )
            for program, supervisor in self._members
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Keep everything running until `stop` is set, then drain the workers; the server stays for last reads.

        A cancellation kills the workers.
        """
        self._stop = stop
        try:
            async with asyncio.TaskGroup() as around:
                tasks = [
                    around.create_task(program.follow(self._on_line)) for program, _ in self._members if self._on_line
                ]
                watching = self._host.run(self.url, self._config.broker)
                tasks.append(around.create_task(watching, name="host - watch"))
                if self.server:
                    watch = Supervisor("server", self.server, grace_s=self._grace_s)
                    tasks.append(around.create_task(watch.run(asyncio.Event()), name="server - watch"))
                async with asyncio.TaskGroup() as group:
                    for program, supervisor in self._members:
                        group.create_task(supervisor.run(stop), name=f"{program.name} - watch")
                for task in tasks:
                    task.cancel()
        finally:
            self._kill_workers()

    def stop_now(self) -> None:
        """Kill the workers without a drain, and let `run` return; their leases lapse and others take over."""
        if self._stop:
            self._stop.set()
        self._kill_workers()

    def _make_members(self) -> None:
        _prepare_logs(self.logs)
        for stage in STAGES:
            envs = worker_environments(stage, self.url, self._config)
            for program in make_workers(stage, self._commands[stage], envs=envs, logs=self.logs):
                supervisor = Supervisor(program.name, program, grace_s=self._grace_s, gate=self._host.gate)
                self._members.append((program, supervisor))

    def _kill_workers(self) -> None:
        for program, _ in self._members:
            program.child.kill()


def _prepare_logs(logs: Path) -> None:
    """Make the directory, put aside logs of an earlier pool, and remove those of pools that are gone."""
    make_private(logs)
    for old in logs.glob("*.log"):
        old.replace(old.with_name(old.name + ".1"))
    for other in logs.parent.glob("logs-*"):
        pid = other.name.removeprefix("logs-")
        if pid.isdigit() and not Path("/proc", pid).exists():
            for file in other.iterdir():
                file.unlink()
            other.rmdir()
