"""Cost of the reference's pattern on a server: its time, and the tokens that the server computes for it."""

import asyncio
import re
import signal
import sys
from typing import Final, Protocol

import aiohttp
import msgspec

from bench.engine.parts import CpuWatch, EngineRate
from bench.engine.reference_program import ReferenceJob, ReferenceOutcome
from tinyv_stream.errors import EngineError
from tinyv_stream.processes.die_with_parent import tied_command

_COUNTER: Final = re.compile(r"^(vllm:\w+?)(?:_total)?(?:\{[^}]*\})? ([\d.e+]+)$", re.MULTILINE)
_COUNTERS: Final = ("vllm:prompt_tokens", "vllm:prefix_cache_hits", "vllm:generation_tokens")


class ReferenceServer(Protocol):
    """An OpenAI server on this machine."""

    @property
    def port(self) -> int:
        """Where it listens."""
        ...

    @property
    def model(self) -> str:
        """What it calls its model."""
        ...


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the pattern. `computed` are the tokens that went through the model, the prefix cache's left out."""

    rate: EngineRate
    wall_s: float
    written: int
    computed: int
    hit_rate: float


async def pattern(server: ReferenceServer, prompts: list[str], *, as_published: bool = False) -> Pattern:
    """Run the pattern once, in a program of its own; raises EngineError with its last line if a call fails."""
    before, watch = await _counters(server), CpuWatch()
    outcome = await _program(
        ReferenceJob(port=server.port, model=server.model, prompts=prompts, as_published=as_published)
    )
    rate = watch.rate(len(prompts), seconds=outcome.wall_s, others_cpu_s=outcome.cpu_s)
    prompt, hits, written = (after - b for after, b in zip(await _counters(server), before, strict=True))
    return Pattern(
        rate=rate,
        wall_s=outcome.wall_s,
        written=outcome.written,
        # The first token of a reply comes out of the prompt's own pass; each further one is a pass of one token.
        computed=round(prompt - hits + written) - len(prompts),
        hit_rate=hits / max(1.0, prompt),
    )


async def _program(job: ReferenceJob) -> ReferenceOutcome:
    command = [sys.executable, "-P", "-m", "bench.engine.reference_program"]
    process = await asyncio.create_subprocess_exec(
        *tied_command(command, signal.SIGKILL),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await process.communicate(msgspec.json.encode(job))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = err.decode(errors="replace").splitlines()
        raise EngineError(f"the reference's pattern failed: {lines[-1] if lines else 'it said nothing'}")
    return msgspec.json.decode(out, type=ReferenceOutcome)


async def _counters(server: ReferenceServer) -> list[float]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{server.port}/metrics") as response:
        text = await response.text()
    found = dict.fromkeys(_COUNTERS, 0.0)
    for name, value in _COUNTER.findall(text):
        if name in found:
            found[name] += float(value)
    return list(found.values())
