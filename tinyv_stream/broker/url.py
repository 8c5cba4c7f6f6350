"""Broker URLs: one server, a primary that Sentinels name, or the nodes of a cluster.

```
redis://[user:password@]host[:port][/db]                       rediss://... with TLS
unix:///path[?db=0&password=...]
redis+sentinel://[user:password@]host[:port],...[/NAME[/db]]   rediss+sentinel://...
redis+cluster://[user:password@]host[:port],...                rediss+cluster://...
URL,URL,...                                                    several servers of one pool, no cluster among them
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

_SCHEMES: Final = frozenset(
    {"redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"}
)
_ENCODE: Final = "percent-encode what is special in user and password (urllib.parse.quote(password, safe=''))"
FORMS: Final = (
    "use redis://[user:password@]host[:port][/db], rediss://... for TLS, unix:///path[?db=0&password=...],"
    " redis+sentinel://host[:port],.../NAME or redis+cluster://host[:port],...; " + _ENCODE
)
_HOST: Final = re.compile(r"[A-Za-z0-9._:%-]+")
"""Names and addresses; nothing else may be shown as a host."""
_BETWEEN: Final = re.compile(rf",(?=(?:{'|'.join(map(re.escape, sorted(_SCHEMES)))})://)")
"""Commas that part servers: a scheme follows, which no host and no escaped password holds."""
_MISPARTED: Final = re.compile(rf"(?:[;\s][;,\s]*|,[;\s]+)(?:{'|'.join(map(re.escape, sorted(_SCHEMES)))})://|,\s*$")
"""What somebody wrote between servers, or after the last, in place of such a comma."""
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
    """Return what `url` means; raise InvalidInputError, without any part of a password, if it cannot be used."""
    rest = url.partition("://")[2]
    login, at, _ = rest.partition("?")[0].rpartition("@")
    if (
        "#" in rest
        or (at and not url.startswith("unix://") and set("/@") & set(login))
        or "@" in rest.partition("?")[2]
    ):
        raise _invalid(url, _ENCODE)
    scheme = url.partition("://")[0]
    base, _, kind = scheme.partition("+")
    if kind in _PORTS and base in {"redis", "rediss"}:
        return _parse_many(url, "sentinel" if kind == "sentinel" else "cluster")
    _check_single(url)
    return Address(url=url, kind="single")


def servers_of(url: str) -> tuple[str, ...]:
    """Return the URLs in a list of servers, in the order given; raise InvalidInputError for one that does not fit."""
    if _MISPARTED.search(url):
        raise _invalid(url, "part several servers by a comma alone: no space, no semicolon, and none at the end")
    urls = tuple(_BETWEEN.split(url))
    if len(urls) > 1:
        for one in urls:
            if parse(one).kind == "cluster":
                raise _invalid(one, "a cluster spreads a pool by itself: give it alone, or plain servers in its place")
        if len(set(urls)) < len(urls):
            raise InvalidInputError("redis url", redact(url), "name each server once")
    return urls


def redact(url: str) -> str:
    """Return `url` without its passwords: put together from what it means, so that nothing else of it can be shown.

    Of one that cannot be used only the scheme is left: where its password begins and ends, nobody knows.
    """
    if len(urls := _BETWEEN.split(url)) > 1:
        return ",".join(map(redact, urls))
    try:
        address = parse(url)
    except InvalidInputError:
        return _scheme_of(url)
    rest, _, query = url.partition("://")[2].partition("?")
    shown = [f"{name}={value if name == 'db' else '***'}" for name, value in parse_qsl(query, keep_blank_values=True)]
    return f"{url.partition('://')[0]}://{_place(rest, address)}{'?' if shown else ''}{'&'.join(shown)}"


def _place(rest: str, address: Address) -> str:
    if address.kind == "single" and address.url.startswith("unix:"):
        return rest if rest.startswith("/") else "***"
    # Nor the user: what stands alone before the @ may be a password without its colon.
    _, at, where = rest.rpartition("@")
    return f"***@{where}" if at else where


def _invalid(url: str, remedy: str) -> InvalidInputError:
    return InvalidInputError("redis url", _scheme_of(url), remedy)


def _scheme_of(url: str) -> str:
    scheme = url.partition("://")[0]
    return f"{scheme}://***" if scheme in _SCHEMES else "***"


def _parse_many(url: str, kind: Literal["sentinel", "cluster"]) -> Address:
    rest, _, query = url.partition("://")[2].partition("?")
    where, _, path = rest.partition("/")
    login, _, places = where.rpartition("@")
    allowed = _TLS_OPTIONS | {"db"} | (_SENTINEL_OPTIONS if kind == "sentinel" else frozenset[str]())
    options = _options(url, query, allowed=allowed, tls=url.startswith("rediss"))
    name, _, db = path.partition("/") if kind == "sentinel" else ("", "", path)
    db = options.pop("db", db)
    if db and not (db.isascii() and db.isdigit()):
        raise _invalid(url, f"its database must be a number; {FORMS}")
    if kind == "cluster" and db.strip("0"):
        raise _invalid(url, "a cluster has database 0 only")
    if kind == "sentinel" and not name:
        raise _invalid(url, "name the primary: redis+sentinel://host,host/NAME")
    hosts = tuple(_host(url, place, _PORTS[kind]) for place in places.split(","))
    return Address(url=url, kind=kind, hosts=hosts, name=unquote(name), login=login, db=db, options=options)


def _host(url: str, place: str, port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{place}")
        found = parts.hostname, parts.port or port
    except ValueError:
        raise _invalid(url, FORMS) from None
    if not found[0] or not _HOST.fullmatch(found[0]):
        raise _invalid(url, FORMS)
    return found[0], found[1]


def _check_single(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise _invalid(url, FORMS) from None
    has_place = parts.path.strip("/") if parts.scheme == "unix" else parts.hostname
    if parts.scheme not in {"redis", "rediss", "unix"} or not has_place:
        raise _invalid(url, FORMS)
    if parts.hostname and not _HOST.fullmatch(parts.hostname):
        raise _invalid(url, FORMS)
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d*", parts.path, re.ASCII):
        raise _invalid(url, f"its database must be a number; {FORMS}")
    options = _options(url, parts.query, allowed=_OPTIONS, tls=parts.scheme == "rediss")
    if not re.fullmatch(r"\d*", options.get("db", ""), re.ASCII):
        raise _invalid(url, f"its database must be a number; {FORMS}")


def _options(url: str, query: str, *, allowed: frozenset[str], tls: bool) -> dict[str, str]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    for name in given:
        if name not in allowed:
            raise _invalid(url, f"an option is not one of {', '.join(sorted(allowed))}; {_ENCODE}")
        if name.startswith("ssl_") and not tls:
            raise _invalid(url, f"{name} needs rediss://")
    return given
