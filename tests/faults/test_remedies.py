"""What a message says of a broker's error: each kind has its own remedy, as redis-py and our links hand it on."""

import pytest
from redis._parsers.base import BaseParser

from tinyv_stream.broker.remedies import explained, remedy_for
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.broker.trainer import TrainerApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError
from tinyv_stream.testing import EmbeddedServer

REPLIES = {
    "NOPERM this user has no permissions to run the 'evalsha' command": "tinyv-stream acl",
    "NOAUTH HELLO must be called with the client already authenticated": "password",
    "WRONGPASS invalid username-password pair or user is disabled.": "password",
    "READONLY You can't write against a read only replica.": "replica",
    "MASTERDOWN Link with MASTER is down": "replica",
    "NOREPLICAS Not enough good replicas to write.": "min-replicas-to-write",
    "NOSCRIPT No matching script.": "flushing",
    "OOM command not allowed when used memory > 'maxmemory'.": "maxmemory",
    "LOADING the server is loading the dataset in memory": "loads its data",
    "CLUSTERDOWN The cluster is down": "CLUSTER INFO",
    "WRONGTYPE Operation against a key holding the wrong kind of value": "delete that key",
    "MISCONF Errors writing to the AOF file: No space left on device": "make room",
    "ERR max number of clients reached": "maxclients",
}


@pytest.mark.parametrize("reply", REPLIES)
async def test_each_answer_of_a_server_has_its_own_remedy(reply: str) -> None:
    link = ShardClient("redis://h:1/0", BrokerConfig())

    async def answered() -> None:
        raise BaseParser.parse_error(reply)

    async def nothing() -> None:
        """Stands for dropping connections that were never opened."""

    link._reconnect = nothing
    with pytest.raises(BrokerError) as failed:
        await link._reply(answered())
    assert REPLIES[reply] in remedy_for(failed.value)
    assert REPLIES[reply] in explained(failed.value)


async def test_an_error_within_a_script_does_not_say_where(server: EmbeddedServer, pool_name: str) -> None:
    async with TrainerApi(server.url, BrokerConfig(pool=pool_name)) as link:
        await link.command("UNLINK", link.keys.queue("rule"))
        await link.command("SET", link.keys.queue("rule"), "another program's")
        with pytest.raises(BrokerError, match=r"WRONGTYPE .* wrong kind of value$"):
            await link.submit("run", [("run/a", 60_000, b"")])


def test_an_error_that_brings_its_remedy_gets_no_second_one() -> None:
    assert explained(BrokerError("u", "the pool has 3 shards now: start again")).endswith("start again")
