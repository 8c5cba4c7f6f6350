"""Line to type on a further host of a pool."""

from urllib.parse import urlsplit, urlunsplit

from tinyv_stream.broker.url import servers_of
from tinyv_stream.errors import InvalidInputError


def join_line(url: str, pool: str) -> str:
    """Return what to type on a further host; a password becomes a variable that is set there.

    Raises InvalidInputError where other hosts cannot reach the server.
    """
    shown = ",".join(_without_password(one) for one in servers_of(url))
    return f'TINYV_REDIS_URL="{shown}" tinyv-stream join --pool {pool} --rule-workers 1 --tinyv-workers 1'


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix" or parts.hostname in {None, "localhost", "127.0.0.1", "::1"}:
        remedy = "other hosts cannot reach this server: start one that they can, and give `up` its URL by --redis"
        raise InvalidInputError("--print-join", parts.scheme + "://" + (parts.hostname or parts.path), remedy)
    user, at, host = parts.netloc.rpartition("@")
    shown = f"{user.partition(':')[0]}:$TINYV_REDIS_PASSWORD@" if at and ":" in user else user + at
    return urlunsplit(parts._replace(netloc=shown + host))
