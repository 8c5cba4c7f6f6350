"""Real servers on loopback, wired up as users wire them: nodes, replicas, Sentinels, a cluster of six."""

import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from certificates import client_options, server_lines, tls_program
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tinyv_stream.embedded_server.server import find_binary
from tinyv_stream.processes.child import Child
from tinyv_stream.testing import wait_until

LOOPBACK = "127.0.0.1"
START_S = 60.0
"""How long a server or a topology may take to come up on a machine that is busy with something else."""


RESERVED: list[socket.socket] = []
"""Names held until this process ends, one for each port it was given: tests run side by side."""


def free_ports(count: int) -> list[int]:
    """Return ports below those of outgoing connections, their cluster bus ports (10,000 higher) free as well.

    No other test process is given them, also before a server listens there.
    """
    found: list[int] = []
    for port in range(15_000, 22_000):
        name = socket.socket(socket.AF_UNIX)
        with contextlib.ExitStack() as stack:
            stack.callback(name.close)
            try:
                name.bind(f"\0tinyv-stream-test-port-{port}")
                for taken in (port, port + 10_000):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", taken))
            except OSError:
                continue
            RESERVED.append(name.dup())
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports on 127.0.0.1")


class Node:
    """One server process; `settings` are lines of its configuration file. It dies with this process.

    `tls` is a folder of `certificates`: then it speaks TLS alone, also with the others of its topology.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        settings: str = "",
        *,
        sentinel: bool = False,
        tls: Path | None = None,
        address: str = LOOPBACK,
    ) -> None:
        self.port = port
        self._address = address
        self._reach: dict[str, Any] = {"host": address, "port": port, "single_connection_client": True}
        places = f"port {port}\n"
        if tls:
            self._reach |= {"ssl": True, **client_options(tls, tls)}
            cluster = "" if sentinel else "tls-cluster yes\n"
            places = f"port 0\ntls-port {port}\ntls-replication yes\n{cluster}{server_lines(tls)}"
        self.home = folder / str(port)
        self.home.mkdir()
        # A server of this kind rewrites its file to remember what it learnt.
        self._conf = self.home / "node.conf"
        data = "" if sentinel else 'save ""\nappendonly no\nmaxmemory-policy noeviction\nrepl-diskless-sync-delay 0\n'
        self._conf.write_text(f"{places}bind {address}\nprotected-mode no\ndir {self.home}\n{data}{settings}")
        program = tls_program() if tls else str(find_binary())
        command = [program, str(self._conf), *(["--sentinel"] if sentinel else [])]
        self._child = Child(command, log=self.home / "log")

    @property
    def place(self) -> str:
        return f"{self._address}:{self.port}"

    async def start(self) -> None:
        self._child.start()
        await wait_until(self.answers, START_S, f"{self.place} answers: {self._child.last_lines(5)}")

    async def answers(self) -> bool:
        with contextlib.suppress(RedisError, OSError):
            return await self.tell("PING") in {b"PONG", "PONG", True}
        return False

    def kill(self) -> None:
        """Kill it with -9."""
        self._child.kill()

    def hang(self) -> None:
        """Stop it where it is: its connections stay open, and nothing answers."""
        self._child.send(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on, believing what it believed."""
        self._child.send(signal.SIGCONT)

    async def tell(self, *command: str | int) -> Any:  # noqa: ANN401 whatever the server says
        async with Redis(**self._reach) as r:
            return await r.execute_command(*command)

    async def info(self, field: str) -> str:
        async with Redis(**self._reach) as r:
            found = cast("dict[str, Any]", await r.info("replication"))
        return str(found.get(field, ""))


@contextlib.asynccontextmanager
async def running(nodes: Sequence[Node]) -> AsyncIterator[None]:
    try:
        for node in nodes:
            await node.start()
        yield
    finally:
        for node in nodes:
            node.kill()


class Sentinels:
    """A primary, a replica, and three Sentinels, two of which have to agree."""

    def __init__(self, folder: Path, tls: Path | None = None, address: str = LOOPBACK) -> None:
        self._tls = tls
        one, two, *others = free_ports(5)
        self.primary = Node(folder, one, tls=tls, address=address)
        self.replica = Node(folder, two, f"replicaof {address} {one}\n", tls=tls, address=address)
        watched = (
            f"sentinel monitor mine {address} {one} 2\nsentinel down-after-milliseconds mine 1500\n"
            "sentinel failover-timeout mine 10000\n"
        )
        self.sentinels = [Node(folder, port, watched, sentinel=True, tls=tls, address=address) for port in others]

    @property
    def url(self) -> str:
        return _url("sentinel", self.sentinels, "/mine", self._tls)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with running([self.primary, self.replica, *self.sentinels]):
            await wait_until(self._is_whole, START_S, "the Sentinels know the replica and one another")
            yield

    async def _is_whole(self) -> bool:
        if await self.replica.info("master_link_status") != "up":
            return False
        for sentinel in self.sentinels:
            seen = _pairs(await sentinel.tell("SENTINEL", "MASTER", "mine"))
            if (seen.get("num-slaves"), seen.get("num-other-sentinels")) != ("1", "2"):
                return False
        return True


class Cluster:
    """Three primaries with one replica each."""

    def __init__(self, folder: Path, tls: Path | None = None) -> None:
        self._tls = tls
        settings = "cluster-enabled yes\ncluster-node-timeout 3000\ncluster-replica-validity-factor 0\n"
        self.nodes = [Node(folder, port, settings, tls=tls) for port in free_ports(6)]
        self.primaries, self.replicas = self.nodes[:3], self.nodes[3:]

    @property
    def url(self) -> str:
        return _url("cluster", self.primaries, "", self._tls)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with running(self.nodes):
            await self._join()
            yield

    async def _join(self) -> None:
        for number, node in enumerate(self.primaries):
            await node.tell("CLUSTER", "ADDSLOTSRANGE", 16384 * number // 3, 16384 * (number + 1) // 3 - 1)
            await node.tell("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for node in self.nodes[1:]:
            await node.tell("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port)
        await wait_until(self._all_met, START_S, "the nodes know one another")
        for primary, replica in zip(self.primaries, self.replicas, strict=True):
            await replica.tell("CLUSTER", "REPLICATE", (await primary.tell("CLUSTER", "MYID")).decode())
        await wait_until(self._is_whole, START_S, "every slot is served and every replica in step")

    async def _all_met(self) -> bool:
        known = [(await node.tell("CLUSTER", "NODES")).decode().splitlines() for node in self.nodes]
        return all(len(rows) == 6 and not any("handshake" in row for row in rows) for rows in known)

    async def _is_whole(self) -> bool:
        states = [(await node.tell("CLUSTER", "INFO")).decode() for node in self.nodes]
        links = [await replica.info("master_link_status") for replica in self.replicas]
        ranges = [await node.tell("CLUSTER", "SLOTS") for node in self.nodes]
        seen = all(len(rows) == 3 and all(len(row) == 4 for row in rows) for rows in ranges)
        return seen and all("cluster_state:ok" in state for state in states) and links == ["up"] * 3


def _url(kind: str, nodes: Sequence[Node], path: str, tls: Path | None) -> str:
    query = f"?{urlencode(client_options(tls, tls))}" if tls else ""
    return f"redis{'s' if tls else ''}+{kind}://{','.join(node.place for node in nodes)}{path}{query}"


def _pairs(reply: list[Any] | dict[Any, Any]) -> dict[str, str]:
    if isinstance(reply, dict):
        return {_text(k): _text(v) for k, v in reply.items()}
    words = [_text(word) for word in reply]
    return dict(zip(words[::2], words[1::2], strict=True))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
