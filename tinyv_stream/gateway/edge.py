"""The edge of a gateway: connections before there is a request, counted and timed.

- A connection that sends no whole request's headers in `header_s` is closed, also between two requests.
- Of one address, at most `max_waiting` connections may be without a request; the oldest beyond it are closed. So a
  flood of half-sent headers takes no place from requests that are sent.
- Beyond what descriptors allow, a connection is answered 503 and closed: accepting never fails.
- What is logged of a malformed request is one line, without any part of it; the answer is in our form, and has none
  either.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final, cast

from aiohttp import web

from tinyv_stream.gateway.settings import GatewayConfig
from tinyv_stream.processes.descriptors import limits

_RESERVE: Final = 96
"""Descriptors for all else: the broker's connections, the state file, logs."""
_LINGER_S: Final = 1.0
"""How long a refused connection may take to send what is then answered."""
_LINGERING: Final = 32
_SETTLED_S: Final = 3.0
"""A burst of connections sends its requests within this; only older ones are closed for a newer one."""
_SORRY: Final = b'{"error":{"field":"","message":"too many connections are open"}}'
_UNREADABLE: Final = (
    '{"error":{"field":"request","message":"the request cannot be read (%s); send HTTP/1.1, a Host, header lines of'
    ' at most 8190 bytes, and a body that is as long, and encoded, as they say (gzip, deflate)"}}'
)
_FAILED: Final = '{"error":{"field":"","message":"an error of the gateway; its log has it"}}'
_REFUSAL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(_SORRY), _SORRY)
)


class Edge:
    """A factory of protocols, around that of an HTTP server."""

    def __init__(self, make: Callable[[], asyncio.Protocol], config: GatewayConfig) -> None:
        self.make = make
        self.config = config
        self.most = max(16, descriptors() - _RESERVE - _LINGERING)
        self.max_waiting = min(config.max_waiting, self.most // 2)
        self.open: dict[asyncio.BaseTransport, Connection] = {}
        self.waiting: dict[str, OrderedDict[Connection, float]] = {}
        self.lingering = 0

    def __call__(self) -> "Connection":
        """Return the protocol of a new connection."""
        return Connection(self)

    def began(self, request: web.BaseRequest) -> None:
        """Note that a request's headers are here."""
        if connection := self.open.get(cast("asyncio.BaseTransport", request.transport)):
            connection.began()

    def ended(self, transport: asyncio.BaseTransport | None) -> None:
        """Note that a request was answered: its connection may send another."""
        if transport is not None and (connection := self.open.get(transport)):
            connection.expect(self.config.keep_alive_s)


class Connection(asyncio.Protocol):
    """One connection: it hands everything to the server's own protocol, unless it is refused."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._host = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the connection, or refuse it."""
        edge, self._transport = self._edge, cast("asyncio.Transport", transport)
        if len(edge.open) >= edge.most:
            self._linger()
            return
        self._host = str((transport.get_extra_info("peername") or ("",))[0])
        edge.open[transport] = self
        now = asyncio.get_running_loop().time()
        waiting = edge.waiting.setdefault(self._host, OrderedDict())
        waiting[self] = now
        self.expect(edge.config.header_s)
        self._inner = edge.make()
        self._inner.connection_made(transport)
        if len(waiting) > edge.max_waiting:
            oldest, since = next(iter(waiting.items()))
            if now - since > _SETTLED_S:
                oldest.abort()

    def data_received(self, data: bytes) -> None:
        """Hand bytes on, or answer a refused connection."""
        if self._inner:
            self._inner.data_received(data)
        elif self._transport and not self._transport.is_closing():
            self._transport.write(_REFUSAL)
            self._transport.close()

    def eof_received(self) -> bool | None:
        """Hand it on."""
        return self._inner.eof_received() if self._inner else None

    def pause_writing(self) -> None:
        """Hand it on."""
        if self._inner:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hand it on."""
        if self._inner:
            self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._cancel()
        if self._inner is None:
            self._edge.lingering -= 1
            return
        if self._transport:
            self._edge.open.pop(self._transport, None)
        self._no_longer_waiting()
        self._inner.connection_lost(exc)

    def expect(self, seconds: float) -> None:
        """Close the connection unless a request begins within `seconds`."""
        self._cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def began(self) -> None:
        """Note that a request is here."""
        self._cancel()
        self._no_longer_waiting()

    def abort(self) -> None:
        """End it without a word."""
        if self._transport:
            self._transport.abort()

    def _linger(self) -> None:
        self._edge.lingering += 1
        self.expect(_LINGER_S)
        if self._edge.lingering > _LINGERING:
            self.abort()

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _no_longer_waiting(self) -> None:
        waiting = self._edge.waiting.get(self._host)
        if waiting is not None:
            waiting.pop(self, None)
            if not waiting:
                del self._edge.waiting[self._host]


class EdgeSite(web.TCPSite):
    """A TCP site whose connections pass an edge."""

    def __init__(self, runner: web.AppRunner, config: GatewayConfig, *, backlog: int) -> None:
        super().__init__(runner, config.host, config.port, backlog=backlog)
        if runner.server is None:
            raise RuntimeError("the runner is not set up")
        self.edge = Edge(partial(_in_our_words, runner.server.__call__), config)

    async def start(self) -> None:
        """Listen; raise OSError for an address that cannot be had."""
        await web.BaseSite.start(self)
        loop, config = asyncio.get_running_loop(), self.edge.config
        self._server = await loop.create_server(self.edge, config.host, config.port, backlog=self._backlog)


class _OwnWords(web.RequestHandler):
    """The HTTP server's protocol, but for what it answers where there is no request that a route could see."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Log it and close, as the server does; say it without its words, some of which are the sender's."""
        super().handle_error(request, status, exc, message)
        said = _UNREADABLE % type(exc).__name__ if status < 500 else _FAILED
        response = web.Response(status=status, body=said.encode(), content_type="application/json")
        response.force_close()
        return response


def _in_our_words(make: Callable[[], web.RequestHandler]) -> asyncio.Protocol:
    protocol = make()
    protocol.__class__ = _OwnWords  # the runner's server makes its own kind, and takes no other
    return protocol


def descriptors() -> int:
    """Return how many files and connections this process may have open."""
    return limits()[0]


class _OneLine(logging.Filter):
    """Of what the HTTP server says of a request it keeps the kind of error, and nothing that a client sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record."""
        exc = record.exc_info[1] if record.exc_info else None
        kind = type(exc).__name__ if exc else "no reason given"
        record.msg, record.args = "a malformed request was refused: %s", (kind,)
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def http_log() -> logging.Logger:
    """Return the log of the HTTP server itself."""
    log = logging.getLogger("tinyv_stream.gateway.http")
    if not log.filters:
        log.addFilter(_OneLine())
    return log
