"""Names of hosts as the commands show them: whole, and as data, whatever a worker calls itself."""

import asyncio
import os
import subprocess
import sys

import msgspec

from tinyv_stream.broker.operator import WorkerInfo
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.testing import EmbeddedServer


async def beat(link: WorkerApi, host: str) -> None:
    """Be a rule worker of this host."""
    info = WorkerInfo(name=f"rule-{host}", stage="rule", pid=1, host=host, state="ready")
    await link.beat(info.name, msgspec.json.encode(info), host)


async def test_a_host_is_shown_by_its_whole_name_to_a_pipe(server: EmbeddedServer, pool_name: str) -> None:
    name = "pool-rule-" + "7f9c" * 30
    async with WorkerApi(server.url, BrokerConfig(pool=pool_name)) as link:
        await beat(link, name)
    command = [sys.executable, "-m", "tinyv_stream", "status", "--hosts", "--redis", server.url, "--pool", pool_name]
    shown = await asyncio.to_thread(subprocess.run, command, env={**os.environ, "COLUMNS": "80"}, capture_output=True)
    assert f"{name} " in shown.stdout.decode(), shown


async def test_a_host_s_name_is_data_in_every_message(server: EmbeddedServer, pool_name: str) -> None:
    """As a worker may call itself what it likes: no colour, no line of its own, nothing that a shell runs."""
    name = "a $(id)\x1b[31m\nb"
    where = ("--redis", server.url, "--pool", pool_name)

    async def said(*words: str) -> str:
        command = [sys.executable, "-m", "tinyv_stream", *words, *where]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
        return done.stdout + done.stderr

    async with WorkerApi(server.url, BrokerConfig(pool=pool_name)) as link:
        await beat(link, name)
        found = [await said("undrain", "other"), await said("drain", name)]
        await link.depart("rule", f"rule-{name}", name)
        found += [await said("drain", "--force", name), await said("undrain", name)]
    assert "pool knows a $(id)\\x1b[31m\\nb: name" in found[0] and "drain a $(id)\\x1b[31m\\nb all the same" in found[1]
    assert "undrain 'a $(id)\\x1b[31m\\nb'`" in found[2]
    assert not any("\x1b" in text or len(text.splitlines()) > 1 for text in found)
