"""`POST /v1/rollouts` without waiting, and the resumable stream of `GET /v1/rewards`."""

import asyncio
from typing import Any

import pytest
from gateway_kit import Http, gateway, rollout, workers

from tinyv_stream import InvalidInputError, Rollout
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.gateway import GatewayConfig
from tinyv_stream.gateway.metrics import Metrics
from tinyv_stream.gateway.service import GatewayService
from tinyv_stream.testing import EmbeddedServer, wait_until


def _post(n_from: int, n_to: int, client: str = "trainer") -> dict[str, Any]:
    return {"rollouts": [rollout("rule:correct", n) for n in range(n_from, n_to)], "wait": False, "client": client}


async def test_rewards_come_once_each_over_a_broken_connection(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        status, posted = await http.post("/v1/rollouts", _post(0, 20))
        assert (status, len(posted["rollout_ids"])) == (202, 20)
        first = await http.take("/v1/rewards?client=trainer", 7)
        rest = await http.take(f"/v1/rewards?client=trainer&cursor={first[-1]['cursor']}", 13)
    seen = [line["reward"]["rollout_id"] for line in first + rest]
    assert sorted(seen) == sorted(f"r{n}" for n in range(20))


async def test_a_reader_that_lost_its_place_reads_again(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        await http.post("/v1/rollouts", _post(0, 5))
        once = await http.take("/v1/rewards?client=trainer", 5)
        assert await http.lines("/v1/rewards?client=trainer&follow=false") == once
        assert await http.lines(f"/v1/rewards?client=trainer&follow=false&cursor={once[2]['cursor']}") == once[3:]


async def test_the_same_post_twice_is_one_reward_each(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name) as http:
        for _ in range(2):
            status, posted = await http.post("/v1/rollouts", _post(0, 3))
            assert (status, posted["rollout_ids"]) == (202, ["r0", "r1", "r2"])
        async with workers(server.url, pool_name):
            await http.take("/v1/rewards?client=trainer", 3)
            await http.post("/v1/rollouts", _post(0, 3))
        assert len(await http.lines("/v1/rewards?client=trainer&follow=false")) == 3


async def test_a_post_again_is_not_lost_with_the_first_one_that_was_cut_short(
    server: EmbeddedServer, pool_name: str
) -> None:
    rollouts = [Rollout(question="q", completion="rule:correct", ground_truth="1", rollout_id=f"r{n}") for n in (0, 1)]
    config = GatewayConfig(redis_url=server.url, pool=pool_name, max_inflight=1)
    async with (
        GatewayService(config, Metrics()) as service,
        OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator,
    ):
        feed = service.feed("trainer")
        first = asyncio.create_task(service.post(feed, rollouts))  # r0 has the one credit, r1 waits for it
        await wait_until(lambda: _has_live(operator, 1), 30, "r0 to be submitted")
        again = asyncio.create_task(service.post(feed, rollouts))
        await asyncio.sleep(0)  # it has begun: what is admitted is known to it
        with pytest.raises(InvalidInputError, match="another client"):
            await service.post(service.feed("other"), rollouts[1:])
        first.cancel()
        async with workers(server.url, pool_name):
            assert await again == ["r0", "r1"]
            await wait_until(lambda: feed.unread == 2, 30, "both rewards")


async def test_an_id_that_another_client_has_open_is_refused(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name) as http:
        assert (await http.post("/v1/rollouts", _post(0, 1, "a")))[0] == 202
        status, body = await http.post("/v1/rollouts", _post(0, 1, "b"))
        assert (status, body["error"]["field"]) == (409, "rollouts[0].rollout_id")
        async with workers(server.url, pool_name):
            assert len(await http.take("/v1/rewards?client=a", 1)) == 1


async def test_an_id_that_cannot_be_used_fails_alone(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name) as http:  # nothing is rewarded yet, so each id is still somebody's
        assert (await http.post("/v1/rollouts", _post(7, 8, "b")))[0] == 202
        mixed = _post(0, 2, "a")
        mixed["rollouts"] += [*mixed["rollouts"][:1], *_post(7, 8)["rollouts"], *_post(2, 3)["rollouts"]]
        status, posted = await http.post("/v1/rollouts", mixed)
        assert (status, posted["rollout_ids"]) == (202, ["r0", "r1", None, None, "r2"])
        assert [(bad["index"], bad["field"]) for bad in posted["errors"]] == [
            (2, "rollouts[2].rollout_id"),
            (3, "rollouts[3].rollout_id"),
        ]
        async with workers(server.url, pool_name):
            taken = await http.take("/v1/rewards?client=a", 3)
        assert sorted(one["reward"]["rollout_id"] for one in taken) == ["r0", "r1", "r2"]


async def test_a_client_that_does_not_read_is_told_to(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name, credit=4) as http:
        assert (await http.post("/v1/rollouts", _post(0, 4)))[0] == 202
        status, body = await http.post("/v1/rollouts", _post(4, 6))
        assert (status, body["error"]["field"]) == (429, "client")
        assert (await http.post("/v1/rollouts", _post(6, 8, "other")))[0] == 202  # its credit is its own
        await http.take("/v1/rewards?client=trainer", 4)
        await wait_until(lambda: _accepts(http, _post(4, 6)), 30, "credit to come back")


async def test_a_cursor_of_another_life_is_gone(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name) as http:
        assert (await http.get("/v1/rewards?client=trainer&cursor=0000-5"))[0] == 410
        assert (await http.get("/v1/rewards?client=trainer&cursor=x"))[0] == 422
        assert (await http.get("/v1/rewards"))[0] == 422


async def test_an_absent_client_is_forgotten_unless_something_is_open(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name, idle_s=0.2, max_clients=1) as http:
        await http.post("/v1/rollouts", _post(0, 1, "a"))
        for _ in range(5):
            await asyncio.sleep(0.1)  # longer than idle_s in all: what must not happen has the time to
            assert (await http.post("/v1/rollouts", _post(1, 2, "b")))[0] == 429
        async with http.listening("a") as read, workers(server.url, pool_name):
            assert len(await read(1)) == 1
        await wait_until(lambda: _accepts(http, _post(1, 2, "b")), 30, "a to be forgotten")


async def test_server_sent_events_resume_by_their_id(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        await http.post("/v1/rollouts", _post(0, 3))
        lines = await http.take("/v1/rewards?client=trainer", 3)
        head = {"Accept": "text/event-stream", "Last-Event-ID": lines[1]["cursor"]}
        status, body = await http.get("/v1/rewards?client=trainer&follow=false", headers=head)
    assert status == 200
    assert body.startswith(f"id: {lines[2]['cursor']}\ndata: ".encode())
    assert body.endswith(b"\n\n")


async def test_streams_end_when_the_gateway_stops(server: EmbeddedServer, pool_name: str) -> None:
    async with (
        gateway(server.url, pool_name) as http,
        http.session.get(http.gateway.url + "/v1/rewards?client=trainer") as got,
    ):
        assert got.status == 200
        reading = asyncio.create_task(got.read())
        await http.gateway.__aexit__(None, None, None)
        assert not (await reading).strip()  # a stream that was cut would raise ClientPayloadError


async def _accepts(http: Http, body: object) -> bool:
    return (await http.post("/v1/rollouts", body))[0] == 202


async def _has_live(operator: OperatorApi, count: int) -> bool:
    return (await operator.status()).live == count
