"""The iterator behind `client.rewards()`."""

import asyncio
from collections.abc import Callable
from typing import Self

from tinyv_stream.types import Reward


class RewardStream:
    """Rewards in the order they arrive; `async for` over it, or leave it by `close`."""

    def __init__(self, closed: Callable[["RewardStream"], object]) -> None:
        self._queue: asyncio.Queue[Reward | None] = asyncio.Queue()
        self._closed = closed

    def __aiter__(self) -> Self:
        """Return itself: an iterator is read by one task."""
        return self

    async def __anext__(self) -> Reward:
        """Return the next reward. A cancellation loses none."""
        reward = await self._queue.get()
        if reward is None:
            self._queue.put_nowait(None)
            raise StopAsyncIteration
        return reward

    def add(self, reward: Reward) -> None:
        """Append a reward. For the client."""
        self._queue.put_nowait(reward)

    def close(self) -> None:
        """End the iteration after what is buffered; may be called twice."""
        self._closed(self)
        self._queue.put_nowait(None)
