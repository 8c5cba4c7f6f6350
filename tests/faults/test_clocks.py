"""Time: a server whose wall clock is set, a trainer whose event loop is blocked, and the wait for credit."""

import asyncio
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from redis.exceptions import RedisError
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, rollout
from tinyv_stream_workers.worker import Worker

from bench.chaos.clock import SteppedClock
from tinyv_stream import RewardClient, Status
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.broker.clock import PoolClock
from tinyv_stream.broker.messages import encode, work_of
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.trainer import TrainerApi
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.embedded_server.server import find_binary
from tinyv_stream.testing import EmbeddedServer, wait_until


class SteppedServer:
    """A real server whose wall clock can be set."""

    def __init__(self, directory: Path) -> None:
        try:
            self._clock = SteppedClock(directory)
        except LookupError as exc:
            pytest.skip(str(exc))
        socket = directory / "s"
        self.url = f"unix://{socket}"
        words = ["--port", "0", "--unixsocket", socket, "--dir", directory, "--save", ""]
        argv = [find_binary(), *words]
        self.process = subprocess.Popen(argv, env=self._clock.environment, stdout=subprocess.DEVNULL)

    async def step(self, seconds: int) -> None:
        """Put its clock so many seconds beside this machine's."""
        self._clock.step(seconds)
        await wait_until(lambda: self._is_set(time.time() + seconds), 30, "the clock to be set")

    async def _is_set(self, to: float) -> bool:
        return abs(await self.time_s() - to) < 20

    async def time_s(self) -> float:
        async with connect(self.url) as r:
            return float((await r.time())[0])


@pytest.fixture
async def stepped(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SteppedServer]:
    server = SteppedServer(tmp_path_factory.mktemp("clock"))
    try:
        await wait_until(lambda: _answers(server), 30, "the server to answer")
        yield server
    finally:
        server.process.kill()
        server.process.wait()


@asynccontextmanager
async def working(url: str, *verifiers: ScriptedVerifier, lease_s: float = 30.0) -> AsyncIterator[None]:
    stop = asyncio.Event()
    config = Config(broker=BrokerConfig(pool="clock", lease_s=lease_s))
    async with asyncio.TaskGroup() as tasks:
        for verifier in verifiers:
            tasks.create_task(Worker(url, config, verifier, grace_s=5.0).run(stop))
        try:
            yield
        finally:
            stop.set()


@pytest.mark.slow
@pytest.mark.parametrize(
    "seconds", [7200, -7200, pytest.param(100_000, marks=pytest.mark.long), pytest.param(-30, marks=pytest.mark.long)]
)
async def test_deadlines_survive_a_step_of_the_servers_clock(stepped: SteppedServer, seconds: int) -> None:
    rule = ScriptedVerifier("rule", slots=200, delay_s=4.0)
    async with (
        working(stepped.url, rule, ScriptedVerifier("rule", slots=200, delay_s=4.0)),
        RewardClient(stepped.url, run_id="run", pool="clock", deadline_s=60.0) as client,
    ):
        await asyncio.sleep(2.0)  # the workers have checked the clock a few times
        tickets = [await client.submit(rollout("rule:correct", n)) for n in range(100)]
        await stepped.step(seconds)
        tickets += [await client.submit(rollout("rule:correct", n)) for n in range(100, 200)]
        rewards = [await t for t in tickets]
        assert [r.status for r in rewards].count(Status.OK) == 200
        # And deadlines still end what nobody decides, by the pool, in time.
        late = await client.submit(rollout("rule:correct", 999, deadline_s=1.0))
        reward = await late
        assert (reward.status, reward.reason) == (Status.EXPIRED, "deadline passed")
        assert reward.timings.total_s is not None and reward.timings.total_s < 5


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("seconds", [-7200, 7200])
async def test_a_killed_workers_rollouts_are_taken_over_after_a_step(stepped: SteppedServer, seconds: int) -> None:
    killed, other = (ScriptedVerifier("rule", delay_s=delay_s) for delay_s in (100.0, 0.0))
    config = Config(broker=BrokerConfig(pool="clock", lease_s=1.0))
    dying = asyncio.create_task(Worker(stepped.url, config, killed).run(asyncio.Event()))
    async with RewardClient(stepped.url, run_id="run", pool="clock", deadline_s=60.0) as client:
        tickets = [await client.submit(rollout("rule:correct", n)) for n in range(20)]
        await wait_until(lambda: len(killed.asked) == 20, 30, "the first worker to have them all")
        async with working(stepped.url, other, lease_s=1.0):
            await asyncio.sleep(1.0)  # it has looked at the clock
            await stepped.step(seconds)
            await cancel_all([dying])  # without a word to the pool, as a kill
            rewards = [await t for t in tickets]
    assert [r.status for r in rewards] == [Status.OK] * 20


