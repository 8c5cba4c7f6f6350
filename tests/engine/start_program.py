"""Starts a real engine that asks for more memory than there is, and prints what the user is told.

The check that would refuse it beforehand is left out: vLLM's own words are what is looked at.
"""

import asyncio
import sys

from tinyv_stream_workers.tinyv.engines import vllm_args
from tinyv_stream_workers.tinyv.engines.vllm import VllmEngine

from tinyv_stream.config import EngineConfig
from tinyv_stream.errors import EngineStartError
from tinyv_stream.verifiers.tinyv.models import OWN


async def main(model: str, cache_mb: int) -> None:
    vllm_args.check = lambda *_: None
    engine = VllmEngine(model, OWN, EngineConfig(kv_cache_mb=cache_mb, threads=1))
    try:
        await engine.start()
    except EngineStartError as exc:
        sys.stdout.write(f"{exc.reason}\n{exc.remedy}\n")
    finally:
        await engine.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
