"""No pool in two halves: whoever starts at once, with whichever lists, two that share a server see the same pool."""

import asyncio
import itertools
import uuid
from collections.abc import Iterator

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from tinyv_stream.broker import server_set
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import TinyVError
from tinyv_stream.testing import EmbeddedServer

SERVERS = 3
STARTS = st.lists(
    st.tuples(
        st.lists(st.integers(0, SERVERS - 1), min_size=1, max_size=SERVERS, unique=True),  # its list, in its order
        st.integers(0, 3),  # after how many turns of the loop it begins
        st.one_of(st.none(), st.integers(1, 60)),  # after how many it is cancelled
    ),
    min_size=2,
    max_size=7,
)
View = tuple[frozenset[str], tuple[str, ...]]
"""The servers that one start was given, and their order as it sees it."""


@pytest.fixture(scope="module")
def three() -> Iterator[list[EmbeddedServer]]:
    running = [EmbeddedServer(maxmemory_mb=64) for _ in range(SERVERS)]
    loop = asyncio.new_event_loop()
    try:
        for one in running:
            loop.run_until_complete(one.start())
        yield running
        for one in running:
            loop.run_until_complete(one.stop())
    finally:
        for one in running:
            one.kill()
        loop.close()


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def start(urls: tuple[str, ...], pool: str, begins: int) -> View:
    await turns(begins)
    async with ShardClient(",".join(urls), BrokerConfig(pool=pool)) as link:
        if len(urls) == 1:
            return frozenset(urls), urls
        seats = [await server_set.seat_of(link.url, pool, shard) for shard in range(link.shards)]
    return frozenset(urls), tuple(seat.url for seat in seats)


async def views_of(starts: list[tuple[list[int], int, int | None]], urls: list[str], pool: str) -> list[View]:
    """Start all at once; return what those see that came up."""
    tasks: list[asyncio.Task[View]] = []
    for own, begins, ends in starts:
        task = asyncio.create_task(start(tuple(urls[n] for n in own), pool, begins))
        tasks.append(task)
        if ends is not None:
            asyncio.create_task(turns(ends)).add_done_callback(lambda _, task=task: task.cancel())  # type: ignore[misc]
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    unexpected = [e for e in ended if not isinstance(e, tuple | TinyVError | asyncio.CancelledError)]
    assert unexpected == []
    return [view for view in ended if isinstance(view, tuple)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(starts=STARTS, later=STARTS)
def test_two_starts_that_share_a_server_see_the_same_pool(
    three: list[EmbeddedServer],
    starts: list[tuple[list[int], int, int | None]],
    later: list[tuple[list[int], int, int | None]],
) -> None:
    pool, urls = f"t{uuid.uuid4().hex[:12]}", [one.url for one in three]
    seen: list[View] = []
    for some in (starts, later):
        server_set._known.clear()
        seen += asyncio.run(views_of(some, urls, pool))
    for (one, order), (other, other_order) in itertools.combinations(seen, 2):
        assert not one & other or order == other_order, f"{order} and {other_order}"
