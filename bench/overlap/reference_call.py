"""One rollout verified the reference's way: rules, then a synchronous call to an OpenAI server (uw-nsl/TinyV, MIT).

- Eight new tokens at temperature 0, and the reply is right if it holds "true" anywhere.
- Whatever fails is a reward of 0, as there; here it is also counted.
- Kinder than the reference: rules and prompt are ours (so that only the pattern differs), replies end after the one
  word, nothing is called at import, imports are made once for all processes, and a failed call is not retried.
"""

import http.client
import json
import time
from functools import lru_cache
from typing import Any, Final

import msgspec

from tinyv_stream.types import Outcome
from workers.rule.graders import Check, load
from workers.tinyv.models import ModelRow
from workers.tinyv.prompts import PromptBuilder, Refused
from workers.tinyv.question import QuestionRule

MAX_TOKENS: Final = 8
TIMEOUT_S: Final = 120.0
GRADER: Final = "cascade"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One rollout, and where to ask."""

    rollout_id: str
    question: str
    completion: str
    ground_truth: str
    port: int
    model: str
    row: ModelRow


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job. `reply` is None where the server was not asked, or did not answer (`error`)."""

    rollout_id: str
    value: float
    reply: str | None = None
    error: str = ""
    rule_s: float = 0.0
    call_s: float | None = None


def warm() -> None:
    """Load the graders, so that no rollout pays for it."""
    load(GRADER).grade(Check("x = 2", "3 - 1"))


def grade(job: Job) -> tuple[Answer, dict[str, Any] | None]:
    """Let the rules look; return their answer, and the request to send where they refuse."""
    began = time.monotonic()
    grader = _grader()
    model_answer = grader.extract(job.completion)
    check = Check(model_answer, job.ground_truth, job.question)
    verdict = grader.fast(check) or grader.grade(check)
    answer = Answer(rollout_id=job.rollout_id, value=0.0, rule_s=time.monotonic() - began)
    if verdict.outcome is Outcome.CORRECT:
        return msgspec.structs.replace(answer, value=1.0), None
    prompt = PromptBuilder(job.row).build(QuestionRule().strip(job.question), job.ground_truth, model_answer)
    if isinstance(prompt, Refused):
        return msgspec.structs.replace(answer, error=prompt.reason), None
    turn = [{"role": "user", "content": prompt}]
    # Constrained to both words: the embedded verifier was trained to tell them apart, not to say nothing else.
    words = {"choice": ["True", "False"]}
    request = {"model": job.model, "messages": turn, "max_tokens": MAX_TOKENS, "temperature": 0}
    return answer, request | {"structured_outputs": words}


def read(answer: Answer, body: bytes, call_s: float) -> Answer:
    """Return the answer with the server's reply read as the reference reads it."""
    reply = json.loads(body)["choices"][0]["message"]["content"] or ""
    return msgspec.structs.replace(answer, reply=reply, value=float("true" in reply.lower()), call_s=call_s)


def verify(job: Job) -> Answer:
    """Verify one rollout; blocks."""
    answer, request = grade(job)
    if request is None:
        return answer
    began = time.monotonic()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", job.port, timeout=TIMEOUT_S)
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
