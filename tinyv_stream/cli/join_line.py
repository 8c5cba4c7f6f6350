"""Line to type on a further host of a pool, quoted for a shell: whatever a URL holds is a word there, never code."""

import ipaddress
import re
import shlex
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from tinyv_stream.broker.url import parse, servers_of
from tinyv_stream.errors import InvalidInputError

_VARIABLE: Final = "TINYV_REDIS_PASSWORD"
_SECRETS: Final = ("password", "sentinel_password", "ssl_password")
"""Options whose values are not shown; `username` and the paths of certificates are."""
_LOCAL_NAMES: Final = re.compile(r"(.+\.)?localhost|localhost\.localdomain|localhost[46]|ip6-(localhost|loopback)")


class _Line:
    """Variables in place of secrets: an equal secret has the same one, another the next."""

    def __init__(self) -> None:
        self._variables: dict[str, str] = {}

    def variable(self, secret: str) -> str:
        """Return the shell's word for a secret as it stands in the URL."""
        number = len(self._variables) + 1
        name = self._variables.setdefault(secret, _VARIABLE if number == 1 else f"{_VARIABLE}_{number}")
        return f'"${name}"'

    def server(self, url: str) -> str:
        """Return one server's URL as a shell's word."""
        scheme, _, rest = url.partition("://")
        place, mark, query = rest.partition("?")
        login, at, where = place.rpartition("@")
        user, colon, password = login.partition(":")
        words = [shlex.quote(f"{scheme}://")]
        if colon:
            words += [_word(f"{user}:"), self.variable(password) if password else ""]
        elif login:  # what stands alone before the @ may be a password without its colon
            words.append(self.variable(login))
        words.append(_word(f"{at}{where}{mark}"))
        for number, (name, value) in enumerate(parse_qsl(query, keep_blank_values=True)):
            written = quote(value, safe="/:")
            words.append(_word(f"{'&' if number else ''}{name}="))
            words.append(self.variable(written) if name in _SECRETS and value else _word(written))
        return "".join(words)


def join_line(url: str, pool: str) -> str:
    """Return what to type on a further host; passwords become variables that are set there, as they are in the URL.

    Raises InvalidInputError where other hosts cannot reach a server.
    """
    servers = servers_of(url)
    for one in servers:
        _check_reachable(one)
    line = _Line()
    shown = ",".join(map(line.server, servers))
    return f"TINYV_REDIS_URL={shown} tinyv-stream join --pool {_word(pool)} --rule-workers 1 --tinyv-workers 1"


def _word(text: str) -> str:
    return shlex.quote(text) if text else ""


def _check_reachable(url: str) -> None:
    address = parse(url)
    parts = urlsplit(url) if address.kind == "single" else None
    hosts = [parts.hostname or ""] if parts else [host for host, _ in address.hosts]
    for host in hosts:
        if not host or _is_local(host):
            remedy = "other hosts cannot reach this server: start one that they can, and give `up` its URL by --redis"
            raise InvalidInputError("--print-join", f"{url.partition('://')[0]}://{host}", remedy)


def _is_local(host: str) -> bool:
    """Tell whether a host's name or address leads each machine to itself."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return bool(_LOCAL_NAMES.fullmatch(host.lower().rstrip("."))) or _is_short_loopback(host)
    mapped = getattr(found, "ipv4_mapped", None) or found
    return mapped.is_loopback or mapped.is_unspecified


def _is_short_loopback(host: str) -> bool:
    """Tell whether it is an address as C reads it, `127.1` or `0`, of a machine's own."""
    return bool(re.fullmatch(r"0|127(\.\d+){0,3}", host))
