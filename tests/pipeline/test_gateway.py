"""The HTTP door with a real server, real workers and a real socket; only the verifiers are scripted."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import msgspec
import pytest
from gateway_kit import Http, gateway, rollout, values, workers
from scripted_verifier import ScriptedVerifier

from tinyv_stream import InvalidInputError
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.gateway import Gateway, GatewayConfig
from tinyv_stream.testing import EmbeddedServer, wait_until

MIXED = ["rule:correct", "rule:incorrect tinyv:correct", "rule:incorrect tinyv:incorrect", "rule:raise tinyv:raise"]


async def test_a_waiting_post_is_answered_with_rewards_in_order(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        status, body = await http.post("/v1/rollouts", {"rollouts": [rollout(t, n) for n, t in enumerate(MIXED)]})
    assert status == 200
    assert [r["rollout_id"] for r in body["rewards"]] == ["r0", "r1", "r2", "r3"]
    assert values(body["rewards"]) == [1.0, 1.0, 0.0, None]
    assert [r["status"] for r in body["rewards"]] == ["ok", "ok", "ok", "failed"]


async def test_two_clients_may_name_their_groups_alike(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        body = {"rollouts": [rollout("rule:correct", n, group_id="g", group_size=n + 1) for n in range(2)]}
        status, answer = await http.post("/v1/rollouts", body)
    assert status == 200
    assert [r["group_id"] for r in answer["rewards"]] == ["g", "g"]


async def test_what_nobody_decides_is_answered_in_time_and_is_no_score(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name, answer_s=0.5, deadline_s=60.0) as http:
        status, body = await http.post("/v1/rollouts", {"rollouts": [rollout("rule:correct")]})
        assert (status, body["rewards"][0]["status"], body["rewards"][0]["value"]) == (200, "expired", None)
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
            await wait_until(lambda: _is_empty(operator), 30, "the rollout to be withdrawn")


async def test_openrlhf_gets_numbers_scores_and_logs(server: EmbeddedServer, pool_name: str) -> None:
    chat = "<|im_start|>user\nq{n}<|im_end|>\n<|im_start|>assistant\n"
    prompts = [chat.format(n=n) for n in range(4)]
    queries = [f"{p}{text}<|im_end|>" for p, text in zip(prompts, MIXED, strict=True)]
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        status, body = await http.post("/get_reward", {"query": queries, "prompts": prompts, "labels": ["1"] * 4})
    assert status == 200
    assert body["rewards"][:3] == body["scores"][:3] == [1.0, 1.0, 0.0]
    assert body["rewards"][3] == body["scores"][3] > 0.0  # a mean of those that were decided before it
    assert body["extra_logs"]["rescued"] == [0.0, 1.0, 0.0, 0.0]
    assert body["extra_logs"]["undecided"] == [0.0, 0.0, 0.0, 1.0]


def _slime(text: str) -> dict[str, object]:
    return {"prompt": [{"role": "user", "content": "q"}], "response": text, "label": 1}


@pytest.mark.parametrize(
    ("policy", "answer"), [("rule", (200, 0.0)), (0.25, (200, 0.25)), ("raise", (503, None)), ("abstain", (503, None))]
)
async def test_what_tinyv_does_not_decide_is_answered_as_the_policy_says(
    server: EmbeddedServer, pool_name: str, policy: str | float, answer: tuple[int, float | None]
) -> None:
    more = {"on_undecided": policy, "answer_s": 3.0}
    async with workers(server.url, pool_name), gateway(server.url, pool_name, **more) as http:
        status, body = await http.post("/remote_rm", _slime("rule:incorrect tinyv:raise"))
    assert (status, body if status == 200 else None) == answer


async def test_by_default_it_is_what_decided_rewards_were_worth_lately(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        for text in ("rule:correct", "rule:correct again", "rule:incorrect", "rule:incorrect again"):
            await http.post("/remote_rm", _slime(text))
        assert await http.post("/remote_rm", _slime("rule:incorrect tinyv:raise")) == (200, 0.5)
        status, record = await http.post("/remote_rm?detailed=1", _slime("rule:incorrect tinyv:raise 2"))
        assert (status, record["score"], record["undecided"]) == (200, 0.5, 1.0)
        # Another question has no rewards of its own: the mean of all.
        other = _slime("rule:raise tinyv:raise") | {"prompt": "another"}
        assert await http.post("/remote_rm", other) == (200, 0.5)


async def test_an_undecided_one_waits_for_the_first_that_is_decided(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        undecided = asyncio.create_task(http.post("/remote_rm", _slime("rule:raise tinyv:raise")))
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
            await wait_until(lambda: _has_given(operator, 1), 30, "the undecided one has ended")
        assert await http.post("/remote_rm", _slime("rule:correct")) == (200, 1.0)
        assert await undecided == (200, 1.0)


def _nemo_gym(text: str) -> dict[str, object]:
    said = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}]
    asked = {"input": [{"role": "user", "content": "q"}]}
    return {
        "responses_create_params": asked,
        "response": {"id": "x", "output": said},
        "expected_answer": "1",
        "more": 7,
    }


async def test_nemo_gym_gets_what_it_sent_with_a_reward_or_a_failure_mark(
    server: EmbeddedServer, pool_name: str
) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name, on_undecided="abstain") as http:
        _, good = await http.post("/verify", _nemo_gym("rule:incorrect tinyv:correct"))
        _, failed = await http.post("/verify", _nemo_gym("rule:raise tinyv:raise"))
    assert (good["reward"], good["library_reward"], good["more"], "_ng_failure_class" in good) == (1.0, 0.0, 7, False)
    assert (failed["_ng_failure_class"], failed["reward"]) == ("judge_failed", 1.0)


async def test_nemo_gyms_mark_has_no_made_up_number_beside_it(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name, answer_s=3.0) as http:
        assert (await http.post("/verify", _nemo_gym("rule:raise tinyv:raise")))[0] == 503
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        undecided = asyncio.create_task(http.post("/verify", _nemo_gym("rule:raise tinyv:raise 2")))
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
            await wait_until(lambda: _has_given(operator, 2), 30, "the undecided one has ended")
        assert (await http.post("/verify", _nemo_gym("rule:correct")))[1]["reward"] == 1.0
        status, marked = await undecided
    assert (status, marked["reward"], marked["_ng_failure_class"]) == (200, 1.0, "judge_failed")


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("/v1/rollouts", b"{", 400, "body"),
        ("/verify", b'{"response": {"a": ' + b"[" * 100_000, 400, "body"),
        ("/v1/rollouts", {"rollouts": []}, 422, "rollouts"),
        ("/v1/rollouts", {"rollouts": [{"completion": "x"}]}, 422, "rollouts[0].ground_truth"),
        ("/v1/rollouts", {"rollouts": [rollout("x", completion=5)]}, 422, "rollouts[0].completion"),
        ("/v1/rollouts", {"rollouts": [rollout("x", ground_truth=" ")]}, 422, "rollouts[0].ground_truth"),
        ("/v1/rollouts", {"rollouts": [rollout("x")], "wiat": True}, 422, "wiat"),
        ("/v1/rollouts", {"rollouts": [rollout("x")], "wait": False}, 422, "client"),
        ("/v1/rollouts", {"rollouts": [rollout("x")], "wait": False, "client": "a b"}, 422, "client"),
        ("/get_reward", {"query": ["a"], "prompts": [], "labels": ["1"]}, 422, "prompts"),
        ("/get_reward", {"query": ["a"], "prompts": ["a"], "labels": [None]}, 422, "labels[0]"),
        ("/get_reward", {"query": ["a", "a"], "prompts": ["a", "a"], "labels": [None, " "]}, 422, "labels[0]"),
        ("/get_reward", {"query": [5], "prompts": ["a"], "labels": ["1"]}, 422, "query[0]"),
        ("/get_reward", {"query": [], "prompts": [], "labels": []}, 422, "rollouts"),
        ("/remote_rm", {"prompt": "q", "response": "x"}, 422, "label"),
        ("/remote_rm", {"prompt": "", "response": "x", "label": 1}, 422, "prompt"),
        ("/verify", {"response": {}, "question": "q"}, 422, "expected_answer"),
    ],
)
async def test_a_bad_request_names_its_field(
    server: EmbeddedServer, pool_name: str, path: str, body: object, status: int, field: str
) -> None:
    async with gateway(server.url, pool_name) as http:
        got, answer = await http.post(path, body)
    assert (got, answer["error"]["field"]) == (status, field), answer


async def test_bodies_and_batches_are_limited(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name, max_body_bytes=2000, max_rollouts=2) as http:
        assert (await http.post("/v1/rollouts", {"rollouts": [rollout("x" * 3000)]}))[0] == 413
        assert (await http.post("/v1/rollouts", {"rollouts": [rollout("x", n) for n in range(3)]}))[0] == 422


async def test_only_health_checks_go_without_the_token(server: EmbeddedServer, pool_name: str) -> None:
    async with (
        workers(server.url, pool_name),
        gateway(server.url, pool_name) as http,
        aiohttp.ClientSession() as anyone,
    ):
        for path, status in (("/healthz", 200), ("/metrics", 401), ("/openapi.json", 401), ("/nothing", 401)):
            async with anyone.get(http.gateway.url + path) as got:
                assert got.status == status, path
        for wrong in ("Bearer x", "Basic x", "Bearer", ""):
            async with anyone.post(http.gateway.url + "/remote_rm", headers={"Authorization": wrong}) as got:
                assert got.status == 401
        assert (await http.get("/nothing"))[0] == 404
        assert (await http.get("/v1/rollouts"))[0] == 405


def test_a_gateway_that_others_can_reach_needs_a_token() -> None:
    with pytest.raises(InvalidInputError, match="TINYV_GATEWAY_TOKEN"):
        Gateway(GatewayConfig(redis_url="redis://h", host="0.0.0.0"))


async def test_a_trainer_that_hangs_up_withdraws_its_rollouts(server: EmbeddedServer, pool_name: str) -> None:
    async with (
        gateway(server.url, pool_name) as http,
        OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator,
    ):
        asking = asyncio.create_task(http.post("/v1/rollouts", {"rollouts": [rollout("x", n) for n in range(3)]}))
        await wait_until(lambda: _has_live(operator, 3), 30, "three rollouts to be submitted")
        asking.cancel()
        await wait_until(lambda: _is_empty(operator), 30, "them to be withdrawn")


async def test_readiness_follows_the_workers_and_metrics_count(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name) as http:
        status, body = await http.get("/readyz")
        assert (status, msgspec.json.decode(body)["reason"]) == (503, "no rule worker is ready")
        async with workers(server.url, pool_name):
            await wait_until(lambda: _is_ready(http), 30, "the gateway to be ready")
            await http.post("/v1/rollouts", {"rollouts": [rollout("rule:incorrect tinyv:correct")]})
            text = (await http.get("/metrics"))[1].decode()
    assert 'tinyv_gateway_rewards_total{source="tinyv",status="ok"} 1.0' in text
    assert "tinyv_gateway_rescued_total 1.0" in text
    assert "tinyv_gateway_wait_seconds_count 1.0" in text
    assert 'tinyv_pool_rewards_total{source="tinyv",status="ok"} 1.0' in text
    assert 'tinyv_pool_rewards_total{source="rule",status="failed"} 0.0' in text
    assert "tinyv_pool_rescued_total 1.0" in text and "tinyv_pool_buried_total 0.0" in text
    assert 'tinyv_pool_workers{stage="rule",state="ready"} 1.0' in text
    assert "tinyv_pool_submitted_total 1.0" in text and "tinyv_pool_up 1.0" in text


async def test_too_many_requests_are_told_to_come_back(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name, max_requests=2) as http:
        body = {"rollouts": [{k: v for k, v in rollout("rule:correct").items() if k != "rollout_id"}]}
        first = [asyncio.create_task(http.post("/v1/rollouts", body)) for _ in range(2)]
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
            await wait_until(lambda: _has_live(operator, 2), 30, "two requests under way")
        assert (await http.post("/v1/rollouts", body))[0] == 503
        async with workers(server.url, pool_name):
            assert [status for status, _ in await asyncio.gather(*first)] == [200, 200]


async def test_a_stopping_gateway_finishes_what_it_has(server: EmbeddedServer, pool_name: str) -> None:
    rule = ScriptedVerifier("rule", delay_s=0.3)
    async with workers(server.url, pool_name, rule), AsyncExitStack() as stack:
        http = await stack.enter_async_context(gateway(server.url, pool_name))
        asking = asyncio.create_task(http.post("/v1/rollouts", {"rollouts": [rollout("rule:correct")]}))
        await wait_until(lambda: rule.together == 1, 30, "the worker to hold it")
        await http.gateway.__aexit__(None, None, None)
        status, body = await asking
    assert (status, values(body["rewards"])) == (200, [1.0])


async def test_the_document_describes_every_route(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name) as http:
        document = msgspec.json.decode((await http.get("/openapi.json"))[1])
    assert set(document["paths"]) >= {"/v1/rollouts", "/v1/rewards", "/get_reward", "/remote_rm", "/verify", "/readyz"}
    assert "completion" in document["components"]["schemas"]["Rollout"]["required"]
    assert document["security"] == [{"token": []}]
    async with gateway(server.url, pool_name, token="") as http:
        assert msgspec.json.decode((await http.get("/openapi.json"))[1])["security"] == []


async def _is_empty(operator: OperatorApi) -> bool:
    status = await operator.status()
    return status.live == status.parked == sum(status.depth.values()) == 0


async def _has_live(operator: OperatorApi, count: int) -> bool:
    return (await operator.status()).live == count


async def _has_given(operator: OperatorApi, count: int) -> bool:
    status = await operator.status()
    return status.stats.get("submitted", 0) - status.live >= count


async def _is_ready(http: Http) -> bool:
    return (await http.get("/readyz"))[0] == 200
