# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# Tests look inside on purpose, and redis-py is half typed.
import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from tinyv_stream.broker.preflight import is_supported, preflight
from tinyv_stream.broker.redis_client import TIMEOUT_S, connect, guarded, redact
from tinyv_stream.errors import BrokerUnavailableError, InvalidInputError, UnsupportedServerError
from tinyv_stream.testing import EmbeddedServer, wait_until

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"redis://:{SECRET}@host:6379/0", "redis://***@host:6379/0"),
        (f"rediss://me:{SECRET}@host/1", "rediss://***@host/1"),
        (f"unix:///run/a.sock?db=1&password={SECRET}", "unix:///run/a.sock?db=1&password=***"),
        (f"redis://me:a@b/{SECRET}@host", "redis://***"),
        (f"me:{SECRET}@host:6379", "***"),
        (f"rediss://host?ssl_password={SECRET}&db=1", "rediss://host?ssl_password=***&db=1"),
        ("unix:///tmp/a@b.sock", "unix:///tmp/a@b.sock"),
        ("redis://host:6379/0", "redis://host:6379/0"),
    ],
)
def test_a_password_is_never_shown_and_the_rest_is(url: str, shown: str) -> None:
    assert redact(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host:6379",
        f"me:{SECRET}@host:6379",
        f"http://me:{SECRET}@host",
        f"redis://me:{SECRET}@host:port",
        f"redis://me:{SECRET}@host/zero",
        f"redis://:{SECRET}@",
        "unix://",
        f"redis://:{SECRET}@host?protocol=2",
        f"redis://:{SECRET}@host?socket_timeout=0.1",
        f"redis://:{SECRET}@host?ssl_ca_certs=x.pem",
        f"redis://:{SECRET}@host?db=first",
        f"redis://:{SECRET}@[::1",
    ],
)
def test_an_unusable_url_is_refused_by_name_without_its_password(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        connect(url)
    assert caught.value.field == "redis url"
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.value)


@pytest.mark.parametrize(
    ("name", "version", "good"),
    [
        ("redis", "6.2.14", False),
        ("redis", "7.0.0", True),
        ("redis", "10.1", True),
        ("valkey", "7.2.4", True),
        ("valkey", "7.1.9", False),
        ("valkey", "9.1.2", True),
        ("redis", "", False),
    ],
)
def test_the_oldest_servers_are_redis_7_0_and_valkey_7_2(name: str, version: str, *, good: bool) -> None:
    assert is_supported(name, version) is good  # pyright: ignore[reportArgumentType]


async def test_replies_are_bytes_over_resp3_by_the_c_parser(server: EmbeddedServer, pool_name: str) -> None:
    async with connect(server.url) as r:
        await r.set(pool_name, "x", ex=10)
        assert await r.get(pool_name) == b"x"
        connection = await r.connection_pool.get_connection()
        assert "Hiredis" in type(connection._parser).__name__
        await r.connection_pool.release(connection)
        assert (await r.client_info())["resp"] == "3"


async def test_a_command_whose_connection_breaks_is_not_sent_again(server: EmbeddedServer, pool_name: str) -> None:
    async with connect(server.url) as reader, connect(server.url) as other:
        waiting = asyncio.ensure_future(reader.blpop([pool_name], timeout=TIMEOUT_S))

        async def blocked() -> list[dict[str, str]]:
            return [c for c in await other.client_list() if c["cmd"] == "blpop"]

        await wait_until(blocked, 10, "the read blocks")
        (mine,) = await blocked()
        await other.client_kill_filter(_id=mine["id"])
        with pytest.raises(RedisConnectionError):
            await waiting
        assert not await blocked()


async def test_only_uvloops_reset_error_becomes_a_connection_error() -> None:
    async def fails(text: str) -> None:
        raise RuntimeError(text)

    with pytest.raises(RedisConnectionError, match="connection reset"):
        await guarded(fails("unable to perform operation on <TCPTransport closed=True>; the handler is closed"))
    with pytest.raises(RuntimeError, match="something else"):
        await guarded(fails("something else"))


async def test_a_client_waits_for_a_free_connection_instead_of_failing(server: EmbeddedServer, pool_name: str) -> None:
    async with connect(server.url) as r:
        assert sorted(await asyncio.gather(*(r.incr(pool_name) for _ in range(200)))) == list(range(1, 201))
        await r.delete(pool_name)


async def test_preflight_of_nobody_names_the_place_and_not_the_password() -> None:
    url = f"redis://:{SECRET}@127.0.0.1:1/0"
    async with connect(url) as r:
        with pytest.raises(BrokerUnavailableError) as caught:
            await preflight(r, url)
    assert "127.0.0.1:1" in str(caught.value)
    assert SECRET not in str(caught.value)


async def test_preflight_of_a_good_server_says_what_it_is(server: EmbeddedServer) -> None:
    async with connect(server.url) as r:
        info = await preflight(r, server.url)
    assert info.name == "valkey"
    assert is_supported(info.name, info.version)
    assert info.persistence == "aof everysec"
    assert info.warnings == ()


async def fake_server(info: str) -> tuple[asyncio.Server, str]:
    """A fake that speaks enough of the protocol to say INFO; real servers this old are not at hand."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            words = [
                (await reader.readline(), await reader.readline())[1].strip().upper() for _ in range(int(line[1:]))
            ]
            body = info.encode()
            reply = {b"HELLO": b"%1\r\n+proto\r\n:3\r\n", b"INFO": b"$%d\r\n%s\r\n" % (len(body), body)}
            no = b"-NOPERM this user has no permissions to run the 'config|get' command\r\n"
            writer.write(reply.get(words[0], no if words[0] == b"CONFIG" else b"+OK\r\n"))
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    return running, f"redis://127.0.0.1:{running.sockets[0].getsockname()[1]}"


async def test_preflight_refuses_a_server_that_is_too_old() -> None:
    running, url = await fake_server("redis_version:6.2.14\r\nmaxmemory_policy:noeviction\r\n")
    async with running, connect(url) as r:
        with pytest.raises(UnsupportedServerError, match=r"6\.2\.14 is too old; use Redis 7\.0 or Valkey 7\.2"):
            await preflight(r, url)


async def test_preflight_reads_valkeys_own_version() -> None:
    running, url = await fake_server("redis_version:7.2.4\r\nvalkey_version:7.1.0\r\nserver_name:valkey\r\n")
    async with running, connect(url) as r:
        with pytest.raises(UnsupportedServerError, match=r"Valkey 7\.1\.0"):
            await preflight(r, url)


async def test_preflight_warns_where_the_eviction_policy_is_hidden() -> None:
    running, url = await fake_server("redis_version:7.4.0\r\naof_enabled:1\r\n")
    async with running, connect(url) as r:
        info = await preflight(r, url)
    assert info.persistence == "aof"
    assert "noeviction" in info.warnings[0]
