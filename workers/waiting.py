"""Waiting for work or for the order to stop, whichever comes first."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from tinyv_stream.tasks import cancel_all

T = TypeVar("T")


async def unless(stop: asyncio.Event, work: Coroutine[object, object, T], *, patience_s: float = 0.0) -> T | None:
    """Return what `work` returns, or None if `stop` came first and `work` did not end within `patience_s` of it."""
    task = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait((task,), timeout=patience_s)
        return task.result() if task.done() else None
    finally:
        await cancel_all((task, stopping))
