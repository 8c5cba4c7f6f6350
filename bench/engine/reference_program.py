"""TinyV's reference pattern, alone in a program (uw-nsl/TinyV, MIT): a fresh pool of 64 processes, synchronous calls.

Reads a Job as JSON on stdin and writes an Outcome on stdout; the clock runs from the pool's making to its last answer.

- Eight new tokens at temperature 0, one call per rollout, nothing coalesced, at most 64 under way.
- Kinder than the reference: its processes are forked with everything imported, and call with the standard library.
  With `as_published` each of them imports the client library and asks for the served models first, as there.
- A call that fails ends the run with a traceback: a benchmark of failures would be no benchmark.
"""

import http.client
import json
import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from typing import Any, Final

import msgspec

PROCESSES: Final = 64
"""The reference's pool (`num_processes`), which is also its most calls in flight."""
MAX_TOKENS: Final = 8
_TIMEOUT_S: Final = 900.0
"""Longer than the reference's 300 s: on a small machine its calls would end as failures, which it scores 0."""


class ReferenceJob(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask, and where."""

    port: int
    model: str
    prompts: list[str]
    as_published: bool = False


class ReferenceOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What it took. `cpu_s` is the pattern's own, without the server's; `written` are the tokens of all replies."""

    wall_s: float
    cpu_s: float
    written: int


def run(job: ReferenceJob) -> ReferenceOutcome:
    """Ask for every prompt; blocks. Raises what the first failed call raised."""
    began = time.monotonic()
    ask = partial(_through_client if job.as_published else _call, job.port, job.model)
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("fork")) as pool:
        written = sum(pool.map(ask, job.prompts))
    wall_s = time.monotonic() - began
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return ReferenceOutcome(wall_s=wall_s, cpu_s=sum(s.ru_utime + s.ru_stime for s in spent), written=written)


def _call(port: int, model: str, prompt: str) -> int:
    """Return how many tokens the reply has."""
    turn = [{"role": "user", "content": prompt}]
    body = json.dumps({"model": model, "messages": turn, "max_tokens": MAX_TOKENS, "temperature": 0})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read())
        if response.status != http.client.OK:
            raise RuntimeError(f"status {response.status}: {answer}")
        return int(answer["usage"]["completion_tokens"])
    finally:
        connection.close()


def _through_client(port: int, model: str, prompt: str) -> int:
    """Do the same by the library that the reference uses, loaded again in each process."""
    client = _client(port)
    turn = [{"role": "user", "content": prompt}]
    reply = client.chat.completions.create(model=model, messages=turn, max_completion_tokens=MAX_TOKENS, temperature=0)
    return int(reply.usage.completion_tokens)


@lru_cache(maxsize=1)
def _client(port: int) -> Any:  # noqa: ANN401 imported late, because the import is what is measured
    from openai import OpenAI

    client = OpenAI(api_key="none", base_url=f"http://127.0.0.1:{port}/v1", timeout=_TIMEOUT_S, max_retries=0)
    client.models.list()
    return client


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(run(msgspec.json.decode(sys.stdin.buffer.read(), type=ReferenceJob))))
