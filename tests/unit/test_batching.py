"""Every put ends in its own answer, its call's error, or StoppedError."""

import asyncio

import pytest

from tinyv_stream.aio.batcher import Batcher, StoppedError
from tinyv_stream.aio.cancel import cancel_all


async def test_what_comes_during_a_call_goes_together_into_the_next() -> None:
    calls: list[list[int]] = []
    may_end = asyncio.Event()

    async def call(items: list[int]) -> list[int]:
        calls.append(items)
        await may_end.wait()
        return [i * 10 for i in items]

    batcher: Batcher[int, int] = Batcher(call, most=3)
    running = asyncio.create_task(batcher.run())
    puts = [asyncio.create_task(batcher.put(n)) for n in range(1)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    puts += [asyncio.create_task(batcher.put(n)) for n in range(1, 5)]
    await asyncio.sleep(0)
    may_end.set()
    assert await asyncio.gather(*puts) == [0, 10, 20, 30, 40]
    assert calls == [[0], [1, 2, 3], [4]]
    await cancel_all([running])


async def test_an_error_reaches_the_batch_that_had_it_and_no_other() -> None:
    async def call(items: list[int]) -> list[int]:
        if 1 in items:
            raise RuntimeError("one")
        return items

    batcher: Batcher[int, int] = Batcher(call, most=1)
    running = asyncio.create_task(batcher.run())
    with pytest.raises(RuntimeError, match="one"):
        await batcher.put(1)
    assert await batcher.put(2) == 2
    await cancel_all([running])


async def test_a_stop_fails_whoever_waits() -> None:
    async def call(items: list[int]) -> list[int]:
        await asyncio.Event().wait()
        return items

    batcher: Batcher[int, int] = Batcher(call, most=1)
    running = asyncio.create_task(batcher.run())
    puts = [asyncio.create_task(batcher.put(n)) for n in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await cancel_all([running])
    assert [type(r) for r in await asyncio.gather(*puts, return_exceptions=True)] == [StoppedError, StoppedError]
