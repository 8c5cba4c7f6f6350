"""All shards of a pool, opened together: one link each.

A link retries by itself, so a shard whose node is away holds up its own rollouts only. Opening needs all of them.
"""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Generic, TypeVar

from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.config import BrokerConfig

Side = TypeVar("Side", bound=ShardClient)


class Shards(Generic[Side]):
    """Opened by `async with`, which gives the links in the order of their shards; raises as a link does."""

    def __init__(self, side: type[Side], url: str, config: BrokerConfig) -> None:
        self._side = side
        self._url = url
        self._config = config
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> tuple[Side, ...]:
        """Connect to the first shard, which knows how many there are, and then to the others."""
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(self._side(self._url, self._config))
            links = [first]
            for shard in range(1, first.shards):
                link = self._side(self._url, self._config, shard=shard, shards=first.shards)
                links.append(await stack.enter_async_context(link))
            self._stack = stack.pop_all()
        return tuple(links)

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Disconnect; the servers keep everything."""
        await self._stack.aclose()
