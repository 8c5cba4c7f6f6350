# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# The edge of redis-py, whose replies to INFO and CONFIG are untyped.
"""Preflight of a server, before it is trusted with rewards: who it is, whether it may throw them away, what it keeps.

A server that is too old, that evicts keys, that cannot be written, or that is of another kind than its URL says is
refused; what merely weakens a promise is a warning. Nothing is changed on the server.
"""

import asyncio
import logging
import re
from typing import Any, Final, Literal, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)

from tinyv_stream.broker.remedies import remedy_for
from tinyv_stream.broker.url import TopologyKind, parse, redact
from tinyv_stream.errors import BrokerUnavailableError, UnsupportedServerError

_log = logging.getLogger(__name__)

MIN_VERSION: Final = {"redis": (7, 0), "valkey": (7, 2)}
"""The oldest whose scripts may declare flags and whose XAUTOCLAIM drops deleted entries."""


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A server that may be used."""

    name: Literal["valkey", "redis"]
    version: str
    persistence: str
    """What survives a restart: `aof always`, `aof everysec`, `aof no`, `aof`, `rdb` or `none`."""
    warnings: tuple[str, ...] = ()
    """Each one sentence saying what is weaker than it should be, and what to change."""
    primaries: int = 1
    """How many servers share the keys: more than one on a cluster."""


async def preflight(r: Redis, url: str) -> ServerInfo:
    """Return what answers at `r`, once it has loaded its data; `url` is for messages, which redact it.

    Raises BrokerUnavailableError if nothing answers or it refuses us, and UnsupportedServerError, saying what to
    change, if it must not carry rewards. A cancellation leaves nothing behind.
    """
    shown = redact(url)
    try:
        info = await _info(r, shown)
        policy = info.get("maxmemory_policy") or await _setting(r, "maxmemory-policy")
        fsync = await _setting(r, "appendfsync") if info.get("aof_enabled") else None
        save = await _setting(r, "save")
        primaries = await _primaries(r) if parse(url).kind == "cluster" else 1
    except (AuthenticationError, NoPermissionError) as exc:
        raise BrokerUnavailableError(shown, f"it refused us ({exc}); check user, password and ACL") from exc
    except (RedisConnectionError, RedisTimeoutError, OSError) as exc:
        raise BrokerUnavailableError(shown, f"nothing usable answers ({exc}); {remedy_for(exc)}") from exc
    except RedisError as exc:
        raise BrokerUnavailableError(shown, str(exc)) from exc
    name, version = _identity(info)
    _refuse_kind(shown, info, parse(url).kind)
    _refuse(shown, name, version, policy)
    persistence = _persistence(info, fsync, save)
    warnings = _warnings(policy, persistence)
    return ServerInfo(name=name, version=version, persistence=persistence, warnings=warnings, primaries=primaries)


def is_supported(name: Literal["valkey", "redis"], version: str) -> bool:
    """Tell whether that version of that server can run the broker's scripts."""
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    return numbers >= MIN_VERSION[name]


async def _info(r: Redis, shown: str) -> dict[str, Any]:
    is_logged = False
    while True:
        try:
            info: dict[str, Any] = await r.info()
            if not info.get("loading"):
                return info
        except BusyLoadingError:
            pass
        if not is_logged:
            _log.info("broker %s is loading its data; waiting", shown)
            is_logged = True
        await asyncio.sleep(0.2)


async def _setting(r: Redis, name: str) -> str | None:
    """Read one server setting; None where managed servers or an ACL hide it."""
    try:
        found: dict[Any, Any] = await r.config_get(name)
    except (NoPermissionError, ResponseError):
        return None
    values = [v.decode() if isinstance(v, bytes) else str(v) for v in found.values()]
    return values[0] if values else None


def _identity(info: dict[str, Any]) -> tuple[Literal["valkey", "redis"], str]:
    # Valkey says redis_version 7.2.4 for ever, so that old clients trust it; its own version stands beside.
    if "valkey_version" in info:
        return "valkey", str(info["valkey_version"])
    return "redis", str(info.get("redis_version", "0"))


async def _primaries(r: Redis) -> int:
    ranges = cast("list[Any]", await r.execute_command("CLUSTER", "SLOTS"))
    return len({bytes(row[2][2]) for row in ranges})


def _refuse_kind(shown: str, info: dict[str, Any], kind: TopologyKind) -> None:
    mode = info.get("redis_mode") or info.get("server_mode")
    if mode == "sentinel":
        remedy = "it is a Sentinel, not a server; use redis+sentinel://host:port,.../NAME"
        raise UnsupportedServerError(shown, remedy)
    if mode == "cluster" and kind != "cluster":
        raise UnsupportedServerError(shown, "it is in cluster mode; use redis+cluster://host:port,...")
    if info.get("role") in {"slave", "replica"}:
        if kind != "single":  # whoever named it is behind the times, and soon will not be
            raise BrokerUnavailableError(shown, "a failover is under way: its primary is a replica by now; try again")
        remedy = "it is a read-only replica; give the URL of its primary, or redis+sentinel://host:port,.../NAME"
        raise UnsupportedServerError(shown, remedy)


def _refuse(shown: str, name: Literal["valkey", "redis"], version: str, policy: Any) -> None:  # noqa: ANN401 - as INFO gives it
    if not is_supported(name, version):
        oldest = " or ".join(f"{n.title()} {a}.{b}" for n, (a, b) in MIN_VERSION.items())
        raise UnsupportedServerError(shown, f"{name.title()} {version} is too old; use {oldest}, or newer")
    if policy is not None and str(policy) != "noeviction":
        raise UnsupportedServerError(
            shown, f"maxmemory-policy is {policy}, which may evict rewards; run CONFIG SET maxmemory-policy noeviction"
        )


def _persistence(info: dict[str, Any], fsync: str | None, save: str | None) -> str:
    if info.get("aof_enabled"):
        return f"aof {fsync}" if fsync else "aof"
    return "rdb" if save else "none"


def _warnings(policy: object, persistence: str) -> tuple[str, ...]:
    found: list[str] = []
    if policy is None:
        found.append("maxmemory-policy cannot be read: make sure that it is noeviction, or rewards may be evicted")
    if persistence in {"none", "rdb"}:
        found.append(
            f"persistence is {persistence}: a restart of the server loses rewards that no client has read, and their"
            " rollouts are verified again; set appendonly yes"
        )
    return tuple(found)
