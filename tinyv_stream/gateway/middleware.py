"""Middleware of every request: count, limit, token, and errors turned into JSON that names the field."""

import asyncio
import hmac
import logging
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tinyv_stream.errors import BrokerError, ClientClosedError, InvalidInputError, UndecidedError
from tinyv_stream.gateway.edge import Edge
from tinyv_stream.gateway.journal import StateError
from tinyv_stream.gateway.reward_log import CreditError, StaleCursorError
from tinyv_stream.gateway.routes import answer
from tinyv_stream.gateway.service import GatewayService
from tinyv_stream.gateway.settings import GatewayConfig

_log = logging.getLogger(__name__)

_OPEN: Final = frozenset({"/healthz", "/readyz"})
_RETRY: Final = {"Retry-After": "1"}
_KNOWN: Final[dict[type[Exception], tuple[int, str, dict[str, str] | None]]] = {
    StaleCursorError: (410, "cursor", None),
    CreditError: (429, "client", _RETRY),
    UndecidedError: (503, "", _RETRY),
    BrokerError: (503, "", _RETRY),
    StateError: (503, "", {"Retry-After": "5"}),
    ClientClosedError: (503, "", _RETRY),
    TimeoutError: (503, "", _RETRY),
}
"""What is no fault of the gateway: status, field, headers."""


class Middlewares:
    """The middlewares of one gateway, outermost first."""

    def __init__(self, config: GatewayConfig, service: GatewayService, stopping: asyncio.Event) -> None:
        self._config = config
        self._service = service
        self._stopping = stopping
        self._under_way = 0
        self.edge: Edge | None = None
        """Set once the gateway listens."""

    def all(self) -> list[Middleware]:
        """Return them for the application."""
        return [self.counted, self.explained, self.admitted]

    @web.middleware
    async def counted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count the request by route and answer."""
        transport = request.transport
        if self.edge:
            self.edge.began(request)
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "(unknown)"
        self._under_way += 1
        self._service.metrics.under_way.set(self._under_way)
        code = "cancelled"
        try:
            response = await handler(request)
            code = str(response.status)
            return response
        finally:
            if self.edge:
                self.edge.ended(transport)
            self._under_way -= 1
            self._service.metrics.under_way.set(self._under_way)
            self._service.metrics.requests.labels(route, code).inc()

    @web.middleware
    async def explained(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turn errors into answers."""
        try:
            return await handler(request)
        except web.HTTPException as exc:
            if exc.status < 400:
                raise
            headers = {"Allow": exc.headers["Allow"]} if "Allow" in exc.headers else None
            return _error(exc.status, "", exc.reason, headers)
        except InvalidInputError as exc:
            status = 400 if exc.field == "body" else 409 if "was submitted" in exc.remedy else 422
            return _error(status, exc.field, str(exc))
        except tuple(_KNOWN) as exc:
            status, field, headers = next(_KNOWN[kind] for kind in _KNOWN if isinstance(exc, kind))
            return _error(status, field, str(exc) or "the pool takes nothing in now", headers)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # A library's own, that nobody here asked for: without an answer the caller would see a lost connection.
            return _error(503, "", "a call to the broker was given up", _RETRY)
        except Exception:  # noqa: BLE001 logged with its traceback; the caller learns that it was not its fault
            resource = request.match_info.route.resource
            _log.exception("a request failed: %s", resource.canonical if resource else "(unknown)")
            return _error(500, "", "an error of the gateway; its log has it")

    @web.middleware
    async def admitted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse whoever lacks the token, and what would be too much."""
        if request.path in _OPEN:
            return await handler(request)
        if self._config.token and not _has_token(request, self._config.token):
            refusal = _error(401, "Authorization", "give `Authorization: Bearer TOKEN`", {"WWW-Authenticate": "Bearer"})
            refusal.force_close()
            return refusal
        if not self._service.is_open:
            return _error(503, "", self._service.trouble()[1], {"Retry-After": "5"})
        if request.method == "POST":
            if self._stopping.is_set():
                return _error(503, "", "the gateway is stopping", _RETRY)
            if self._under_way > self._config.max_requests:
                return _error(503, "", f"{self._under_way} requests are under way", _RETRY)
        return await handler(request)


def _has_token(request: web.Request, token: str) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode("utf-8", "surrogateescape"), token.encode()
    )


def _error(status: int, field: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return answer({"error": {"field": field, "message": message}}, status=status, headers=headers)
