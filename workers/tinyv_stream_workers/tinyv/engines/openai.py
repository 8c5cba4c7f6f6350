"""An OpenAI-compatible server as the engine: for those who keep their own `vllm serve`, SGLang or the like.

- The server owns model, batch and template; this file owns nothing but one HTTP session.
- P(true) comes from the top log-probabilities of the first token. Where only one of the two words is among them,
  the other counts as the least likely of those shown: the probability is then a bound, on the safe side of 1.
- A server that cannot be reached or is overloaded is an engine that died: work goes back, and the supervisor looks
  again with growing pauses. It is not ours to start or to kill.
"""

import asyncio
import logging
import os
from typing import Any, Final

import aiohttp
import msgspec

from tinyv_stream.config import EngineConfig
from tinyv_stream.errors import EngineDiedError, EngineStartError
from tinyv_stream.verifiers.tinyv.models import ModelRow
from tinyv_stream.verifiers.tinyv.openai_messages import Model, Models, Reply, Token, Usage
from tinyv_stream.verifiers.tinyv.read_out import Reading, p_true
from tinyv_stream_workers.tinyv.engines.api import PromptTooLongError

_log: Final = logging.getLogger(__name__)

_TOP: Final = 20
"""Most log-probabilities that OpenAI's interface and vLLM's default give."""
_CAPACITY: Final = 64
_CONNECT_S: Final = 10.0
_OVERLOADED: Final = frozenset({429, 502, 503, 504})


_reply: Final = msgspec.json.Decoder(Reply)
_models: Final = msgspec.json.Decoder(Models)


class OpenAIEngine:
    """Implements Engine over HTTP; the key is taken from `OPENAI_API_KEY` where the server wants one."""

    def __init__(self, model: str, row: ModelRow, config: EngineConfig) -> None:
        self._wanted = model
        self._row = row
        self._config = config
        self._url = config.url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._model = Model(model)

    @property
    def capacity(self) -> int:
        """Requests that are open at once."""
        return self._config.max_num_seqs or _CAPACITY

    @property
    def markers(self) -> tuple[str, ...]:
        """None are known: the tokenizer is the server's. The general rules of prompts hold."""
        return ()

    def describe(self) -> dict[str, str]:
        """Say where the server is and which model it was asked for."""
        return {"engine": "openai", "version": self._url, "model": self._model.id}

    async def fetch(self) -> None:
        """Look whether the server serves the model; raise EngineStartError if it does not: it is not ours to load."""
        try:
            await self.start()
        finally:
            await self.stop()
        if self._model.id != self._wanted:
            raise EngineStartError(f"{self._url} does not serve {self._wanted}", "load it on the server first")

    async def sleep(self) -> None:
        """Nothing but silence: the server and its memory are not ours."""

    async def wake(self) -> None:
        """Nothing: the next read is a request like any other."""

    async def start(self) -> None:
        """Find the model on the server; raise EngineStartError naming the URL if there is none."""
        key = os.environ.get("OPENAI_API_KEY", "")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.capacity + 1),  # one more, for the sign of life
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )
        try:
            self._model = await self._found()
        except BaseException:  # also a cancellation: no session is left open
            await self.stop()
            raise
        if self._model.id != self._wanted:
            _log.warning("%s does not serve %s: its %s is asked", self._url, self._wanted, self._model.id)

    async def _found(self) -> Model:
        try:
            async with asyncio.timeout(_CONNECT_S):
                served = await self._served()
        except (EngineDiedError, TimeoutError) as exc:
            raise EngineStartError(
                f"{self._url} does not answer as an OpenAI-compatible server: {exc}",
                "start the server, or correct tinyv.engine.url (it ends in /v1)",
            ) from exc
        named = [model for model in served if model.id == self._wanted] or served[:1]
        if not named:
            raise EngineStartError(f"{self._url} serves no model", "load one on the server")
        return named[0]

    async def stop(self) -> None:
        """Close the session; the server stays as it is."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def kill(self) -> None:
        """Nothing: the server is not ours."""

    async def beat(self) -> None:
        """Ask for the list of models, which every such server has."""
        await self._served()

    async def read(self, prompt: str, *, priority: int = 0, fresh: bool = False) -> Reading:  # noqa: ARG002 - not its
        """Ask the server once; see Engine.read. It orders requests as they come."""
        status, body = await self._send("POST", "/chat/completions", self._request(prompt))
        if status == 400 and b"context" in body:
            raise PromptTooLongError(len(prompt) // 4, self._model.max_model_len or 0)
        if status != 200:
            _log.warning("the server refused a request with %d; its rollout is undecided", status)
            return Reading()
        try:
            return self._reading(_reply.decode(body))
        except msgspec.MsgspecError:
            _log.warning("the server's reply cannot be read; its rollout is undecided")
            return Reading()

    def _request(self, prompt: str) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._model.id,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": self._row.max_tokens,
        }
        if self._row.read_out == "one_token":
            request |= {"max_tokens": 1, "logprobs": True, "top_logprobs": _TOP}
        if self._row.prefill.startswith("<think>"):
            request["chat_template_kwargs"] = {"enable_thinking": False}  # Qwen3's own way to the same prefix
        return request

    def _reading(self, reply: Reply) -> Reading:
        choice = reply.choices[0]
        if choice.finish_reason == "abort":
            return Reading()
        places = (choice.logprobs.content or []) if choice.logprobs else []
        usage = reply.usage or Usage()
        details = usage.prompt_tokens_details
        return Reading(
            p_true=_of_words(places[0].top_logprobs, self._row.words)
            if places and self._row.read_out == "one_token"
            else None,
            text=choice.message.content or "",
            is_cut=choice.finish_reason == "length",
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=(details.cached_tokens or 0) if details else 0,
        )

    async def _served(self) -> list[Model]:
        status, body = await self._send("GET", "/models")
        if status != 200:
            raise EngineDiedError(f"{self._url} answers {status}")
        try:
            return _models.decode(body).data
        except ValueError as exc:  # msgspec's errors are, and so is that of bytes that are no UTF-8
            raise EngineDiedError(f"{self._url} answers with something else than its models: {exc}") from exc

    async def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        if self._session is None:
            raise EngineDiedError("the engine is not running")
        try:
            async with self._session.request(method, self._url + path, json=body) as response:
                if response.status in _OVERLOADED:
                    raise EngineDiedError(f"{self._url} answers {response.status}")
                return response.status, await response.read()
        except (aiohttp.ClientError, OSError) as exc:
            raise EngineDiedError(f"{self._url}: {exc or type(exc).__name__}") from exc


def _of_words(shown: list[Token], words: tuple[str, str]) -> float | None:
    """Return P(true) from the likeliest tokens, or None where neither word is among them."""
    found = {token.token: token.logprob for token in shown if token.token in words}
    if not found:
        return None
    floor = min(token.logprob for token in shown)
    return p_true(*(found.get(word, floor) for word in words))
