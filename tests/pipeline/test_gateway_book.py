"""A gateway's book that is damaged, full or of another release: no reward comes twice, and nothing ends unseen."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from gateway_kit import Http, fill, gateway, rollout, small_disk, workers

from tinyv_stream import InvalidInputError, Reward, Rollout
from tinyv_stream.gateway import Gateway, GatewayConfig
from tinyv_stream.gateway.journal import Journal, StateError
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
    left, works = [error] * times, Journal.end

    def method(book: Journal, feed: str, *_: object) -> None:
        if left:
            raise left.pop()
        works(book, feed)

    return method


async def test_a_reward_that_cannot_be_written_is_not_read_and_comes_once_when_there_is_room(
    server: EmbeddedServer, pool_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, add = str(tmp_path / "book.db"), Journal.add
    is_full = True

    def adding(book: Journal, feed: str, number: int, reward: Reward) -> int:
        if is_full:
            raise StateError(state, "database or disk is full")
        return add(book, feed, number, reward)

    monkeypatch.setattr(Journal, "add", adding)
    async with workers(server.url, pool_name), gateway(server.url, pool_name, state=state) as http:
        assert (await http.post("/v1/rollouts", _post(1)))[0] == 202
        await wait_until(lambda: _says(http, "/readyz", b"state file"), 30, "the gateway to say what is wrong")
        assert await http.lines(STREAM + "&follow=false") == []
        is_full = False
        (line,) = await http.take(STREAM, 1)
        assert await http.lines(STREAM + "&follow=false") == [line]
        await wait_until(lambda: _is_ready(http), 30, "the gateway to be ready again")
    assert (line["reward"]["rollout_id"], line["cursor"].rpartition("-")[2]) == ("r0", "1")


async def test_a_gateway_killed_while_its_disk_was_full_gives_the_reward_once_after_its_restart(
    server: EmbeddedServer, pool_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = str(tmp_path / "book.db")
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "add", _failing(StateError(state, "disk full"), times=1_000_000))
        async with workers(server.url, pool_name), gateway(server.url, pool_name, state=state) as http:
            assert (await http.post("/v1/rollouts", _post(1)))[0] == 202
            await wait_until(lambda: _says(http, "/readyz", b"state file"), 30, "the reward to wait")
    async with workers(server.url, pool_name), gateway(server.url, pool_name, state=state) as http:
        (line,) = await http.take(STREAM, 1)
        assert await http.lines(STREAM + "&follow=false") == [line]
    assert (line["reward"]["rollout_id"], line["cursor"].rpartition("-")[2]) == ("r0", "1")


async def test_health_fails_once_no_reward_could_be_given_for_too_long(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "add", _failing(StateError("x", "disk full"), times=1_000_000))
    async with workers(server.url, pool_name), gateway(server.url, pool_name, unhealthy_s=0.3) as http:
        assert (await http.get("/healthz"))[0] == 200
        assert (await http.post("/v1/rollouts", _post(1)))[0] == 202
        await wait_until(lambda: _says(http, "/healthz", b"cannot write a reward"), 30, "health to fail")


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
    monkeypatch.setattr(Journal, "end", _failing(StateError("book", "disk I/O error"), times=2))
    async with gateway(server.url, pool_name, idle_s=0.2, max_clients=1) as http:
        for client in ("a", "b", "a"):
            async with http.listening(client):
                pass


async def test_a_fault_of_the_gateways_own_task_does_not_end_the_task(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "end", _failing(RuntimeError("a fault of ours"), times=3))
    async with gateway(server.url, pool_name, idle_s=0.2, max_clients=1) as http:
        for client in ("a", "b"):
            async with http.listening(client):
                pass


async def test_a_full_disk_is_a_503_until_there_is_room_and_then_everything_goes_on(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        async with workers(server.url, pool_name):
            state = str(disk / "book.db")
            async with gateway(server.url, pool_name, state=state) as http:
                assert (await http.post("/v1/rollouts", _post(1)))[0] == 202
                await http.take(STREAM, 1)
                fill(disk)
                more = {"rollouts": [rollout("rule:correct " + "x" * 100_000, 7)], "wait": False, "client": "trainer"}
                status, body = await http.post("/v1/rollouts", more)
                assert (status, "make room" in body["error"]["message"]) == (503, True)
                (disk / "filling").unlink()
                assert (await http.post("/v1/rollouts", more))[0] == 202
                assert len(await http.take(STREAM, 2)) == 2


@pytest.mark.parametrize("keeps", [True, False], ids=["a book", "no book"])
async def test_a_gateway_that_starts_on_a_full_disk_answers_503_and_opens_when_there_is_room(
    server: EmbeddedServer, pool_name: str, tmp_path: Path, *, keeps: bool
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        async with workers(server.url, pool_name):
            state = str(disk / "book.db")
            more = {"rollouts": [rollout("rule:correct", 9)], "wait": False, "client": "trainer"}
            if keeps:
                async with gateway(server.url, pool_name, state=state) as http:
                    assert (await http.post("/v1/rollouts", _post(1)))[0] == 202
            fill(disk)
            async with gateway(server.url, pool_name, state=state) as http:
                status, body = await http.post("/v1/rollouts", more)
                assert status == 503, body
                assert "stopping" not in body["error"]["message"]
                (disk / "filling").unlink()
                await wait_until(lambda: _accepts(http, more), 30, "the gateway to take posts")
                ids = {line["reward"]["rollout_id"] for line in await http.take(STREAM, 1 + keeps)}
    assert ids == ({"r0", "r9"} if keeps else {"r9"})


async def test_a_state_file_deleted_under_a_gateway_is_written_anew_and_survives_a_restart(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    state = tmp_path / "kept" / "book.db"
    async with workers(server.url, pool_name):
        async with gateway(server.url, pool_name, state=str(state)) as http:
            assert (await http.post("/v1/rollouts", _post(2)))[0] == 202
            before = await http.take(STREAM, 2)
            shutil.rmtree(state.parent)
            assert (await http.post("/v1/rollouts", _post(3)))[0] == 202
            (third,) = await http.take(f"{STREAM}&cursor={before[-1]['cursor']}", 1)
        async with gateway(server.url, pool_name, state=str(state)) as http:
            again = await http.take(f"{STREAM}&cursor={before[0]['cursor']}", 2)
    assert again == [before[1], third]


def test_a_change_that_meets_another_file_in_place_of_the_book_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    book = Journal(str(path))
    path.rename(tmp_path / "moved.db")
    path.write_text("somebody's")
    with pytest.raises(StateError, match="another file"):
        book.begin("trainer", "e")
    path.unlink()
    book.begin("trainer", "e")
    assert [page.name for page in book.pages()] == ["trainer"]
    book.close()


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


async def _says(http: Http, path: str, what: bytes) -> bool:
    status, body = await http.get(path)
    return status == 503 and what in body


async def _is_ready(http: Http) -> bool:
    return (await http.get("/readyz"))[0] == 200


async def _accepts(http: Http, post: dict[str, object]) -> bool:
    return (await http.post("/v1/rollouts", post))[0] == 202
