"""One set of settings per pool: a host that says otherwise is refused, a change reaches all, rewards name theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from stream_kit import rollout
from tinyv_stream_workers.settings_follower import SettingsFollower

from tinyv_stream import InvalidInputError, Reward, RewardClient, Status
from tinyv_stream.broker.operator import OperatorApi, WorkerInfo
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.settings import Agreed, agree, change, settle
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.cli import join
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, RuleConfig, TinyVConfig
from tinyv_stream.config.pool_settings import changes, pool_settings
from tinyv_stream.control import model
from tinyv_stream.control import settings as control
from tinyv_stream.control.settings import SettingsError
from tinyv_stream.errors import EngineError
from tinyv_stream.pool import Pool
from tinyv_stream.testing import EmbeddedServer, wait_until

RESCUED = "The answer is \\boxed{twelve [[true]]}."
"""Refused by the rules, given back by the scripted engine."""


def config(pool: str, *, rule: int = 1, tinyv: int = 1, weight: float = 1.0) -> Config:
    return Config(
        broker=BrokerConfig(pool=pool, lease_s=2.0),
        rule=RuleConfig(workers=rule),
        tinyv=TinyVConfig(workers=tinyv, engine=EngineConfig(kind="scripted"), weight=weight),
    )


@asynccontextmanager
async def host(server: EmbeddedServer, settings: Config, directory: Path) -> AsyncIterator[Pool]:
    """A machine of the pool, its workers ready."""
    stop = asyncio.Event()
    async with Pool(settings, redis_url=server.url, directory=directory) as pool, asyncio.TaskGroup() as tasks:
        tasks.create_task(pool.run(stop))
        try:
            wanted = settings.rule.workers + settings.tinyv.workers
            await wait_until(lambda: ready(server, settings, wanted), 120, "the workers are ready")
            yield pool
        finally:
            stop.set()


async def ready(server: EmbeddedServer, settings: Config, least: int) -> bool:
    async with OperatorApi(server.url, settings.broker) as side:
        return sum(w.state == "ready" for w in await side.workers()) >= least


@pytest.mark.slow
async def test_another_host_with_other_settings_is_refused_and_one_that_says_nothing_joins(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    async with host(server, config(pool_name, weight=0.5), tmp_path / "a"):
        with pytest.raises(InvalidInputError, match=r"tinyv\.weight.*0\.5 in pool .*pool set tinyv\.weight=0\.25"):
            await Pool(config(pool_name, weight=0.25), redis_url=server.url, directory=tmp_path / "b").__aenter__()
        quiet = Config(broker=BrokerConfig(pool=pool_name), tinyv=TinyVConfig(workers=0), rule=RuleConfig(workers=2))
        async with (
            host(server, quiet, tmp_path / "c"),
            RewardClient(server.url, run_id="run", pool=pool_name, deadline_s=60) as client,
        ):
            tickets = [await client.submit(rollout(RESCUED, n)) for n in range(40)]
            rewards = [await t for t in tickets]
    assert {(r.status, r.value, r.settings_version) for r in rewards} == {(Status.OK, 0.5, 1)}


@pytest.mark.slow
async def test_a_change_rolls_through_the_pool_and_every_reward_is_of_its_version(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    async with (
        host(server, config(pool_name, rule=2, tinyv=2), tmp_path),
        RewardClient(server.url, run_id="run", pool=pool_name, deadline_s=90) as client,
    ):
        changing = asyncio.create_task(control.change(server.url, {"tinyv.weight": 0.5}, pool=pool_name))
        tickets = []
        while not changing.done() or len(tickets) < 200:
            tickets.append(await client.submit(rollout(RESCUED, len(tickets))))
            await asyncio.sleep(0.01)
        agreed = await changing
        tickets += [await client.submit(rollout(RESCUED, 100_000 + n)) for n in range(50)]
        rewards: list[Reward] = [await t for t in tickets]
    assert agreed.version == 2
    assert {r.status for r in rewards} == {Status.OK}
    assert {(r.settings_version, r.value) for r in rewards} == {(1, 1.0), (2, 0.5)}, "a value is that of its version"
    assert {r.settings_version for r in rewards[-50:]} == {2}, "once the change is done nobody works by older settings"


async def test_of_two_changes_at_once_one_fails(server: EmbeddedServer, pool_name: str) -> None:
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as side:
        _, agreed = await agree(side, config(pool_name))
        versions = await asyncio.gather(
            *(change(side, {"tinyv.weight": w}, version=agreed.version) for w in (0.1, 0.2, 0.3))
        )
        assert sorted(versions) == [0, 0, 2]
        weights = [0.1, 0.2, 0.3]
        assert (await settle(side, {}, version=-1)).settings["tinyv.weight"] == weights[versions.index(2)]


async def test_a_change_that_a_later_one_overtakes_says_what_holds_instead(
    server: EmbeddedServer, pool_name: str
) -> None:
    """The worker goes by the later version at once, as it does where it starts again only once for two changes."""

    async def worker(version: int) -> None:
        async with WorkerApi(server.url, BrokerConfig(pool=pool_name)) as link:
            about = {"settings_version": str(version)}
            info = WorkerInfo(name="a", stage="rule", pid=1, host="h", state="ready", about=about)
            await link.beat("a", msgspec.json.encode(info))

    async def change_to(**settings: object) -> tuple[Agreed, asyncio.Task[Agreed]]:
        """Begin a change; return what holds once it does."""
        names = {f"tinyv.{name}": value for name, value in settings.items()}
        version = (await settle(side, {}, version=-1)).version + 1
        work = asyncio.create_task(control.change(server.url, names, pool=pool_name, wait_s=30))

        async def is_set() -> bool:
            return (await settle(side, {}, version=-1)).version == version

        await wait_until(is_set, 10, "the change stands")
        return await settle(side, {}, version=-1), work

    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as side:
        await agree(side, config(pool_name))
        await worker(1)
        _, first = await change_to(weight=0.3)
        _, second = await change_to(weight=0.5)
        await worker(3)
        with pytest.raises(SettingsError, match=r"2 was overtaken by version 3, .*tinyv\.weight=0\.5 holds now"):
            await first
        assert (await second).settings["tinyv.weight"] == 0.5
        # One of other settings takes nothing away.
        _, first = await change_to(weight=0.75)
        _, second = await change_to(setup="mixed")
        await worker(5)
        assert [(await work).settings["tinyv.weight"] for work in (first, second)] == [0.75, 0.75]


async def test_an_idle_pool_takes_the_settings_of_the_next_start(server: EmbeddedServer, pool_name: str) -> None:
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as side:
        await agree(side, config(pool_name))
        with pytest.raises(InvalidInputError):  # the first may be about to start its workers
            await agree(side, config(pool_name, weight=0.5))
        await side.command("HSET", side.keys.meta, "settings_at", 1)
        ours, agreed = await agree(side, config(pool_name, weight=0.5))
        assert (ours.tinyv.weight, agreed.version) == (0.5, 2)


async def test_a_server_that_lost_the_settings_learns_them_from_a_worker(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    async with host(server, config(pool_name, weight=0.5), tmp_path), connect(server.url) as r:
        await control.change(server.url, {"tinyv.weight": 0.25}, pool=pool_name)
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as side:
            await r.delete(side.keys.meta)

            async def is_back() -> bool:
                agreed = await settle(side, {}, version=-1)
                return agreed.version == 2 and agreed.settings.get("tinyv.weight") == 0.25

            await wait_until(is_back, 90, "the settings are back, with their version")


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("tinyv.wieght", 1, "there is no such pool setting"),
        ("tinyv.weight", 2, "use a number from 0 to 1"),
        ("rule.workers", 2, "each host's own"),
        ("tinyv.setup", "both", "use addon, tinyv_only or mixed"),
        ("routes", [{"contains": "x", "grader": "nix"}], "use one of cascade, exact, math_verify, prime"),
        ("routes", [{"contains": "x", "grader": "my grader:f"}], "a `package.module:function`"),
    ],
)
async def test_a_change_that_makes_no_sense_names_the_setting(
    server: EmbeddedServer, pool_name: str, name: str, value: object, remedy: str
) -> None:
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as side:
        await settle(side, pool_settings(config(pool_name)))
    with pytest.raises(InvalidInputError, match=name) as caught:  # a route's by its row: `routes[0].grader`
        await control.change(server.url, {name: value}, pool=pool_name)
    assert remedy in caught.value.remedy


async def test_whoever_joins_is_told_that_a_pool_is_new(
    server: EmbeddedServer, pool_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await join._say_if_new(server.url, BrokerConfig(pool=pool_name))
    assert f"pool {pool_name} is new on this server" in capsys.readouterr().out
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as side:
        await agree(side, config(pool_name))
    await join._say_if_new(server.url, BrokerConfig(pool=pool_name))
    assert not capsys.readouterr().out


def test_a_change_from_auto_is_a_change() -> None:
    before, after = {"tinyv.model": "auto", "tinyv.weight": 1.0}, {"tinyv.model": "embedded", "tinyv.weight": 0.5}
    assert [(c.here, c.pool) for c in changes(before, after, ["tinyv.model"])] == [("auto", "embedded")]


async def test_a_pool_without_settings_says_so(server: EmbeddedServer, pool_name: str) -> None:
    with pytest.raises(SettingsError, match="no settings yet"):
        await control.look(server.url, pool=pool_name)


def test_a_reward_of_an_older_release_has_no_version() -> None:
    plain = {"rollout_id": "a", "value": 1.0, "status": "ok", "source": "rule"}
    assert msgspec.convert(plain, Reward).settings_version == 0


async def test_the_turn_to_restart_goes_round_and_is_given_up_by_who_has_it(
    server: EmbeddedServer, pool_name: str
) -> None:
    async with WorkerApi(server.url, BrokerConfig(pool=pool_name)) as link:
        assert await link.take_turn("rule", "a", 60)
        assert await link.take_turn("rule", "a", 60), "it asks with each heartbeat"
        assert not await link.take_turn("rule", "b", 60)
        assert await link.take_turn("tinyv", "b", 60), "each stage has its own"
        await link.take_turn("rule", "b", 0)
        assert not await link.take_turn("rule", "b", 60), "it was not its own to give up"
        await link.take_turn("rule", "a", 0)
        assert await link.take_turn("rule", "b", 0.001)
        await asyncio.sleep(0.02)
        assert await link.take_turn("rule", "c", 60), "a turn lapses"


async def test_a_worker_takes_no_turn_before_it_works_or_on_its_way_out(server: EmbeddedServer, pool_name: str) -> None:
    async with WorkerApi(server.url, BrokerConfig(pool=pool_name)) as link:
        _, agreed = await agree(link, config(pool_name))
        version = await change(link, {"tinyv.weight": 0.5}, version=agreed.version)
        tag = (await settle(link, {}, version=-1)).tag
        for state, outdated in (("starting", False), ("draining", False), ("new", True), ("ready", True)):
            follower = SettingsFollower(agreed, "rule")
            await follower.note(link, version, tag, state=state)
            assert follower.outdated.is_set() is outdated, state
        same = SettingsFollower(agreed, "rule")
        await same.note(link, agreed.version, "another tag", state="ready")
        assert same.outdated.is_set(), "one number, other settings: the server lost data between them"


async def test_a_switch_and_a_change_of_settings_keep_out_of_each_others_way(
    server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    async with host(server, config(pool_name, rule=0), tmp_path):
        async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as side:
            before = await settle(side, {}, version=-1)
            await change(side, {"tinyv.weight": 0.5}, version=before.version)
            with pytest.raises(EngineError, match="goes over to other settings"):
                await model.switch(server.url, "second", pool=pool_name)
        await wait_until(lambda: is_at(server, pool_name, 2), 60, "the worker is back")
        await model.switch(server.url, "second", pool=pool_name)
        with pytest.raises(SettingsError, match="was switched to model second"):
            await control.change(server.url, {"tinyv.model": "third"}, pool=pool_name)
    with pytest.raises(InvalidInputError, match="auto"):
        await model.switch(server.url, "auto", pool=pool_name)


async def is_at(server: EmbeddedServer, pool_name: str, version: int) -> bool:
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as side:
        workers = await side.workers()
        return [(w.state, w.about.get("settings_version")) for w in workers] == [("ready", str(version))]
