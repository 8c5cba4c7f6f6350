"""Ending tasks for certain."""

import asyncio
from collections.abc import Sequence
from typing import Any

_AGAIN_S = 0.2


async def cancel_all(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancel `tasks` until each has ended, and swallow how.

    Once may not be enough: a library can lose a cancellation that meets an arriving reply.
    """
    while pending := [t for t in tasks if not t.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()
