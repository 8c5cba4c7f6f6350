"""Guard of the board: who may ask it, and what its answers let a browser do.

- `Host` must be ours, so that no name that was rebound to this machine reads it; a `POST` must come from its own pages.
- Off loopback a token is needed: `/login?token=` sets a cookie that other sites cannot use.
- No inline script, no other origin, no frame: see `CSP`.
"""

import hashlib
import hmac
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tinyv_stream.board.settings import BoardConfig, is_loopback

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Styles may be inline: charts and rendered maths place their parts by them."""
_COOKIE: Final = "tinyv-board"
_OPEN: Final = frozenset({"/healthz", "/login"})
_COMPRESSED: Final = 2000


def guard_of(config: BoardConfig) -> Middleware:
    """Return the middleware that holds for every request."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_ours(config, request):
            raise web.HTTPForbidden(text="this host name is not the board's")
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise web.HTTPForbidden(text="a label comes from the board's own pages")
        if config.token and request.path not in _OPEN and not _is_known(config.token, request):
            raise web.HTTPUnauthorized(text="open /login?token=... first")
        response = await handler(request)
        if not response.prepared:
            response.headers.setdefault("Content-Security-Policy", CSP)
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers.setdefault("Cache-Control", "no-store")
            if isinstance(response, web.Response) and len(response.body or b"") > _COMPRESSED:  # type: ignore[arg-type]
                response.enable_compression()
        return response

    return guard


def login_of(config: BoardConfig) -> Handler:
    """Return the handler of `/login?token=`."""

    async def login(request: web.Request) -> web.StreamResponse:
        if config.token and not hmac.compare_digest(request.query.get("token", "").encode(), config.token.encode()):
            raise web.HTTPUnauthorized(text="this is not the token")
        answer = web.Response(status=303, headers={"Location": "/"})
        if config.token:
            answer.set_cookie(_COOKIE, _digest(config.token), samesite="Strict", httponly=True, max_age=30 * 86_400)
        return answer

    return login


def _is_ours(config: BoardConfig, request: web.Request) -> bool:
    """With a token any name will do: a rebound page has no cookie of ours."""
    host = request.host
    name = host[: host.rindex("]") + 1].strip("[]") if host.startswith("[") else host.rpartition(":")[0] or host
    return bool(config.token) or is_loopback(name) or name == config.host


def _is_known(token: str, request: web.Request) -> bool:
    said = request.cookies.get(_COOKIE, "")
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(said.encode(), _digest(token).encode()) or hmac.compare_digest(
        bearer.encode(), token.encode()
    )


def _digest(token: str) -> str:
    return hashlib.blake2b(token.encode(), digest_size=16, person=b"tinyv-board").hexdigest()
