"""A worker process in small: starts a real engine, says so, and waits to be killed, or for the end of its test."""

import asyncio
import sys

from tinyv_stream_workers.tinyv.engines.vllm import VllmEngine

from tinyv_stream.config import EngineConfig
from tinyv_stream.verifiers.tinyv.models import OWN


async def main(model: str) -> None:
    engine = VllmEngine(model, OWN, EngineConfig(kv_cache_mb=64, threads=1))
    await engine.start()
    sys.stdout.write("up\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await engine.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
