"""`tinyv-stream model` on a real pool whose engine is scripted: it changes, fails and sleeps under load."""

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from cli_kit import Cli, rewards_in, write_rollouts

from tinyv_stream import Reward, RewardClient, Rollout, Status, Ticket
from tinyv_stream.testing import wait_until, wait_until_sync

pytestmark = pytest.mark.timeout(300)  # the command starts eight times and more, each in a second or in ten


def models_of(rewards: list[dict[str, object]]) -> set[str]:
    """The models whose verdicts are in a reward file."""
    return {str(r["tinyv"]["model"]) for r in rewards if r.get("tinyv")}  # type: ignore[index,call-overload]


def all_once(rewards: list[dict[str, object]], count: int) -> None:
    assert len(rewards) == count
    assert len({reward["rollout_id"] for reward in rewards}) == count
    assert {reward["status"] for reward in rewards} == {"ok"}


def model(cli: Cli, *args: object) -> subprocess.CompletedProcess[str]:
    return cli.run("model", *args, timeout_s=100)


def replicas(cli: Cli) -> list[dict[str, object]]:
    return json.loads(model(cli, "status", "--json").stdout)["replicas"]


class Load:
    """A trainer that submits without a pause, and asks each question of its own."""

    def __init__(self, client: RewardClient) -> None:
        self._client = client
        self._over = asyncio.Event()
        self._task = asyncio.create_task(self._run())
        self.rewards: list[Reward] = []

    async def _run(self) -> list[str]:
        asked: list[str] = []
        while not self._over.is_set():
            asked.append(f"r{len(asked)}")
            fields = {"question": f"What is {len(asked)} + 0?", "ground_truth": str(len(asked))}
            completion = rf"\boxed{{{len(asked) + 1}}}"
            ticket = await self._client.submit(
                Rollout(completion=completion, data_source="t_tinyv", rollout_id=asked[-1], **fields)
            )
            ticket_done = asyncio.ensure_future(_reward(ticket))
            ticket_done.add_done_callback(lambda done: self.rewards.append(done.result()))
        return asked

    def models(self) -> list[str]:
        return [reward.tinyv.model for reward in self.rewards if reward.tinyv]

    async def more(self, count: int) -> None:
        """Wait for `count` more rewards."""
        have = len(self.rewards)
        await wait_until(lambda: len(self.rewards) >= have + count, 60, f"{count} more rewards")

    async def end(self) -> None:
        """Stop asking, and see that each rollout had its one reward."""
        self._over.set()
        asked = await self._task
        await wait_until(lambda: len(self.rewards) >= len(asked), 60, "the last rewards")
        assert sorted(r.rollout_id for r in self.rewards) == sorted(asked)
        assert {(r.status, r.value) for r in self.rewards} == {(Status.OK, 0.0)}


async def _reward(ticket: Ticket) -> Reward:
    return await ticket


@asynccontextmanager
async def loaded(cli: Cli) -> AsyncIterator[Load]:
    note = next(cli.home.glob("state/tinyv-stream/*/running.json"))
    url = json.loads(note.read_text())["url"]
    async with RewardClient(url, run_id="load", max_inflight=8, deadline_s=100) as client:
        load = Load(client)
        await load.more(20)
        yield load
        await load.more(20)
        await load.end()


async def test_a_switch_under_load_loses_nothing(tmp_path: Path) -> None:
    cli = Cli(tmp_path, tinyv_delay_s=0.05)
    with cli.up():
        async with loaded(cli) as load:
            switched = await asyncio.to_thread(model, cli, "switch", "second", "--revision", "r2")
            assert switched.returncode == 0, switched.stderr
            assert [(s["model"], s["state"]) for s in await asyncio.to_thread(replicas, cli)] == [
                ("second@r2", "ready")
            ]
            await load.more(20)  # those that were answered before the switch, and had not arrived
            since = len(load.rewards)
    assert set(load.models()) == {"scripted", "second@r2"}
    assert set(load.models()[since:]) == {"second@r2"}


