"""Batch gate: many read-outs together, or one alone, so that a verdict near the threshold is the same every time.

Arithmetic in bfloat16 depends a little on what else is in the batch and on what came out of the prefix cache. A
prompt asked alone and without the cache is always the same computation. All that wait to be alone go one after
the other before the others are let in again, so the batch is drained once for them all.
"""

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

MARGIN: Final = 0.25
"""In logits. The largest difference measured between batches was 0.125, one step of bfloat16 at that size."""


def is_near(p_true: float, threshold: float) -> bool:
    """Tell whether the batch could have decided rather than the prompt."""
    return abs(_logit(p_true) - _logit(threshold)) < MARGIN


def _logit(p: float) -> float:
    if not 0 < p < 1:
        return math.copysign(math.inf, p - 0.5)
    return math.log(p / (1 - p))


class BatchGate:
    """Used from one event loop. A cancelled holder leaves as it would at its end."""

    def __init__(self) -> None:
        self._readers = 0
        self._waiting = 0
        self._lock = asyncio.Lock()
        self._open = asyncio.Event()
        self._idle = asyncio.Event()
        self._open.set()
        self._idle.set()

    @asynccontextmanager
    async def shared(self) -> AsyncGenerator[None]:
        """Hold the gate with others; waits while anyone is alone or wants to be."""
        while not self._open.is_set():
            await self._open.wait()
        self._readers += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers:
                self._idle.set()

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """Hold the gate alone, once those inside have left."""
        self._waiting += 1
        self._open.clear()
        try:
            async with self._lock:
                await self._idle.wait()
                yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._open.set()
