"""Settings of a board, with their bounds; `check` adds what bounds cannot say."""

import ipaddress
import secrets
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tinyv_stream.config.bounds import check_bounds
from tinyv_stream.errors import InvalidInputError

DEFAULT_PORT: Final = 8378
TOKEN_ENV: Final = "TINYV_BOARD_TOKEN"  # noqa: S105 the name of a variable, not a token


class BoardConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One board."""

    runs: str
    """Directory of the records."""
    redis_url: str = ""
    """The pool's broker; empty: recorded runs only."""
    pool: str = "main"
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = DEFAULT_PORT
    """0: any free port."""
    token: str = ""
    """Required where other machines can connect."""
    otlp: str = ""
    """Where traces of steps that ended go, by OTLP/HTTP, such as http://127.0.0.1:4318/v1/traces; empty: nowhere."""
    compress: bool = True
    """Closed segments become gzip."""


def check(config: BoardConfig) -> BoardConfig:
    """Return `config` if it makes sense; raise InvalidInputError otherwise."""
    config = check_bounds(config)
    if not config.token and not is_loopback(config.host):
        remedy = f"set a token, such as {secrets.token_urlsafe(18)}: others than this machine can reach {config.host}"
        raise InvalidInputError(TOKEN_ENV, "", remedy)
    return config


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
