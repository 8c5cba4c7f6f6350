"""The gateway's edge: floods, malformed requests, descriptors, tokens; and a reader that stalls."""

import asyncio
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest
from gateway_kit import TOKEN, Http, gateway, rollout, workers

from tinyv_stream import InvalidInputError
from tinyv_stream.gateway import GatewayConfig
from tinyv_stream.gateway.reward_log import RewardLog
from tinyv_stream.gateway.settings import check
from tinyv_stream.testing import EmbeddedServer, wait_until
from tinyv_stream.types import Reward, Source, Status

STREAM = "/v1/rewards?client=trainer"
HALF = b"POST /v1/rollouts HTTP/1.1\r\nHost: x\r\nX-Slow: "


def post(*numbers: int) -> dict[str, object]:
    return {"rollouts": [rollout("rule:correct", n) for n in numbers], "wait": False, "client": "trainer"}


@contextlib.asynccontextmanager
async def connected(http: Http, count: int, sent: bytes) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Open connections that send no more than `sent`."""
    port = int(http.gateway.url.rpartition(":")[2])
    pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    try:
        for _, writer in pairs:
            writer.write(sent)
        yield [reader for reader, _ in pairs]
    finally:
        for _, writer in pairs:
            writer.transport.abort()


def program(url: str, pool: str, port: int, files: int, **more: str) -> subprocess.Popen[bytes]:
    """Start a gateway that may open no more files than that."""
    command = [
        "tinyv_stream",
        "gateway",
        "--redis",
        url,
        "--pool",
        pool,
        "--listen",
        f"127.0.0.1:{port}",
        "--state",
        "",
    ]
    limit = ["prlimit", f"--nofile={files}:{files}"]
    env = {**os.environ, "TINYV_GATEWAY_TOKEN": f"{TOKEN}\n"} | more
    return subprocess.Popen([*limit, sys.executable, "-P", "-m", *command], env=env, stderr=subprocess.PIPE)


class Elsewhere:
    """A gateway that is another process, in the place of one of this process."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("files", [256, 1024])
async def test_half_sent_headers_of_four_hundred_connections_keep_nobody_else_out(
    server: EmbeddedServer, pool_name: str, files: int
) -> None:
    port = free_port()
    running = program(server.url, pool_name, port, files)
    try:
        async with (
            workers(server.url, pool_name),
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session,
        ):
            http = Http(session, Elsewhere(port))  # type: ignore[arg-type]
            await wait_until(lambda: answers(http), 60, "the gateway to answer")
            async with connected(http, 400, HALF):
                async with asyncio.timeout(30):
                    await wait_until(lambda: answers(http), 30, "the gateway to answer beside the flood")
                    status, got = await http.post("/v1/rollouts", {"rollouts": [rollout("rule:correct", 1)]})
                assert (status, got["rewards"][0]["value"]) == (200, 1.0)
    finally:
        running.terminate()
        _, said = running.communicate(timeout=30)
    assert b"Traceback" not in said


async def test_a_connection_that_never_sends_its_headers_is_closed(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name, header_s=0.3) as http, connected(http, 3, HALF) as readers:
        assert await asyncio.wait_for(asyncio.gather(*(r.read() for r in readers), return_exceptions=True), 30)


async def test_a_body_that_does_not_come_is_a_408(server: EmbeddedServer, pool_name: str) -> None:
    head = f"POST /v1/rollouts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 99\r\n\r\n{{"
    async with gateway(server.url, pool_name, body_s=0.3) as http, connected(http, 1, head.encode()) as (reader,):
        assert b" 408 " in await asyncio.wait_for(reader.readline(), 30)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_is_not_encoded_as_it_says_is_a_400(
    server: EmbeddedServer, pool_name: str, encoding: str
) -> None:
    head = f"POST /v1/rollouts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
    sent = f"{head}Content-Encoding: {encoding}\r\nContent-Length: 4\r\n\r\nabcd".encode()
    async with gateway(server.url, pool_name) as http, connected(http, 1, sent) as (reader,):
        assert b" 400 " in await asyncio.wait_for(reader.readline(), 30)


