# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# The edge of redis-py, whose replies are untyped.
"""Topology: the one server that a link speaks to, a primary that Sentinels name or the node that owns a slot.

All keys of a shard are in one slot, so a link needs one server at a time, whatever the topology. It is looked up again
for every connection: after a failover the next connection goes to the new primary.

- Any Sentinel, any node may be down; each look-up starts with the next one, so a stale answer is not asked for twice.
- Nothing is retried here.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from redis.asyncio import Connection, Redis, SSLConnection
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.maint_notifications import MaintNotificationsConfig

from tinyv_stream.broker.url import Address, redact
from tinyv_stream.errors import UnsupportedServerError

_ASK_S: Final = 2.0
"""Longest wait for one Sentinel or node: there are others."""

Host = tuple[str, int]
Locate = Callable[[], Awaitable[Host]]


class LocatedConnection(Connection):
    """A connection that asks where to connect to."""

    def __init__(self, *, locate: Locate, **options: Any) -> None:  # noqa: ANN401 redis-py's own
        super().__init__(**options)
        self._locate = locate

    async def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:  # noqa: FBT001, FBT002 redis-py's signature
        """Connect to whoever is the primary now; raise redis-py's ConnectionError if nobody knows one."""
        if not self.is_connected:
            self.host, self.port = await self._locate()
        await super().connect_check_health(check_health, retry_socket_connect)


class LocatedTLSConnection(LocatedConnection, SSLConnection):
    """The same over TLS; the certificate has to name the host as Sentinel or cluster announce it."""


def located(address: Address, tag: str) -> dict[str, Any]:
    """Return the connection options that lead to the server with the keys of `tag`."""
    options = dict(parse_url(address.server(*address.hosts[0])))
    over_tls = options.get("connection_class") is SSLConnection
    look_up = _Sentinels(address) if address.kind == "sentinel" else _Nodes(address, tag)
    return options | {
        "connection_class": LocatedTLSConnection if over_tls else LocatedConnection,
        "locate": look_up,
    }


class _LookUp(ABC):
    """Asks one after the other until one answers."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._hosts = list(address.hosts)

    async def __call__(self) -> Host:
        """Return the primary; raise redis-py's ConnectionError if nobody knows one."""
        failures: list[str] = []
        for host in tuple(self._hosts):
            self._hosts.append(self._hosts.pop(0))
            try:
                found = await self._ask(host)
            except (RedisError, OSError) as exc:
                failures.append(f"{host[0]}:{host[1]}: {exc}")
                continue
            if found:
                return found
            failures.append(f"{host[0]}:{host[1]} knows none")
        raise RedisConnectionError(f"nobody names a primary ({'; '.join(failures)})")

    @abstractmethod
    async def _ask(self, host: Host) -> Host | None: ...


class _Sentinels(_LookUp):
    async def _ask(self, host: Host) -> Host | None:
        got = await _query(self._address.sentinel(*host), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._address.name)
        return (got[0].decode(), int(got[1])) if got else None


class _Nodes(_LookUp):
    def __init__(self, address: Address, tag: str) -> None:
        super().__init__(address)
        self._slot = key_slot(tag.encode())

    async def _ask(self, host: Host) -> Host | None:
        try:
            ranges = await _query(self._address.server(*host), "CLUSTER", "SLOTS")
        except ResponseError as exc:
            if "cluster support disabled" in str(exc):
                remedy = "it is not in cluster mode; use redis://, or redis+sentinel://"
                raise UnsupportedServerError(redact(self._address.url), remedy) from exc
            raise
        owner: Host | None = None
        known: list[Host] = []
        for first, last, *nodes in ranges:
            places = [_place(node, host) for node in nodes]
            known += places
            if int(first) <= self._slot <= int(last):
                owner = places[0]
        # The nodes of the URL may all be gone one day, and others there.
        asked = [h for h in self._hosts if h in self._address.hosts or h in known]
        self._hosts = asked + [h for h in dict.fromkeys(known) if h not in asked]
        return owner


async def _query(url: str, *command: str) -> list[Any]:
    options: dict[str, Any] = {"socket_timeout": _ASK_S, "socket_connect_timeout": _ASK_S, "protocol": 3}
    quiet = MaintNotificationsConfig(enabled=False)
    async with Redis.from_url(
        url, **options, retry=Retry(NoBackoff(), 0), single_connection_client=True, maint_notifications_config=quiet
    ) as r:
        return cast("list[Any]", await r.execute_command(*command))


def _place(node: list[Any], asked: Host) -> Host:
    """Return where a node is; without a name of its own it is at the address that was asked."""
    host = node[0].decode() if node[0] else ""
    return (host if host not in {"", "?"} else asked[0]), int(node[1])
