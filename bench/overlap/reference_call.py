"""Verification as the reference does it: rules, then a synchronous call to an OpenAI server (uw-nsl/TinyV, MIT).

- Eight new tokens at temperature 0, and the reply is right if it holds "true" anywhere.
- Where the model's tokenizer has a token each for True and False, only those two may be said, and the reply ends after
  the first: the same two that our engine reads its probability from. Other models reply freely.
- Whatever fails is a reward of 0, as there; here it is also counted.
- Kinder than the reference: rules and prompt are ours (so that only the pattern differs), replies end after the one
  word, nothing is called at import, imports are made once for all processes, and a failed call is not retried.
"""

import http.client
import json
import time
from functools import lru_cache
from typing import Any, Final

import aiohttp
import msgspec

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.rules.graders import Check, load
from tinyv_stream.verifiers.tinyv.models import ModelRow
from tinyv_stream.verifiers.tinyv.prompts import PromptBuilder, Refused
from tinyv_stream.verifiers.tinyv.question import QuestionRule

TIMEOUT_S: Final = 120.0
GRADER: Final = "cascade"
_WORDS: Final = ("True", "False")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An OpenAI server on this machine, and the row of the model that it serves."""

    port: int
    model: str
    row: ModelRow
    words: tuple[int, int] | None = None
    """The tokens of True and False, where the model has a single one for each and is read by them."""

    @property
    def url(self) -> str:
        """Where a chat is completed."""
        return f"http://127.0.0.1:{self.port}/v1/chat/completions"


class ReferenceCall(msgspec.Struct, frozen=True, kw_only=True):
    """One rollout, and where to ask."""

    rollout_id: str
    question: str
    completion: str
    ground_truth: str
    server: Endpoint


class CallAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job. `reply` is None where the server was not asked, or did not answer (`error`)."""

    rollout_id: str
    value: float
    reply: str | None = None
    error: str = ""
    rule_s: float = 0.0
    call_s: float | None = None
    at: float = 0.0
    """When it was known, on the machine's monotonic clock."""


def warm() -> None:
    """Load the graders, so that no rollout pays for it."""
    load(GRADER).grade(Check("x = 2", "3 - 1"))


def grade(job: ReferenceCall) -> tuple[CallAnswer, dict[str, Any] | None]:
    """Let the rules look; return their answer, and the request to send where they refuse."""
    began = time.monotonic()
    grader = _grader()
    model_answer = grader.extract(job.completion, job.ground_truth)
    check = Check(model_answer, job.ground_truth, job.question)
    verdict = grader.fast(check) or grader.grade(check)
    now = time.monotonic()
    answer = CallAnswer(rollout_id=job.rollout_id, value=0.0, rule_s=now - began, at=now)
    if verdict.outcome is Outcome.CORRECT:
        return msgspec.structs.replace(answer, value=1.0), None
    prompt = PromptBuilder(job.server.row).build(QuestionRule().strip(job.question), job.ground_truth, model_answer)
    if isinstance(prompt, Refused):
        return msgspec.structs.replace(answer, error=prompt.reason), None
    return answer, _request(job.server, prompt)


def _request(server: Endpoint, prompt: str) -> dict[str, Any]:
    row, turns = server.row, [{"role": "user", "content": prompt}]
    request: dict[str, Any] = {"model": server.model, "max_tokens": row.max_tokens, "temperature": 0}
    if row.prefill:
        turns.append({"role": "assistant", "content": row.prefill})
        request |= {"add_generation_prompt": False, "continue_final_message": True}
    if server.words:
        request |= {"allowed_token_ids": server.words, "stop": _WORDS, "include_stop_str_in_output": True}
    return request | {"messages": turns}


def read(answer: CallAnswer, body: bytes, call_s: float) -> CallAnswer:
    """Return the answer with the server's reply read as the reference reads it."""
    reply = json.loads(body)["choices"][0]["message"]["content"] or ""
    value = float("true" in reply.lower())
    return msgspec.structs.replace(answer, reply=reply, value=value, call_s=call_s, at=time.monotonic())


async def ask(
    http_: aiohttp.ClientSession, answer: CallAnswer, request: dict[str, Any], server: Endpoint
) -> CallAnswer:
    """Make the call that the rules' answer needs; what fails is a reward of 0 with its error."""
    began = time.monotonic()
    try:
        async with http_.post(server.url, json=request) as response:
            body = await response.read()
            if response.status != http.client.OK:
                return msgspec.structs.replace(answer, error=f"status {response.status}")
        return read(answer, body, time.monotonic() - began)
    except (aiohttp.ClientError, TimeoutError, ValueError, LookupError) as exc:
        return msgspec.structs.replace(answer, error=type(exc).__name__)


def verify(job: ReferenceCall) -> CallAnswer:
    """Verify one rollout; blocks."""
    answer, request = grade(job)
    if request is None:
        return answer
    began = time.monotonic()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", job.server.port, timeout=TIMEOUT_S)
        connection.request("POST", "/v1/chat/completions", json.dumps(request), {"Content-Type": "application/json"})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != http.client.OK:
            return msgspec.structs.replace(answer, error=f"status {response.status}")
        return read(answer, body, time.monotonic() - began)
    except (OSError, http.client.HTTPException, ValueError, LookupError) as exc:
        return msgspec.structs.replace(answer, error=type(exc).__name__)


@lru_cache(maxsize=1)
def _grader() -> Any:  # noqa: ANN401 a Grader; lru_cache loses nothing but its name
    return load(GRADER)