async def test_beyond_the_descriptors_a_connection_is_answered_503(server: EmbeddedServer, pool_name: str) -> None:
    async with gateway(server.url, pool_name) as http:
        edge = http.gateway.edge
        assert edge is not None
        edge.most = 4
        async with connected(http, 4, HALF), connected(http, 1, b"GET /healthz HTTP/1.1\r\n\r\n") as (refused,):
            said = await asyncio.wait_for(refused.read(), 30)
        assert said.startswith(b"HTTP/1.1 503 ") and b"Retry-After" in said


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nAuthorization: Bearer sec\rret\r\n\r\n",
        b"sec\rret\r\n\r\n",
        b"GET /sec\xffret HTTP/1.1\r\nHost: \x00sec\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: sec\r\n\r\n",
        b"GET / HTTP/9.secret\r\n\r\n",
        b"\x16\x03\x01sec\r\n\r\n",
        b"GET / HTTP/1.1\r\nsec\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: sec\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"secret" * 2_000 + b"\r\n\r\n",
        b"GET /" + b"secret" * 2_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
    ],
)
async def test_a_malformed_request_is_one_line_without_any_part_of_it(
    server: EmbeddedServer, pool_name: str, caplog: pytest.LogCaptureFixture, request_: bytes
) -> None:
    with caplog.at_level(logging.INFO):
        async with gateway(server.url, pool_name) as http, connected(http, 1, request_) as (reader,):
            head, _, said = (await asyncio.wait_for(reader.read(), 30)).partition(b"\r\n\r\n")
            assert head.split()[1] == b"400"
            assert json.loads(said)["error"]["field"] == "request"
            assert b"sec" not in said
            assert (await http.get("/healthz"))[0] == 200
    lines = [logging.Formatter().format(record) for record in caplog.records]
    assert not [line for line in lines if "\n" in line or "sec" in line.replace("second", "")], lines


@pytest.mark.parametrize("token", ["secret\n", "secret\r\n", " secret ", "secret\t"])
def test_a_token_with_a_line_end_is_stripped(token: str) -> None:
    assert check(GatewayConfig(redis_url="redis://h", token=token)).token == "secret"


