# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# The edge of redis-py, whose pools take untyped keyword arguments.
"""The one way to reach a broker: from a URL to a client whose time-outs and retries are ours.

- Nothing is retried here. redis-py would resend a command up to ten times by itself; whoever sends knows whether
  sending again is safe.
- Every read has a time-out.
- redis-py's gaps are closed here (`guarded`), for its client and for connections that are used without it.
- A password never appears in a message or a log (`redact`).
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from redis import exceptions as redis_errors
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.maint_notifications import MaintNotificationsConfig

from tinyv_stream.broker.topology import located
from tinyv_stream.broker.url import FORMS, parse, redact
from tinyv_stream.errors import InvalidInputError

__all__ = ["TIMEOUT_S", "connect", "guarded", "redact"]

T = TypeVar("T")

TIMEOUT_S: Final = 10.0
"""Longest wait for a reply. Longer than any pause of a healthy server, shorter than a lease."""
_CONNECTIONS: Final = 8
"""Most connections of one client; a command beyond them waits."""
_DRIVER: Final = DriverInfo()
"""redis-py's own version, read once: each connection would read it off a file, which may be moved or unreadable."""


async def guarded(work: Awaitable[T]) -> T:
    """Await a call of redis-py; raise what it should have raised.

    Its 8.1 loses a cancellation that meets an arriving error reply, and lets uvloop's own word for a reset connection
    through, which is a ConnectionError.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        return await work
    except RuntimeError as exc:
        if "handler is closed" not in str(exc):
            raise
        raise redis_errors.ConnectionError("connection reset") from exc
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


class _Client(Redis):
    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 redis-py's signature
        return await guarded(super().execute_command(*args, **options))


def connect(url: str, *, tag: str = "") -> Redis:
    """Return an asyncio client; connects on first use, and belongs to the loop that uses it.

    On a cluster it speaks to the node that owns the keys of `tag`, and to no other. Replies are bytes. Raises
    InvalidInputError for a URL that cannot be used. Close it with `aclose()`. A cancelled command may have been carried
    out; its connection is dropped, the client stays usable.
    """
    address = parse(url)
    options: dict[str, Any] = {
        "protocol": 3,
        "decode_responses": False,
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": 5.0,
        "health_check_interval": 0,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": _CONNECTIONS,
        "timeout": TIMEOUT_S,
        "driver_info": _DRIVER,
        # Made for one vendor's managed service; it costs every connection a round trip.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    try:
        where: dict[str, Any] = dict(parse_url(url)) if address.kind == "single" else located(address, tag)
        return _Client.from_pool(BlockingConnectionPool(**options | where))
    except ValueError:
        raise InvalidInputError("redis url", redact(url), FORMS) from None
