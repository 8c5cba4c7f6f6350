"""Micro-batcher for many awaiting callers: items gather while a call is under way, and an idle batcher never waits.

- Every `put` ends in its own answer, the call's exception, or StoppedError.
- One call at a time, in the order of the puts.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from tinyv_stream.errors import TinyVError

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class StoppedError(TinyVError):
    """The batcher ended before this item had its answer; the item may have been sent."""


class Batcher(Generic[Item, Answer]):
    """Runs `call` on up to `most` items; `run` must be running for `put` to return."""

    def __init__(self, call: Callable[[list[Item]], Awaitable[Sequence[Answer]]], *, most: int) -> None:
        self._call = call
        self._most = most
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._some = asyncio.Event()
        self._has_ended = False

    def __len__(self) -> int:
        """How many items wait for a call."""
        return len(self._waiting)

    async def put(self, item: Item) -> Answer:
        """Return the answer for `item`. A cancellation gives up the answer; the item may be sent all the same."""
        return await self.offer(item)

    def offer(self, item: Item) -> asyncio.Future[Answer]:
        """Return the future answer for `item`; whoever knows better may set it before the call does."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if self._has_ended:
            future.set_exception(StoppedError("stopped"))
            return future
        self._waiting.append((item, future))
        self._some.set()
        return future

    async def run(self) -> None:
        """Make the calls until cancelled; then every waiting put raises StoppedError."""
        batch: list[tuple[Item, asyncio.Future[Answer]]] = []
        try:
            while True:
                await self._some.wait()
                batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                if not self._waiting:
                    self._some.clear()
                await self._answer([b for b in batch if not b[1].done()])
        finally:
            self._has_ended = True
            for _, future in (*batch, *self._waiting):
                if not future.done():
                    future.set_exception(StoppedError("stopped"))
                    future.exception()

    async def _answer(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        if not batch:
            return
        try:
            answered = list(zip(batch, await self._call([item for item, _ in batch]), strict=True))
        except Exception as exc:  # noqa: BLE001 the callers get it: each put raises what its call raised
            for _, future in batch:
                if not future.done():
                    future.set_exception(exc)
            return
        for (_, future), answer in answered:
            if not future.done():
                future.set_result(answer)
