"""TLS with a client certificate: who has none, or one of another authority, is not let in; who trusts another
authority, or reaches a server of another name, does not go in.

The embedded server knows no TLS. So each test has a plain server with TLS ended in this process, as a proxy would; with
`make test-topologies` it runs a second time against a server program that speaks TLS (`TINYV_TLS_SERVER`, or
redis-server or valkey-server on PATH).
"""

import asyncio
import contextlib
import os
import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from certificates import client_options, two_authorities
from load import assert_nothing_stays, streaming, workers
from servers import Node, free_ports, running

from tinyv_stream import RewardClient
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerUnavailableError, InvalidInputError

BROKER = BrokerConfig(pool="tls", lease_s=5.0)
Url = Callable[..., str]

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="NO OPENSSL: its program makes the certificates")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_authorities(tmp_path_factory.mktemp("keys"))


@contextlib.asynccontextmanager
async def ended_here(folder: Path, keys: Path) -> AsyncIterator[int]:
    """Run a plain server, and TLS before it in this process."""
    node = Node(folder, free_ports(1)[0])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(keys / "ours/ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(keys / "ours/server.pem", keys / "ours/server.key")

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection("127.0.0.1", node.port)
        await asyncio.gather(carry(reader, before), carry(behind, writer))

    async with running([node]):
        front = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        try:
            yield front.sockets[0].getsockname()[1]
        finally:
            front.close()


@contextlib.asynccontextmanager
async def spoken_by_the_server(folder: Path, keys: Path) -> AsyncIterator[int]:
    async with running([node := Node(folder, free_ports(1)[0], tls=keys / "ours")]):
        yield node.port


# In `make test-topologies` a server that is missing is a skip with its reason; elsewhere it is not looked for.
PLACES = [ended_here, spoken_by_the_server] if os.environ.get("TINYV_TEST_TOPOLOGIES") else [ended_here]


@pytest.fixture(params=PLACES)
async def url(request: pytest.FixtureRequest, tmp_path: Path, keys: Path) -> AsyncIterator[Url]:
    """The URL of a server that asks for a client certificate, with whatever the client trusts and shows."""
    async with request.param(tmp_path, keys) as port:

        def make(*, trusts: str = "ours", shows: str = "ours", host: str = "127.0.0.1") -> str:
            options = client_options(keys / trusts, keys / shows if shows else None)
            return f"rediss://{host}:{port}/0?{urlencode(options)}"

        yield make


async def test_the_whole_path_goes_over_tls_with_a_client_certificate(url: Url) -> None:
    where = url()
    async with workers(where, BROKER), RewardClient(where, run_id="run", pool=BROKER.pool) as client:
        async with streaming(client) as account:
            await account.until(200, "rewards")
        account.assert_each_has_its_one_reward()
        await assert_nothing_stays(where, BROKER)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"shows": ""}, "nothing usable answers"),
        ({"shows": "theirs"}, "nothing usable answers"),
        ({"trusts": "theirs"}, "CERTIFICATE_VERIFY_FAILED"),
        ({"host": "localhost"}, "Hostname mismatch"),
    ],
    ids=str,
)
async def test_a_certificate_that_is_missing_or_wrong_ends_it(url: Url, wrong: dict[str, str], why: str) -> None:
    with pytest.raises(BrokerUnavailableError, match=why):
        async with ShardClient(url(**wrong), BROKER):
            pass


async def test_a_server_with_tls_is_not_spoken_to_without(url: Url) -> None:
    plain = "redis://" + url().removeprefix("rediss://").partition("?")[0]
    with pytest.raises(BrokerUnavailableError):
        async with ShardClient(plain, BROKER):
            pass


def test_tls_options_need_a_url_with_tls() -> None:
    for base in ("redis://h", "redis+cluster://h", "redis+sentinel://h/mine"):
        with pytest.raises(InvalidInputError, match="needs rediss"):
            connect(f"{base}?ssl_certfile=x.pem")