@pytest.mark.slow
async def test_a_worker_that_is_new_spoils_no_deadline_after_a_step(stepped: SteppedServer) -> None:
    config = BrokerConfig(pool="clock")
    async with (
        WorkerApi(stepped.url, config) as old,
        WorkerApi(stepped.url, config) as new,
        TrainerApi(stepped.url, config) as trainer,
    ):
        assert await old.overdue("old") == []
        await stepped.step(-3600)
        assert await new.overdue("new") == []
        body = encode(work_of(rollout("x"), run_id="run", client_id="c"))
        assert await trainer.submit("run", [("run/r0#x", 60_000, body)]) == [1]
        assert await old.overdue("old") == [], "it has its minute, by the corrected clock, too"
        await stepped.step(3600)
        await new.beat("dying", b"")
        assert await old.overdue("old") == []
        async with OperatorApi(stepped.url, config) as operator:
            score = await operator.command("ZSCORE", operator.keys.heartbeat, "dying")
            now_ms = await old._now_ms()
        assert isinstance(score, float) and now_ms - 60_000 < score <= now_ms, "or it would count as alive for hours"


async def test_only_what_must_be_a_step_is_corrected() -> None:
    own, wall, shift, steps = [0.0], [1e12], [0.0], [0]
    checked: list[float] = []

    async def ask(args: object) -> list[bytes]:
        assert isinstance(args, list)
        if args[0] != "":
            shift[0] += args[1]
            steps[0] += 1
        own[0] += 400.0  # the way there
        now = wall[0] + own[0] - shift[0]
        own[0] += 400.0  # and back
        last = str(checked[-1]).encode() if checked else b""
        return [str(now).encode(), str(steps[0]).encode(), last, str(wall[0] + own[0]).encode()]

    clock = PoolClock(lambda: own[0])
    for moved, corrected in ((0, 0), (0, 0), (900, 0), (3_600_000, 1), (0, 1), (0, 1), (-50_000, 2), (0, 2), (0, 2)):
        own[0] += 500
        wall[0] += moved
        checked.append(await clock.now_ms(ask))
        assert steps[0] == corrected, moved
    assert checked == sorted(checked)
    assert abs(checked[-1] - 1e12 - own[0]) < 5_000, "about as much as really passed"
    assert abs((clock.server_ms() or 0) - wall[0] - own[0]) <= 400, "the server's own clock keeps its steps"


async def test_a_clock_that_was_set_back_unseen_is_found_by_whoever_comes(stepped: SteppedServer) -> None:
    config = BrokerConfig(pool="clock")
    async with WorkerApi(stepped.url, config) as gone:
        await gone.overdue("gone")
        await gone.beat("gone", b"")
    await stepped.step(-3600)
    async with WorkerApi(stepped.url, config) as new, OperatorApi(stepped.url, config) as operator:
        await new.overdue("new")
        before = await new._now_ms()
        await wait_until(lambda: _has_passed(new, before + 1_000), 20, "the pool's time goes on")
        assert await operator.command("HGET", operator.keys.meta, "clock_steps") == b"1"


