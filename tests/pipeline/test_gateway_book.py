"""A gateway's book that is damaged, full or of another release: no reward comes twice, and nothing ends unseen."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from gateway_kit import Http, gateway, rollout, workers

from tinyv_stream import InvalidInputError, Rollout
from tinyv_stream.gateway import Gateway, GatewayConfig
from tinyv_stream.gateway.journal import Book
from tinyv_stream.testing import EmbeddedServer, wait_until

STREAM = "/v1/rewards?client=trainer"


def _post(count: int) -> dict[str, object]:
    rollouts = [rollout("rule:correct", n) for n in range(count)]
    return {"rollouts": rollouts, "wait": False, "client": "trainer"}


def _change(state: Path, statement: str, *values: object) -> None:
    base = sqlite3.connect(state)
    with base:
        base.execute(statement, values)
    base.close()


def _failing(error: Exception, *, times: int) -> Callable[..., None]:
    """A method of the book that raises so often, and then works as `end` does."""
    left, works = [error] * times, Book.end

    def method(book: Book, feed: str, *_: object) -> None:
        if left:
            raise left.pop()
        works(book, feed)

    return method


async def test_an_unwritten_reward_comes_once_from_the_next_gateway(
    server: EmbeddedServer, pool_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = str(tmp_path / "book.db")
    with monkeypatch.context() as patched:
        patched.setattr(Book, "add", _failing(sqlite3.OperationalError("database or disk is full"), times=9))
        async with workers(server.url, pool_name), gateway(server.url, pool_name, state=state) as http:
            assert (await http.post("/v1/rollouts", _post(1)))[0] == 202
            await wait_until(lambda: _is_faulty(http), 30, "the gateway to say that it cannot go on")
            assert await http.lines(STREAM + "&follow=false") == []
    async with workers(server.url, pool_name), gateway(server.url, pool_name, state=state) as http:
        (line,) = await http.take(STREAM, 1)
        assert await http.lines(STREAM + "&follow=false") == [line]
    assert (line["reward"]["rollout_id"], line["cursor"].rpartition("-")[2]) == ("r0", "1")


async def test_an_unrewarded_rollout_that_cannot_travel_any_more_fails_alone(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    state = tmp_path / "book.db"
    async with gateway(server.url, pool_name, state=str(state)) as http:
        assert (await http.post("/v1/rollouts", _post(3)))[0] == 202
    bad = Rollout(question="q", completion="x", ground_truth=" ", rollout_id="r0")
    _change(state, "update rollout set body = ? where id = 'r0'", msgspec.msgpack.encode(bad))
    async with workers(server.url, pool_name), gateway(server.url, pool_name, state=str(state)) as http:
        rewards = {line["reward"]["rollout_id"]: line["reward"] for line in await http.take(STREAM, 3)}
    assert {i: (r["status"], r["value"]) for i, r in rewards.items()} == {
        "r0": ("failed", None),
        "r1": ("ok", 1.0),
        "r2": ("ok", 1.0),
    }
    assert "ground_truth" in rewards["r0"]["reason"]


async def test_a_client_stuck_in_the_journal_is_forgotten_later(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Book, "end", _failing(sqlite3.OperationalError("disk I/O error"), times=2))
    async with gateway(server.url, pool_name, idle_s=0.2, max_clients=1) as http:
        for client in ("a", "b", "a"):
            async with http.listening(client):
                pass


async def test_a_gateway_whose_task_ends_is_not_ready(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Book, "end", _failing(RuntimeError("a fault of ours"), times=1))
    async with workers(server.url, pool_name), gateway(server.url, pool_name, idle_s=0.2) as http:
        async with http.listening("a"):
            assert not await _is_faulty(http)
        await wait_until(lambda: _is_faulty(http), 30, "the gateway to say so")


@pytest.mark.parametrize(
    "damage",
    [
        "update rollout set body = x'c1'",
        "update rollout set body = x'81a1'",
        "update rollout set body = x'a1ff'",
        "update rollout set body = 7",
        "alter table one rename column client_id to name",
        "alter table feed rename column read to taken",
    ],
)
async def test_a_damaged_or_foreign_journal_is_refused_by_the_options_name(
    server: EmbeddedServer, pool_name: str, tmp_path: Path, damage: str
) -> None:
    state = tmp_path / "book.db"
    config = GatewayConfig(redis_url=server.url, pool=pool_name, port=0, state=str(state))
    async with gateway(server.url, pool_name, state=str(state)) as http:
        assert (await http.post("/v1/rollouts", _post(1)))[0] == 202
    _change(state, damage)
    with pytest.raises(InvalidInputError) as refused:
        await Gateway(config).__aenter__()
    assert refused.value.field == "--state"
    _change(state, "delete from rollout")  # the file is free again


async def _is_faulty(http: Http) -> bool:
    status, body = await http.get("/readyz")
    return status == 503 and b"no more rewards are handed out" in body