@pytest.mark.long
def test_verdicts_of_the_model_before_are_not_reused(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    rollouts, out, again, back = (tmp_path / f"{n}.jsonl" for n in ("in", "out", "again", "back"))
    write_rollouts(rollouts, 40)
    with cli.up():
        push(cli, rollouts, out)
        assert model(cli, "switch", "second").returncode == 0
        push(cli, rollouts, again)
        assert model(cli, "switch", "scripted").returncode == 0
        push(cli, rollouts, back)
    for file, name, sources in (
        (out, "scripted", {"tinyv"}),
        (again, "second", {"tinyv"}),
        (back, "scripted", {"cache"}),
    ):
        all_once(rewards_in(file), 40)
        assert models_of(rewards_in(file)) == {name}
        assert {r["source"] for r in rewards_in(file)} == {"rule"} | sources


def push(cli: Cli, rollouts: Path, out: Path) -> None:
    assert cli.run("push", rollouts, "--out", out, "--run-id", out.stem, timeout_s=100).returncode == 0


@pytest.mark.long
async def test_a_model_that_does_not_start_leaves_the_pool_with_the_one_before(tmp_path: Path) -> None:
    cli = Cli(tmp_path, tinyv_delay_s=0.05)
    with cli.up():
        async with loaded(cli) as load:
            for name, words in (("it-is-broken", "cannot be loaded"), ("it-is-missing", "no it-is-missing")):
                failed = await asyncio.to_thread(model, cli, "switch", name)
                assert failed.returncode == 1
                assert words in failed.stderr
                assert "all workers use the model before" in failed.stderr
                assert [(s["model"], s["state"]) for s in await asyncio.to_thread(replicas, cli)] == [
                    ("scripted", "ready")
                ]
    assert set(load.models()) == {"scripted"}


@pytest.mark.long
def test_an_order_outlives_a_killed_worker(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    with cli.up():
        assert model(cli, "switch", "second").returncode == 0
        [before] = [w for w in cli.status().workers if w.stage == "tinyv"]
        psutil.Process(before.pid).kill()

        def is_back() -> bool:
            report = [w for w in cli.status().workers if w.stage == "tinyv" and w.state == "ready"]
            return [w.pid for w in report if w.pid != before.pid] != []

        wait_until_sync(is_back, 60.0, "another worker is ready")
        assert {s["model"] for s in replicas(cli) if s["worker"] != before.name} == {"second"}


@pytest.mark.long
def test_rollouts_wait_while_the_pool_and_a_started_worker_sleep(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    rollouts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write_rollouts(rollouts, 40)
    with cli.up():
        asleep = model(cli, "sleep")
        assert asleep.returncode == 0, asleep.stderr
        assert "asleep for" in asleep.stdout
        pushing = cli.start("push", rollouts, "--out", out)
        wait_until_sync(lambda: cli.status().depth == {"rule": 0, "tinyv": 20}, 60.0, "all wait for TinyV")
        [before] = [w for w in cli.status().workers if w.stage == "tinyv"]
        psutil.Process(before.pid).kill()

        def is_asleep() -> bool:
            return [w.state for w in cli.status().workers if w.stage == "tinyv" and w.pid != before.pid] == ["asleep"]

        wait_until_sync(is_asleep, 60.0, "the worker in its place sleeps")
        assert model(cli, "switch", "second").returncode == 1, "a pool that sleeps cannot be switched"
        assert model(cli, "wake").returncode == 0
        assert pushing.wait(60) == 0
    all_once(rewards_in(out), 40)
    assert {r["source"] for r in rewards_in(out)} == {"rule", "tinyv"}


@pytest.mark.long
def test_a_pool_that_is_stopped_in_the_middle_of_a_switch_ends_as_ever(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    with cli.up() as process:
        switching = cli.start("model", "switch", "it-is-slow")
        wait_until_sync(lambda: [s["state"] for s in replicas(cli)] == ["switching"], 60.0, "the switch is under way")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        switching.kill()
        switching.wait()
    wait_until_sync(lambda: not cli.left_running(), 30.0, "its processes are gone")


def test_without_a_tinyv_worker_there_is_nothing_to_change(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    cli.settings.write_text("[tinyv]\nworkers = 0\n")
    process = cli.start("up", "--config", cli.settings)
    try:
        wait_until_sync(lambda: list(tmp_path.glob("state/tinyv-stream/*/running.json")), 60.0, "the pool is up")
        for command in (("switch", "second"), ("sleep",), ("wake",)):
            failed = model(cli, *command)
            assert failed.returncode == 1
            assert "no TinyV worker" in failed.stderr
    finally:
        process.terminate()
        process.wait(40)
