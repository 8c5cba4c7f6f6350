"""What the broker keeps of hosts: drain marks, which a lost one does not end, and wanted counts per place."""

from collections.abc import AsyncIterator
from typing import cast

import pytest

from tinyv_stream.broker.hosts import Wanted, keep_mark, read_hosts, read_mark, set_drain, set_wanted
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.testing import EmbeddedServer


@pytest.fixture
async def link(server: EmbeddedServer, pool_name: str) -> AsyncIterator[OperatorApi]:
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as side:
        yield side


async def test_a_host_is_remembered_for_a_while_after_its_last_worker_left(
    server: EmbeddedServer, pool_name: str
) -> None:
    async with WorkerApi(server.url, BrokerConfig(pool=pool_name)) as worker:
        assert (await read_hosts(worker)).left == {}
        assert await worker.depart("rule", "w", "node:1")
        assert await worker.depart("tinyv", "v", "node:1")
        assert (await read_hosts(worker)).left == {"node:1": {"rule", "tinyv"}}
        await worker.command("HSET", worker.keys.meta, "left:rule:node:1", 1, "left:rule:older", 1)
        assert (await read_hosts(worker)).left == {"node:1": {"tinyv"}}
        assert await worker.depart("tinyv", "v", "node:2")
        names = cast("list[bytes]", await worker.command("HKEYS", worker.keys.meta))
        assert {name for name in names if name.startswith(b"left:")} == {b"left:tinyv:node:1", b"left:tinyv:node:2"}


async def test_a_mark_stands_until_it_is_taken_away(link: OperatorApi) -> None:
    assert (await read_hosts(link)).draining == set()
    await set_drain(link, "node-1.rack:a b", is_draining=True)
    await set_drain(link, "node-2", is_draining=True)
    book = await read_hosts(link)
    assert book.draining == {"node-1.rack:a b", "node-2"}
    assert 0 <= book.now_ms - book.marks["node-2"].at_ms < 60_000
    await set_drain(link, "node-2", is_draining=False)
    book = await read_hosts(link)
    assert book.draining == {"node-1.rack:a b"} and not book.marks["node-2"].is_draining
    assert await read_mark(link, "node-1.rack:a b") == book.marks["node-1.rack:a b"]
    assert await read_mark(link, "never heard of") is None


async def test_of_two_changes_upon_one_look_the_second_is_refused(link: OperatorApi) -> None:
    book = await read_hosts(link)
    assert await set_drain(link, "a", is_draining=True, changes=book.changes) == 1
    assert await set_drain(link, "b", is_draining=True, changes=book.changes) == 0
    assert (await read_hosts(link)).draining == {"a"}


async def test_a_server_that_lost_a_mark_learns_it_and_a_newer_one_stands(link: OperatorApi) -> None:
    await set_drain(link, "other", is_draining=True)
    await set_drain(link, "a", is_draining=True)
    mark = await read_mark(link, "a")
    assert mark
    await link.command("HDEL", link.keys.meta, "drain:a", "drains")
    assert await keep_mark(link, mark) == mark
    assert (await read_hosts(link)).changes == mark.number
    await set_drain(link, "a", is_draining=False)
    newer = await keep_mark(link, mark)
    assert newer and not newer.is_draining


async def test_wanted_counts_are_kept_per_place_and_stage(link: OperatorApi) -> None:
    one = Wanted(least=1, most=4, count=2)
    await set_wanted(link, "ray:main", {"tinyv": one, "rule": Wanted(least=0, most=8, count=8)})
    await set_wanted(link, "node:7", {"tinyv": one})
    assert (await read_hosts(link)).wanted["ray:main"]["tinyv"] == one
    await set_wanted(link, "ray:main", {"tinyv": None})
    assert (await read_hosts(link)).wanted == {
        "ray:main": {"rule": Wanted(least=0, most=8, count=8)},
        "node:7": {"tinyv": one},
    }


async def test_what_cannot_be_read_is_left_out(link: OperatorApi) -> None:
    await link.command("HSET", link.keys.meta, "drain:a", "soon", "want:tinyv:b", "1 x 3", "want:poetry:c", "1 2 3")
    book = await read_hosts(link)
    assert (book.marks, book.wanted) == ({}, {})
