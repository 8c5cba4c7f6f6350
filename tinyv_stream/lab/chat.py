"""One question to a language model behind an OpenAI-compatible server, one short text back.

- What the model writes is hostile text: bounded in bytes, returned as it is, never followed.
- Greedy; nothing is retried. A server that fails, or a reply that cannot be read, is None and counted by the caller.
- With a `shape` the server is asked to let the model say nothing else (one of a few words, or a list of strings as
  JSON); a server that knows no such thing is asked again without.
"""

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import msgspec

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.verifiers.tinyv.openai_messages import Reply

_log: Final = logging.getLogger(__name__)
_TIMEOUT_S: Final = 120.0
"""Of one question: a reply of 512 tokens on a CPU takes half of it."""
_REPLY_BYTES: Final = 64 * 1024


class Chat:
    """One model on one server; `async with` opens its session. Its key comes from `OPENAI_API_KEY`, if it wants one."""

    def __init__(self, url: str, model: str, *, together: int = 16) -> None:
        self._url = url.rstrip("/")
        self.model = model
        self._gate = asyncio.Semaphore(together)
        self._session: aiohttp.ClientSession | None = None
        self._knows_shapes = True

    async def __aenter__(self) -> Self:
        key = os.environ.get("OPENAI_API_KEY", "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S), headers=headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, text: str, *, max_tokens: int, shape: Mapping[str, Any] | None = None) -> str | None:
        """Return the model's reply to one user turn; None if there is none. A cancellation leaves nothing behind."""
        body: dict[str, Any] = {
            "model": self.model,
            "temperature": 0,
            "max_tokens": max_tokens,
            "messages": [{"role": "user", "content": text}],
        }
        async with self._gate:
            if not (shape and self._knows_shapes):
                return (await self._post(body))[1]
            status, reply = await self._post(body | dict(shape))
            if status != 400:
                return reply
            status, reply = await self._post(body)
            if status == 200:  # otherwise it was the question that is refused, say as too long, and not the shape
                self._knows_shapes = False
            return reply

    async def _post(self, body: dict[str, Any]) -> tuple[int, str | None]:
        if self._session is None:
            raise RuntimeError("open the Chat with `async with` first")
        try:
            async with self._session.post(f"{self._url}/chat/completions", json=body) as response:
                raw = await _bounded(response)
                if response.status != 200:
                    _log.warning("no reply from %s: status %d", self.model or self._url, response.status)
                    return response.status, None
            reply = msgspec.json.decode(raw, type=Reply)
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError) as exc:
            _log.warning("no reply from %s: %s", self.model or self._url, type(exc).__name__)
            return 0, None
        return 200, reply.choices[0].message.content if reply.choices else None


def one_of(words: Sequence[str]) -> dict[str, Any]:
    """Return the shape of a reply that is one of `words` (vLLM's structured outputs; most other servers ignore it)."""
    return {"structured_outputs": {"choice": list(words)}}


def strings(count: int, longest: int) -> dict[str, Any]:
    """Return the shape of a reply that is a JSON list of `count` strings (OpenAI's and vLLM's `response_format`)."""
    schema = {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": longest},
        "minItems": count,
        "maxItems": count,
    }
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "strings", "schema": schema}}}


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    raw = b""
    async for chunk in response.content.iter_any():
        raw += chunk
        if len(raw) > _REPLY_BYTES:
            break
    return raw


def parse_address(option: str, text: str) -> tuple[str, str]:
    """Split `http://host/v1#MODEL` into URL and model; raise InvalidInputError naming `option`."""
    url, _, model = text.partition("#")
    if not url.startswith(("http://", "https://")):
        raise InvalidInputError(option, text, "write URL#MODEL, such as http://127.0.0.1:8000/v1#qwen")
    return url, model
