"""A real engine in a process of its own: reads what it is asked, by several rows one after the other, and ends.

JSON in: a model and rounds, each of a row, prompts and `forget`. JSON out: the readings of each round, in
the order of its prompts. A second engine within the tests' own process would share the end of the first.
"""

import asyncio
import sys

import msgspec
from tinyv_stream_workers.tinyv.engines.vllm import VllmEngine

from tinyv_stream.config import EngineConfig
from tinyv_stream.verifiers.tinyv.models import ModelRow
from tinyv_stream.verifiers.tinyv.read_out import Reading


class Round(msgspec.Struct):
    row: ModelRow
    prompts: list[str]
    forget: bool = False


class Asked(msgspec.Struct):
    model: str
    rounds: list[Round]
    context: int = 4096


async def main(asked: Asked) -> list[list[Reading]]:
    engine = VllmEngine(
        asked.model, asked.rounds[0].row, EngineConfig(kv_cache_mb=128, threads=1, max_model_len=asked.context)
    )
    await engine.start()
    try:
        return [await answered(engine, turn) for turn in asked.rounds]
    finally:
        await engine.stop()


async def answered(engine: VllmEngine, turn: Round) -> list[Reading]:
    assert engine._llm is not None
    engine._row = turn.row
    engine._prepare(engine._llm)  # words and sampling of this row: the same engine, read in another way
    if turn.forget:
        await engine.forget()
    return await asyncio.gather(*(engine.read(prompt) for prompt in turn.prompts))


if __name__ == "__main__":
    found = asyncio.run(main(msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)))
    sys.stdout.buffer.write(b"\n" + msgspec.json.encode(found))
