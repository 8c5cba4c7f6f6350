"""Look at a cluster's address before Ray does: it goes on trying a dead one for minutes, and says so only in its log.

Ray speaks gRPC, so a server there opens with an HTTP/2 SETTINGS frame (RFC 9113, sections 3.4 and 6.5).
"""

import os
import socket
from typing import Final
from urllib.parse import urlsplit

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
"""A client's first words: the preface, and settings of its own, all as by default."""
_HEADER: Final = 9
"""Bytes of a frame's header; the fourth is its type."""
_SETTINGS: Final = 4
_EACH_S: Final = 10.0
"""How long a connection, and then each part of its first word, may take."""


def check_answers(address: str) -> None:
    """Raise OSError, after 30 s at most, if nothing that speaks gRPC answers at `HOST:PORT` or `ray://HOST:PORT`.

    Of any other form, such as `auto`, it says nothing; behind TLS (RAY_USE_TLS) it sees only that somebody listens.
    """
    try:
        parts = urlsplit(f"//{address.removeprefix('ray://')}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return
    if not host or not port:
        return
    with socket.create_connection((host, port), timeout=_EACH_S) as link:
        if os.environ.get("RAY_USE_TLS", "0").lower() in {"1", "true"}:
            return
        link.sendall(_PREFACE)
        header = link.recv(_HEADER)
        if len(header) < _HEADER:
            header += link.recv(_HEADER - len(header))
        if len(header) < _HEADER or header[3] != _SETTINGS:
            raise ConnectionError("what listens there is no Ray")
