"""Ticket that `submit` returns: a promise of exactly one reward."""

import asyncio
from collections.abc import Awaitable, Callable, Generator

from tinyv_stream.types import Reward


class Ticket:
    """Await it for the reward, as often and from as many tasks as you like.

    A cancelled awaiter leaves the rollout running; `cancel` ends it. Raises ClientClosedError when the client is left
    before the reward came.
    """

    def __init__(self, rollout_id: str, group_id: str, cancel: Callable[[str], Awaitable[None]]) -> None:
        self.rollout_id = rollout_id
        self.group_id = group_id
        self._cancel = cancel
        self._reward: asyncio.Future[Reward] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[None, None, Reward]:
        """Return the reward."""
        return asyncio.shield(self._reward).__await__()

    @property
    def done(self) -> bool:
        """Whether the reward is there."""
        return self._reward.done()

    async def cancel(self) -> None:
        """End the rollout with a reward of status `cancelled`, unless it has its reward already."""
        await self._cancel(self.rollout_id)

    def settle(self, reward: Reward) -> None:
        """Set the reward. For the ledger."""
        if not self._reward.done():
            self._reward.set_result(reward)

    def fail(self, error: Exception) -> None:
        """End every await with `error`. For the client, when it is left."""
        if not self._reward.done():
            self._reward.set_exception(error)
            self._reward.exception()  # awaiting it is the caller's choice: no "never retrieved" warning
