"""A pool on several hosts, over TLS and with a user per role: what becomes of rollouts when a host goes, or comes."""

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from certificates import authority
from hosts_kit import HOST, LEASE_S, RATE, START_S, Hosts, urls_of
from servers import Node, Sentinels, free_ports, running

from bench.chaos.clock import SteppedClock
from bench.chaos.namespaces import Namespaces
from bench.chaos.releases import make_newer
from tinyv_stream.broker.acl import ROLES, acl_rules
from tinyv_stream.processes.child import Child
from tinyv_stream.testing import wait_until

pytestmark = pytest.mark.timeout(400)
SECRET = "s3cret"
NEWER = "9.9.9"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("NO OPENSSL: its program makes the certificates")
    folder = tmp_path_factory.mktemp("tls")
    yesterday = SteppedClock(folder / "clock")  # a host whose clock is behind would refuse one of this minute
    yesterday.step(-86_400)
    authority(folder, "ours", address=HOST, env=yesterday.environment)
    return folder / "ours"


@pytest.fixture
async def hosts(tmp_path: Path, networks: Namespaces, tls: Path, pool_name: str) -> AsyncGenerator[Hosts]:
    node = Node(tmp_path, free_ports(1)[0], tls=tls, address=HOST)
    async with running([node]):
        for role in ROLES:
            # Redis 7.0, Debian's, knows no SETINFO: its clients do without.
            rules = [rule for rule in acl_rules(role, pool_name) if rule != "+client|setinfo"]
            await node.tell("ACL", "SETUSER", role, "on", f">{SECRET}", *rules)
        made = Hosts(tmp_path, networks, urls_of(node.place, tls, secret=SECRET), pool_name)
        try:
            yield made
        finally:
            made.kill_all()


async def test_a_host_joins_parts_and_dies_and_every_rollout_is_rewarded_once(hosts: Hosts) -> None:
    first = hosts.up("alpha", "--print-join")
    await hosts.until_ready("alpha")
    (line,) = [text for text in first.last_lines(200) if "tinyv-stream join" in text]
    assert SECRET not in line
    async with hosts.training() as trainer:
        beta = join_by(hosts, line)
        await hosts.until_ready("alpha", "beta")
        await trainer.until(100)
        assert await refuses_other_settings(hosts, "gamma")

        hosts.networks.cut(["beta"])
        await wait_until(lambda: shows(hosts, "beta", {"rule": 0, "tinyv": 0}), START_S, "beta is lost")
        await trainer.until(100)
        hosts.networks.join(["beta"])
        await hosts.until_ready("alpha", "beta")
        await trainer.until(100)

        beta.kill()  # and the kernel what it started: a machine that goes out
        await trainer.until(int(2 * LEASE_S * RATE))
        join_by(hosts, line)
        await wait_until(lambda: shows(hosts, "beta", {"rule": 1, "tinyv": 1}), START_S, "beta is back")
        await trainer.until(50)
    status = await hosts.status()
    assert {w.about["settings_version"] for w in status.workers} == {"1"}
    assert {w.host for w in status.workers if w.done} == {"alpha", "beta"}, "both took their share"


def join_by(hosts: Hosts, line: str) -> Child:
    """Type the printed line on beta; `tinyv-stream` is this checkout's."""
    words = f'tinyv-stream() {{ exec {sys.executable} -P -m tinyv_stream "$@"; }}; {line}'
    return hosts.program("beta", "bash", "-c", words, TINYV_REDIS_PASSWORD=SECRET)


async def refuses_other_settings(hosts: Hosts, host: str) -> bool:
    other = hosts.folder / "other.toml"
    other.write_text("[tinyv]\nweight = 0.25\n")
    words = ("join", "--tinyv-workers", "1", "--config", str(other))
    code, said = await hosts.say(*words, host=host, url=hosts.urls["worker"])
    return code == 2 and "tinyv.weight" in said and "pool set tinyv.weight=0.25" in said


async def shows(hosts: Hosts, host: str, ready: dict[str, int], drain: str = "") -> bool:
    one = (await hosts.hosts()).get(host)
    return one is not None and (one.ready, one.drain) == (ready, drain)


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second release as it is installed: its packages, and the metadata that names its version."""
    release = make_newer(tmp_path_factory.mktemp("releases") / "newer")
    about = release / f"tinyv_stream-{NEWER}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.3\nName: tinyv-stream\nVersion: {NEWER}\n")
    return release


async def test_an_upgrade_host_by_host_with_clocks_a_minute_off_loses_nothing(hosts: Hosts, newer: Path) -> None:
    ahead, behind = SteppedClock(hosts.folder / "ahead"), SteppedClock(hosts.folder / "behind")
    ahead.step(60)
    behind.step(-60)
    skewed = {"beta": ahead.variables, "alpha": {}}
    old = {"alpha": hosts.up("alpha"), "beta": hosts.join("beta", **ahead.variables)}
    await hosts.until_ready("alpha", "beta")
    async with hosts.training(**behind.variables) as trainer:
        code, said = await hosts.say("status", "--hosts", "--json", **behind.variables)
        assert code == 0 and [one["ready"] for one in json.loads(said)] == [{"rule": 1, "tinyv": 1}] * 2, said
        for name, other in (("beta", "alpha"), ("alpha", "beta")):
            code, said = await hosts.say("drain", name)
            assert code == 0 and f"host {name} is drained" in said, said
            code, said = await hosts.say("drain", other)
            assert code == 1 and "no other host has a live worker for rule and tinyv" in said, said
            old[name].send(signal.SIGTERM)
            assert await asyncio.wait_for(old[name].ended(), START_S) == 0
            await trainer.until(50)
            hosts.join(name, release=newer, **skewed[name])
            await wait_until(lambda name=name: is_kept_down(hosts, name), START_S, f"{name} is kept down")
            assert await shows(hosts, name, {}, "drained")
            code, said = await hosts.say("undrain", name)
            assert code == 0 and "works again" in said, said
            await hosts.until_ready("alpha", "beta")
            await trainer.until(50)
            releases = {one.host: one.releases for one in (await hosts.hosts()).values()}
            assert releases[name] == (NEWER,)
            assert (releases[other] == (NEWER,)) is (name == "alpha"), "one host after the other"
    assert not (await hosts.status()).stats.get("clock_steps"), "a clock that is off is no step of the server's"


def is_kept_down(hosts: Hosts, host: str) -> bool:
    """Its `join` found the mark, and said so."""
    return any("stay down until `tinyv-stream undrain" in line for line in hosts.of(host).last_lines(50))


async def test_a_server_that_dies_is_replaced_and_no_host_loses_a_rollout(
    tmp_path: Path, networks: Namespaces, tls: Path, pool_name: str
) -> None:
    topology = Sentinels(tmp_path, tls=tls, address=HOST)
    places = ",".join(node.place for node in topology.sentinels)
    made = Hosts(tmp_path, networks, urls_of(places, tls, scheme="rediss+sentinel", path="/mine"), pool_name)
    async with topology.running():
        try:
            made.up("alpha")
            made.join("beta")
            await made.until_ready("alpha", "beta")
            async with made.training() as trainer:
                topology.primary.kill()
                await wait_until(lambda: is_primary(topology.replica), START_S, "the replica is promoted")
                await trainer.until(200)
            await made.until_ready("alpha", "beta")
        finally:
            made.kill_all()


async def is_primary(node: Node) -> bool:
    return await node.info("role") == "master"