async def test_who_beat_by_a_clock_ahead_of_a_moment_is_not_alive_for_so_long(stepped: SteppedServer) -> None:
    config = BrokerConfig(pool="clock")
    async with WorkerApi(stepped.url, config) as dead, WorkerApi(stepped.url, config) as alive:
        await stepped.step(3600)
        await dead.beat("dead", b"")
        await stepped.step(0)  # and nobody looked meanwhile
        await alive.beat("alive", b"")
        score = await alive.command("ZSCORE", alive.keys.heartbeat, "dead")
        assert isinstance(score, float) and score <= await alive._now_ms()


async def _has_passed(link: WorkerApi, ms: float) -> bool:
    return await link._now_ms() > ms


async def test_a_correction_that_was_lost_with_data_is_made_again() -> None:
    shift, steps, wall = [0.0], [0], 1e12

    async def ask(args: object) -> list[bytes]:
        assert isinstance(args, list)
        if args[0] != "":
            assert args[0] == str(steps[0])
            shift[0] += args[1]
            steps[0] += 1
        return [str(wall - shift[0]).encode(), str(steps[0]).encode(), b"", str(wall).encode()]

    own = 0.0
    clock = PoolClock(lambda: own)
    first = await clock.now_ms(ask)
    wall += 7_200_000  # set, corrected, and looked at again
    assert await clock.now_ms(ask) == first
    assert await clock.now_ms(ask) == first
    shift[0], steps[0] = 0.0, 0  # the server comes back without the correction
    assert await clock.now_ms(ask) == first
    assert (shift[0], steps[0]) == (7_200_000, 1)


@contextmanager
def elsewhere(url: str, pool: str, verifier: ScriptedVerifier) -> Iterator[None]:
    """A worker on a loop of its own, which goes on while that of the test is blocked."""
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def work() -> None:
        asking = asyncio.Event()
        loops.append((asyncio.get_running_loop(), asking))
        await Worker(url, Config(broker=BrokerConfig(pool=pool)), verifier, grace_s=5.0).run(asking)

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    try:
        yield
    finally:
        loop, asking = loops[0]
        loop.call_soon_threadsafe(asking.set)
        thread.join(30)


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [1, 4])
async def test_a_trainer_that_blocks_its_loop_loses_no_reward_that_came_in_time(
    server: EmbeddedServer, pool_name: str, client: Callable[..., RewardClient], blocks: int
) -> None:
    with elsewhere(server.url, pool_name, ScriptedVerifier("rule", delay_s=0.2, slots=500)):
        async with client() as c:
            await (await c.submit(rollout("rule:correct", 9999)))  # the worker is there
            tickets = [await c.submit(rollout("rule:correct", n, deadline_s=2.0)) for n in range(300)]
            for _ in range(blocks):
                await asyncio.sleep(0)  # the loop gets one round between two checkpoints
                time.sleep(4.0)  # noqa: ASYNC251 that is the fault
            rewards = [await t for t in tickets]
    assert [r.status for r in rewards].count(Status.OK) == 300


async def test_the_wait_for_credit_is_in_the_timings(serve: Serve, client: Callable[..., RewardClient]) -> None:
    async with serve(ScriptedVerifier("rule", delay_s=0.5)), client(max_inflight=1) as c:
        first, second = [await c.submit(rollout("rule:correct", n)) for n in range(2)]
        waits = [(await t).timings for t in (first, second)]
    assert waits[0].credit_s is not None and waits[1].credit_s is not None
    assert waits[0].credit_s < 0.4 <= waits[1].credit_s
    assert waits[1].total_s is not None and waits[1].total_s < waits[1].credit_s + 60


async def _answers(server: SteppedServer) -> bool:
    try:
        return await server.time_s() > 0
    except RedisError:
        return False
