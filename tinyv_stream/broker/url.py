"""Broker URLs: one server, a primary that Sentinels name, or the nodes of a cluster.

```
redis://[user:password@]host[:port][/db]                       rediss://... with TLS
unix:///path[?db=0&password=...]
redis+sentinel://[user:password@]host[:port],...[/NAME[/db]]   rediss+sentinel://...
redis+cluster://[user:password@]host[:port],...                rediss+cluster://...
```

User and password are the servers'; those of the Sentinels are `sentinel_username` and `sentinel_password`.
It is pure: no I/O.
"""

import re
from typing import Final, Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import msgspec

from tinyv_stream.errors import InvalidInputError

TopologyKind = Literal["single", "sentinel", "cluster"]

FORMS: Final = (
    "use redis://[user:password@]host[:port][/db], rediss://... for TLS, unix:///path[?db=0&password=...],"
    " redis+sentinel://host[:port],.../NAME or redis+cluster://host[:port],..."
)
_PORTS: Final = {"sentinel": 26379, "cluster": 6379}
_TLS_OPTIONS: Final = frozenset(
    {
        "ssl_ca_certs",
        "ssl_ca_path",
        "ssl_cert_reqs",
        "ssl_certfile",
        "ssl_check_hostname",
        "ssl_keyfile",
        "ssl_password",
    }
)
_OPTIONS: Final = _TLS_OPTIONS | {"db", "username", "password"}
"""What a URL may set. redis-py lets a URL override time-outs and decoding too, which would break our promises."""
_SENTINEL_OPTIONS: Final = frozenset({"sentinel_username", "sentinel_password"})
_USERINFO: Final = re.compile(r"^((?:[\w+.-]+://)?+[^:@/?#]*:).*@", re.DOTALL)
_SECRET: Final = re.compile(r"([?&](?:ssl_|sentinel_)?password=)[^&#]*")


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that can be used. The rest is empty where `kind` is single."""

    url: str
    kind: TopologyKind
    hosts: tuple[tuple[str, int], ...] = ()
    """Sentinels, or nodes of the cluster: any of them may be down."""
    name: str = ""
    """What the Sentinels call the primary."""
    login: str = ""
    db: str = ""
    options: dict[str, str] = {}
    """`ssl_...` and `sentinel_...`, as given."""

    def server(self, host: str, port: int) -> str:
        """Return the URL of one server, or of one node."""
        return self._plain(self.login, host, port, self.db)

    def sentinel(self, host: str, port: int) -> str:
        """Return the URL of one Sentinel."""
        user, password = (quote(self.options.get(f"sentinel_{part}", ""), safe="") for part in ("username", "password"))
        return self._plain(f"{user}:{password}" if user or password else "", host, port, "")

    def _plain(self, login: str, host: str, port: int, db: str) -> str:
        scheme = self.url.partition("+")[0]
        place = f"[{host}]" if ":" in host else host
        tls = urlencode({name: value for name, value in self.options.items() if name.startswith("ssl_")})
        return f"{scheme}://{login}{'@' if login else ''}{place}:{port}/{db}{'?' if tls else ''}{tls}"


def parse(url: str) -> Address:
    """Return what `url` means; raise InvalidInputError, without its password, if it cannot be used."""
    scheme = url.partition("://")[0]
    base, _, kind = scheme.partition("+")
    if kind in _PORTS and base in {"redis", "rediss"}:
        return _parse_many(url, "sentinel" if kind == "sentinel" else "cluster")
    _check_single(url)
    return Address(url=url, kind="single")


def redact(url: str) -> str:
    """Return `url` without its passwords, however malformed it is."""
    return _SECRET.sub(r"\1***", _USERINFO.sub(r"\1***@", url))


def _parse_many(url: str, kind: Literal["sentinel", "cluster"]) -> Address:
    rest, _, query = url.partition("://")[2].partition("?")
    where, _, path = rest.partition("/")
    login, _, places = where.rpartition("@")
    allowed = _TLS_OPTIONS | {"db"} | (_SENTINEL_OPTIONS if kind == "sentinel" else frozenset[str]())
    options = _options(url, query, allowed=allowed, tls=url.startswith("rediss"))
    name, _, db = path.partition("/") if kind == "sentinel" else ("", "", path)
    db = options.pop("db", db)
    if db and not db.isdigit():
        raise InvalidInputError("redis url", redact(url), f"its database must be a number; {FORMS}")
    if kind == "cluster" and db.strip("0"):
        raise InvalidInputError("redis url", redact(url), "a cluster has database 0 only")
    if kind == "sentinel" and not name:
        raise InvalidInputError("redis url", redact(url), "name the primary: redis+sentinel://host,host/NAME")
    hosts = tuple(_host(url, place, _PORTS[kind]) for place in places.split(","))
    return Address(url=url, kind=kind, hosts=hosts, name=unquote(name), login=login, db=db, options=options)


def _host(url: str, place: str, port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{place}")
        found = parts.hostname, parts.port or port
    except ValueError as exc:
        raise InvalidInputError("redis url", redact(url), FORMS) from exc
    if not found[0]:
        raise InvalidInputError("redis url", redact(url), FORMS)
    return found[0], found[1]


def _check_single(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as exc:
        raise InvalidInputError("redis url", redact(url), FORMS) from exc
    has_place = parts.path.strip("/") if parts.scheme == "unix" else parts.hostname
    if parts.scheme not in {"redis", "rediss", "unix"} or not has_place:
        raise InvalidInputError("redis url", redact(url), FORMS)
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d*", parts.path):
        raise InvalidInputError("redis url", redact(url), f"its database must be a number; {FORMS}")
    _options(url, parts.query, allowed=_OPTIONS, tls=parts.scheme == "rediss")


def _options(url: str, query: str, *, allowed: frozenset[str], tls: bool) -> dict[str, str]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    for name in given:
        if name not in allowed:
            raise InvalidInputError("redis url", redact(url), f"{name!r} is not one of {', '.join(sorted(allowed))}")
        if name.startswith("ssl_") and not tls:
            raise InvalidInputError("redis url", redact(url), f"{name!r} needs rediss://")
    return given
