# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# Tests look inside on purpose, and redis-py is half typed.
"""The embedded server against real faults: every test here hurts a server of its own."""

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest
from pool_kit import is_gone
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, OutOfMemoryError
from redis.exceptions import ConnectionError as RedisConnectionError

from tinyv_stream.broker.preflight import preflight
from tinyv_stream.broker.redis_client import connect, redact
from tinyv_stream.embedded_server import server as server_module
from tinyv_stream.embedded_server.data_dir import state_directory
from tinyv_stream.errors import BrokerUnavailableError, InvalidInputError, UnsupportedServerError
from tinyv_stream.testing import EmbeddedServer, embedded_server, wait_until, wait_until_sync

LAUNCHER = """
import asyncio, sys
from pathlib import Path
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.embedded_server.server import EmbeddedServer

async def main():
    async with EmbeddedServer(Path(sys.argv[1])) as server, connect(server.url) as r:
        await r.set("kept", "yes")
        print(server.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@contextlib.contextmanager
def launcher(directory: Path) -> Generator[tuple[subprocess.Popen[str], int]]:
    """Another process that runs a server in `directory`; yields it and the server's pid."""
    process = subprocess.Popen([sys.executable, "-c", LAUNCHER, str(directory)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_killed_server_comes_back_at_its_url_with_its_data(*, tcp: bool) -> None:
    async with embedded_server(tcp=tcp) as server:
        url, pid = server.url, server.pid
        async with connect(url) as r:
            await r.xadd("stream", {"p": "x"})
            # A write is on its way to the disk within a second; a kill before that may lose it, and that is known.
            await r.execute_command("WAITAOF", 1, 0, 5000)
        server.kill()
        assert await server.ended() == "killed by SIGKILL"
        assert server.pid is None
        await server.restart()
        assert server.url == url
        assert server.pid not in {None, pid}
        async with connect(url) as r:
            assert await r.xlen("stream") == 1


async def test_a_stopped_server_keeps_everything_and_lets_go(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path / "home") as server:
        pid, url = server.pid, server.url
        async with connect(url) as r:
            await r.set("last", "write")
    assert pid is not None
    assert is_gone(pid)
    async with EmbeddedServer(tmp_path / "home") as server, connect(server.url) as r:
        assert server.url == url
        assert await r.get("last") == b"write"


async def test_without_a_directory_nothing_is_left_behind() -> None:
    async with embedded_server() as server:
        home = server.directory
        assert (home / "appendonlydir").is_dir()
    assert not home.exists()
    with pytest.raises(BrokerUnavailableError):
        _ = server.url


def test_the_server_goes_when_its_launcher_is_killed(tmp_path: Path) -> None:
    with launcher(tmp_path) as (process, pid):
        assert not is_gone(pid)
        process.send_signal(signal.SIGKILL)
        wait_until_sync(lambda: is_gone(pid), 20, "the server follows its launcher")


async def test_a_new_launcher_finds_the_data_of_a_killed_one(tmp_path: Path) -> None:
    with launcher(tmp_path) as (process, pid):
        # Stopped, the old server cannot wind down: the new launcher meets it alive, and must not share its file.
        os.kill(pid, signal.SIGSTOP)
        process.kill()
        process.wait()
        new = EmbeddedServer(tmp_path)
        starting = asyncio.create_task(new.start())
        await wait_until(lambda: new.directory == tmp_path, 10, "the new launcher knocks")
        assert not starting.done()
        os.kill(pid, signal.SIGCONT)
        await starting
        assert is_gone(pid)
        async with new, connect(new.url) as r:
            assert await r.get("kept") == b"yes"


async def test_a_second_launcher_is_told_who_has_the_directory(tmp_path: Path) -> None:
    with launcher(tmp_path) as (process, pid):
        with pytest.raises(InvalidInputError, match=f"process {process.pid} keeps its data there") as caught:
            await EmbeddedServer(tmp_path).start()
        assert caught.value.field == "directory"
        assert not is_gone(pid)


async def test_only_the_owner_can_reach_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    async with EmbeddedServer(home) as server:
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert stat.S_IMODE((home / "server.sock").stat().st_mode) == 0o700
        assert not [c for c in psutil.Process(server.pid).net_connections(kind="inet") if c.status == "LISTEN"]


async def test_over_tcp_it_wants_a_password_that_no_process_list_shows() -> None:
    async with embedded_server(tcp=True) as server:
        password = server.url.split(":")[2].split("@")[0]
        assert len(password) >= 32
        assert password not in " ".join(psutil.Process(server.pid).cmdline())
        for file in server.directory.rglob("*"):
            assert not file.is_file() or password.encode() not in file.read_bytes()
        listening = psutil.Process(server.pid).net_connections(kind="inet")
        assert {c.laddr[0] for c in listening} == {"127.0.0.1"}
        async with connect(server.url.replace(password, "")) as stranger:
            with pytest.raises(AuthenticationError):
                await stranger.ping()
        wrong = server.url.replace(password, "wrong")
        async with connect(wrong) as stranger:
            with pytest.raises(BrokerUnavailableError, match="check user, password") as caught:
                await preflight(stranger, wrong)
        assert caught.value.url == redact(wrong)


async def test_a_path_too_long_for_a_socket_gets_a_short_private_one(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30) / 'with "quotes" and ünïcode'
    async with EmbeddedServer(home) as server:
        first = server.url
        short = server._home.socket
        assert stat.S_IMODE(short.parent.stat().st_mode) == 0o700
        async with connect(first) as r:
            assert await r.ping()
        assert (home / "appendonlydir").is_dir()
    assert not short.parent.exists()
    async with EmbeddedServer(home) as server:
        assert server.url == first


async def test_a_server_that_cannot_start_says_why_and_frees_the_directory(tmp_path: Path) -> None:
    async with EmbeddedServer(tmp_path) as server, connect(server.url) as r:
        await r.set("a", "b")
    manifest = next((tmp_path / "appendonlydir").glob("*.manifest"))
    good = manifest.read_bytes()
    manifest.write_bytes(b"no manifest\n")
    with pytest.raises(BrokerUnavailableError, match="manifest"):
        await EmbeddedServer(tmp_path).start()
    manifest.write_bytes(good)
    async with EmbeddedServer(tmp_path) as server, connect(server.url) as r:
        assert await r.get("a") == b"b"


async def test_a_cancelled_start_leaves_no_process_and_no_lock(tmp_path: Path) -> None:
    for pause in (0, 0.005, 0.02, 0.04):
        server = EmbeddedServer(tmp_path)
        starting = asyncio.create_task(server.start())
        await asyncio.sleep(pause)
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
            await server.stop()
        assert server.pid is None
        assert not [p for p in psutil.Process().children() if "valkey" in p.name() and p.cwd() == str(tmp_path)]
    async with EmbeddedServer(tmp_path) as server:
        assert server.pid is not None


async def test_start_and_preflight_wait_until_the_data_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with EmbeddedServer(tmp_path) as server, connect(server.url) as r:
        await r.mset({f"key{n}": "x" * 100 for n in range(1000)})
        await r.bgrewriteaof()
        await wait_until(lambda: rewritten(r), 20, "the file is a snapshot")
    # The server's own aids for testing: it sleeps between keys for as long as we want, and answers others meanwhile.
    slow = "key-load-delay 20000\nloading-process-events-interval-bytes 1024\n"
    monkeypatch.setattr(server_module, "_SETTINGS", server_module._SETTINGS + slow)
    server = EmbeddedServer(tmp_path)
    caplog.set_level("INFO")
    starting = asyncio.create_task(server.start())
    await wait_until(lambda: server.pid, 20, "the server to be there")
    async with connect(server.url) as r:
        await wait_until(lambda: loads(r), 20, "the server to listen")
        looking = asyncio.create_task(preflight(r, server.url))
        await wait_until(lambda: "is loading its data" in caplog.text, 20, "the look to find it loading")
        assert not (looking.done() or starting.done())
        await r.config_set("key-load-delay", 0)
        await looking
        assert await r.dbsize() == 1000
        await starting
    await server.stop()


async def loads(r: Redis) -> bool:
    try:
        return bool((await r.info("persistence"))["loading"])
    except RedisConnectionError:
        return False


async def rewritten(r: Redis) -> bool:
    info = await r.info("persistence")
    return bool(info["aof_rewrites"] == 1 and not info["aof_rewrite_in_progress"])


async def test_preflight_refuses_a_server_that_evicts_or_is_a_replica() -> None:
    async with embedded_server(tcp=True) as server, connect(server.url) as r:
        await r.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(UnsupportedServerError, match="CONFIG SET maxmemory-policy noeviction"):
            await preflight(r, server.url)
        await r.config_set("maxmemory-policy", "noeviction")
        await r.config_set("appendonly", "no")
        assert "appendonly yes" in (await preflight(r, server.url)).warnings[0]
        await r.replicaof("127.0.0.1", "1")
        with pytest.raises(UnsupportedServerError, match="give the URL of its primary"):
            await preflight(r, server.url)


async def test_a_full_server_refuses_writes_and_drops_nothing() -> None:
    async with EmbeddedServer(maxmemory_mb=8) as server, connect(server.url) as r:
        written = await fill(r)
        assert 0 < written < 1000
        assert await r.xlen("stream") == written


async def fill(r: Redis) -> int:
    """Write until the server refuses; return how many writes it took."""
    for written in range(1000):
        try:
            await r.xadd("stream", {"p": b"x" * 100_000})
        except OutOfMemoryError:
            return written
    return 1000


def test_state_lives_where_the_user_keeps_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_directory("main") == tmp_path / "tinyv-stream" / "main"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert state_directory("main") == Path.home() / ".local/state/tinyv-stream/main"