@pytest.mark.parametrize("token", [" ", "\n", "\t\r\n", "a b", "a\rb", "päss", "\x00"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check(GatewayConfig(redis_url="redis://h", token=token))
    assert refused.value.field == "TINYV_GATEWAY_TOKEN"
    assert token.strip() == "" or token not in str(refused.value)


async def test_a_token_with_any_bytes_in_a_header_is_a_401_and_no_fault(server: EmbeddedServer, pool_name: str) -> None:
    head = b"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n"
    async with gateway(server.url, pool_name) as http, connected(http, 1, head) as (reader,):
        assert b" 401 " in await asyncio.wait_for(reader.readline(), 30)


async def test_one_bad_item_fails_alone_with_its_index(server: EmbeddedServer, pool_name: str) -> None:
    good = [rollout("rule:correct", n) for n in range(3)]
    bad = [rollout("x", 7, ground_truth=" "), rollout("x", 8, completion=5), 5, None]
    items = [good[0], bad[0], good[1], bad[1], bad[2], good[2] | {"ground_truth": 1}, bad[3]]
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        status, got = await http.post("/v1/rollouts", {"rollouts": items})
        assert status == 200
        assert [r["value"] for r in got["rewards"]] == [1.0, None, 1.0, None, None, 1.0, None]
        assert [r["status"] for r in got["rewards"]].count("failed") == 4
        assert [e["index"] for e in got["errors"]] == [1, 3, 4, 6]
        assert [e["field"] for e in got["errors"][:2]] == ["rollouts[1].ground_truth", "rollouts[3].completion"]
        status, got = await http.post("/v1/rollouts", {"rollouts": items, "wait": False, "client": "trainer"})
        assert status == 202
        assert got["rollout_ids"] == ["r0", None, "r1", None, None, "r2", None]
        assert len(await http.take(STREAM, 3)) == 3


async def test_one_bad_item_of_openrlhf_fails_alone_with_its_index(server: EmbeddedServer, pool_name: str) -> None:
    body = {
        "query": ["rule:correct", "rule:correct", 5, "rule:incorrect tinyv:incorrect", "rule:correct"],
        "prompts": ["q", "q", "q", "q", ["q"]],
        "labels": ["1", " ", "1", 2, "1"],
    }
    async with workers(server.url, pool_name), gateway(server.url, pool_name) as http:
        status, got = await http.post("/get_reward", body)
    assert status == 200
    assert [e["index"] for e in got["errors"]] == [1, 2, 4]
    assert [e["field"] for e in got["errors"]] == ["labels[1]", "query[2]", "prompts[4]"]
    assert (got["rewards"][0], got["rewards"][3]) == (1.0, 0.0)
    assert [got["rewards"][i] for i in (1, 2, 4)] == [0.5] * 3, "the mean of those that were decided, no score"
    assert got["extra_logs"]["undecided"] == [0.0, 1.0, 1.0, 0.0, 1.0]
    async with workers(server.url, pool_name), gateway(server.url, pool_name, on_undecided="raise") as http:
        status, got = await http.post("/get_reward", body)
    assert (status, got["error"]["field"]) == (422, "labels[1]"), "a policy that wants an error gets the item's"


async def test_a_reader_that_stalls_goes_on_from_its_last_cursor_beyond_its_credit(
    server: EmbeddedServer, pool_name: str
) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name, credit=10) as http:
        assert (await http.post("/v1/rollouts", post(*range(10))))[0] == 202
        (first,) = await http.take(STREAM, 1)
        for start in range(10, 60, 10):  # another reader takes all, so that credit comes back
            await http.take(f"{STREAM}&cursor={first['cursor']}", start - 1)
            await wait_until(lambda start=start: accepts(http, post(*range(start, start + 10))), 30, "credit")
        rest = await http.take(f"{STREAM}&cursor={first['cursor']}", 59)
    assert len({line["reward"]["rollout_id"] for line in rest}) == 59


async def test_a_cursor_that_is_too_old_says_what_was_lost(server: EmbeddedServer, pool_name: str) -> None:
    async with workers(server.url, pool_name), gateway(server.url, pool_name, retention_bytes=1) as http:
        assert (await http.post("/v1/rollouts", post(*range(5))))[0] == 202
        first, *_ = await http.take(STREAM, 5)
        await wait_until(lambda: is_gone(http, first["cursor"]), 30, "the rewards to be dropped")
        _, body = await http.get(f"{STREAM}&cursor={first['cursor']}")
    assert "4 rewards, numbers 2 to 5" in msgspec.json.decode(body)["error"]["message"]


def test_what_was_sent_is_kept_for_its_time_and_within_its_bytes() -> None:
    feed = RewardLog("c", "e", credit=100, now_s=0.0, retention_s=60.0, retention_bytes=1000)
    for n in range(8):
        feed.admit([f"r{n}"])
        reward = Reward(rollout_id=f"r{n}", value=1.0, status=Status.OK, source=Source.RULE)
        feed.add(reward, size=200, now_s=float(n))
    assert feed.oldest == 1, "what nobody was sent is never dropped"
    feed.taken(8, 8.0)
    assert feed.oldest == 4, "1,600 bytes are three rewards too many"
    feed.taken(8, 65.0)
    assert feed.oldest == 6, "the rewards of second 3 and 4 have had their minute"


async def accepts(http: Http, body: dict[str, object]) -> bool:
    return (await http.post("/v1/rollouts", body))[0] == 202


async def is_gone(http: Http, cursor: str) -> bool:
    return (await http.get(f"{STREAM}&cursor={cursor}&follow=false"))[0] == 410


async def answers(http: Http) -> bool:
    try:
        return (await http.get("/healthz"))[0] == 200
    except aiohttp.ClientError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
