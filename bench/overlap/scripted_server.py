"""OpenAI server without a model, for a quick look and for tests: the scripted engine behind HTTP."""

import asyncio
import os
import sys
from typing import Final

from aiohttp import web
from tinyv_stream_workers.tinyv.engines.scripted import DELAY_ENV, by_rule

from bench.overlap.paced import Servers

_ROOM: Final = web.AppKey("room", asyncio.Semaphore)
_SERVERS: Final = web.AppKey("servers", Servers)
_TOKENS: Final = {"True": 1, "False": 2}


async def _complete(request: web.Request) -> web.Response:
    body = await request.json()
    if _SERVERS in request.app:
        await request.app[_SERVERS].serve()
    else:
        async with request.app[_ROOM]:
            await asyncio.sleep(float(os.environ.get(DELAY_ENV, "0")))
    p_true = by_rule(body["messages"][-1]["content"])
    reply = "True" if p_true is not None and p_true >= 0.5 else "False"
    return web.json_response({"choices": [{"message": {"role": "assistant", "content": reply}}]})


async def _tokenize(request: web.Request) -> web.Response:
    return web.json_response({"tokens": [_TOKENS[(await request.json())["prompt"]]]})


async def _health(_: web.Request) -> web.Response:
    return web.Response()


def main() -> None:
    """Serve on the port that is given, that many requests at a time, until killed."""
    app = web.Application()
    app[_ROOM] = asyncio.Semaphore(int(sys.argv[2]))
    if servers := Servers.from_environment():
        app[_SERVERS] = servers
    app.add_routes([web.get("/health", _health), web.post("/tokenize", _tokenize)])
    app.add_routes([web.post("/v1/chat/completions", _complete)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
