# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# The edge of redis-py, whose pools take untyped keyword arguments.
"""The one way to reach a broker: from a URL to a client whose time-outs and retries are ours.

- Nothing is retried here. redis-py would resend a command up to ten times by itself; whoever sends knows whether
  sending again is safe.
- Every read has a time-out, and that of a blocking read is longer than the block.
- A password never appears in a message or a log (`redact`).
"""

import re
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from tinyv_stream.errors import InvalidInputError

TIMEOUT_S: Final = 10.0
"""Longest wait for a reply. Longer than any pause of a healthy server, shorter than a lease."""
MAX_BLOCK_S: Final = 10.0
"""Longest that a read may block on the server (`XREADGROUP ... BLOCK`) on a blocking connection."""
CONNECTIONS: Final = 8
"""Most connections of one client; a command beyond them waits. A trainer and its workers need two or three each."""

_FORMS: Final = (
    "use redis://[user:password@]host[:port][/db], rediss://... for TLS, or unix:///path[?db=0&password=...]"
)
_OPTIONS: Final = frozenset(
    {
        "db",
        "username",
        "password",
        "ssl_ca_certs",
        "ssl_ca_path",
        "ssl_cert_reqs",
        "ssl_certfile",
        "ssl_check_hostname",
        "ssl_keyfile",
        "ssl_password",
    }
)
"""What a URL may set. redis-py lets a URL override time-outs and decoding too, which would break our promises."""
_USERINFO: Final = re.compile(r"^((?:[\w+.-]+://)?+[^:@/?#]*:).*@", re.DOTALL)
_SECRET: Final = re.compile(r"([?&](?:ssl_)?password=)[^&#]*")


def connect(url: str, *, blocking: bool = False) -> Redis:
    """Return an asyncio client; connects on first use, and belongs to the loop that uses it.

    `blocking` is for reads that wait on the server, up to `MAX_BLOCK_S`. Replies are bytes.
    Raises InvalidInputError for a URL that cannot be used. Close it with `aclose()`. A cancelled command may have
    been carried out; its connection is dropped, the client stays usable.
    """
    options = _options(url, blocking=blocking)
    try:
        pool = BlockingConnectionPool.from_url(
            url, **options, retry=Retry(NoBackoff(), 0), max_connections=CONNECTIONS, timeout=TIMEOUT_S
        )
    except ValueError as exc:
        raise InvalidInputError("redis url", redact(url), _FORMS) from exc
    return Redis.from_pool(pool)


def redact(url: str) -> str:
    """Return `url` without its passwords, however malformed it is."""
    return _SECRET.sub(r"\1***", _USERINFO.sub(r"\1***@", url))


def _options(url: str, *, blocking: bool) -> dict[str, Any]:
    _check(url)
    return {
        "protocol": 3,
        "decode_responses": False,
        "socket_timeout": MAX_BLOCK_S + 5 if blocking else TIMEOUT_S,
        "socket_connect_timeout": 5.0,
        "health_check_interval": 0,
        # Made for one vendor's managed service; it costs every connection a round trip.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as exc:
        raise InvalidInputError("redis url", redact(url), _FORMS) from exc
    has_place = parts.path.strip("/") if parts.scheme == "unix" else parts.hostname
    if parts.scheme not in {"redis", "rediss", "unix"} or not has_place:
        raise InvalidInputError("redis url", redact(url), _FORMS)
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d*", parts.path):
        raise InvalidInputError("redis url", redact(url), f"its database must be a number; {_FORMS}")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise InvalidInputError("redis url", redact(url), f"{name!r} is not one of {', '.join(sorted(_OPTIONS))}")
        if name.startswith("ssl_") and parts.scheme != "rediss":
            raise InvalidInputError("redis url", redact(url), f"{name!r} needs rediss://")
