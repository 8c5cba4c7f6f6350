"""Streaming of `GET /v1/rewards`: one client's rewards as they come, as NDJSON or server-sent events.

- Each reward carries its cursor; a request with that cursor (or `Last-Event-ID`) goes on after it.
- A reader that takes nothing for `_SLOW_S` is cut off; it loses nothing, and resumes.
- A quiet stream sends an empty line or comment now and then, so that proxies keep it open.
"""

import asyncio
from typing import Final

import msgspec
from aiohttp import web

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.gateway.reward_log import RewardLog
from tinyv_stream.gateway.service import GatewayService
from tinyv_stream.types import Reward

_SLOW_S: Final = 30.0
_BEAT_S: Final = 15.0
_CHUNK: Final = 256
"""Rewards per write: about 100 kB, less than a socket's buffers take at once."""

_encoder: Final = msgspec.json.Encoder()


class StreamLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the stream."""

    cursor: str
    reward: Reward


async def stream_rewards(request: web.Request, service: GatewayService, stopping: asyncio.Event) -> web.StreamResponse:
    """Write rewards until the reader leaves, the gateway stops, or with `follow=false` until none is left."""
    if not (name := request.query.get("client", "")):
        raise InvalidInputError("client", "", "name the client that posted the rollouts")
    feed = service.feed(name)
    cursor = request.query.get("cursor") or request.headers.get("Last-Event-ID", "")
    position = feed.position(cursor)
    follow = _flag(request, "follow", default=True)
    events = "text/event-stream" in request.headers.get("Accept", "")
    kind = "text/event-stream" if events else "application/x-ndjson"
    response = web.StreamResponse(headers={"Content-Type": kind, "Cache-Control": "no-store"})
    feed.readers += 1
    try:
        await response.prepare(request)
        await _copy(service, feed, position, response, stopping, events=events, follow=follow)
        await response.write_eof()
    except (ConnectionError, TimeoutError):
        if request.transport is not None:
            request.transport.abort()
    finally:
        feed.readers -= 1
        feed.touched_s = asyncio.get_running_loop().time()
    return response


async def _copy(
    service: GatewayService,
    feed: RewardLog,
    position: int,
    response: web.StreamResponse,
    stopping: asyncio.Event,
    *,
    events: bool,
    follow: bool,
) -> None:
    while True:
        rows = feed.after(position, _CHUNK)
        if rows:
            await _write(response, b"".join(_line(cursor, reward, events=events) for cursor, reward in rows))
            position = int(rows[-1][0].rpartition("-")[2])
            service.taken(feed, position)
        elif not follow or stopping.is_set():
            return
        elif not await _more(feed, position, stopping):
            await _write(response, b": waiting\n\n" if events else b"\n")


async def _more(feed: RewardLog, position: int, stopping: asyncio.Event) -> bool:
    """Wait for a reward or the end; False after a quiet while."""
    waits = [asyncio.ensure_future(feed.more(position)), asyncio.ensure_future(stopping.wait())]
    try:
        done, _ = await asyncio.wait(waits, timeout=_BEAT_S, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(_SLOW_S):
        await response.write(data)


def _line(cursor: str, reward: Reward, *, events: bool) -> bytes:
    body = _encoder.encode(StreamLine(cursor=cursor, reward=reward))
    return b"id: %s\ndata: %s\n\n" % (cursor.encode(), body) if events else body + b"\n"


def _flag(request: web.Request, name: str, *, default: bool) -> bool:
    text = request.query.get(name, str(default)).lower()
    if text not in {"true", "false", "1", "0"}:
        raise InvalidInputError(name, text, "use true or false")
    return text in {"true", "1"}
