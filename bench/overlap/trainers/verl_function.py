"""verl's custom reward function of mode `verl`: asynchronous, rules first, then a call to the OpenAI server.

Runs inside verl's reward-loop actors, which load it by `pkg://`. One HTTP session per actor, no limit of its own.
"""

from functools import lru_cache
from typing import Any

import aiohttp
import msgspec

from bench.overlap.reference_call import TIMEOUT_S, ReferenceCall, ask, grade


async def compute_score(
    data_source: str,  # noqa: ARG001 verl's names
    solution_str: str,
    ground_truth: str,
    extra_info: dict[str, Any],
    **_: Any,  # noqa: ANN401 as verl calls it
) -> dict[str, Any]:
    """Return the score, and beside it what the answer was made of: the same keys for every sample."""
    job = msgspec.convert(extra_info["job"], ReferenceCall)
    job = msgspec.structs.replace(job, completion=solution_str, ground_truth=ground_truth)
    answer, request = grade(job)
    if request is not None:
        answer = await ask(_http(), answer, request, job.server)
    return {"score": answer.value, "answer": msgspec.to_builtins(answer)}


@lru_cache(maxsize=1)
def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), connector=aiohttp.TCPConnector(limit=0)
    )
