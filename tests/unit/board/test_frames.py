"""Frames of the page of this moment: by an injected clock, one a pause, and none where nothing changed."""

import asyncio
from pathlib import Path

import msgspec
from board_kit import began, ended, reward, write

from tinyv_stream.board.index import Index
from tinyv_stream.board.live import Live
from tinyv_stream.board.settings import BoardConfig
from tinyv_stream.board.steps import Steps
from tinyv_stream.board.watch import Watch
from tinyv_stream.broker.operator import PoolStatus
from tinyv_stream.record.lines import AnyLine


class FakeClock:
    """A wall clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def status(rule: int) -> PoolStatus:
    return PoolStatus(server="valkey", version="9", depth={"rule": rule, "tinyv": 0}, live=0, parked=0, oldest_s=None,
                      dead=0, cached=0, stats={}, workers=[])  # fmt: skip


def steps_of(*lines: AnyLine) -> Steps:
    steps = Steps()
    for line in lines:
        steps.event(1, line)
    return steps


def test_the_rate_is_of_ten_seconds_and_queues_are_of_two_minutes() -> None:
    clock = FakeClock()
    live = Live(clock)
    live.lines([reward(n, rewarded=985.0 + n) for n in range(10)])  # 985 to 994: four of them in ten seconds
    live.look(status(3))
    clock.now = 1001.0
    told = live.snapshot(Steps(), None)
    assert told["rate"] == 0.3 and told["depth"] == [[-1.0, 3, 0]]
    clock.now = 1121.0
    told = live.snapshot(Steps(), None)
    assert told["rate"] == 0.0 and told["depth"] == []


def test_a_step_goes_on_while_a_rollout_waits_and_stands_still_when_none_does() -> None:
    clock = FakeClock()
    live = Live(clock)
    waiting = steps_of(began(1, 990.0), ended(1, 995.0), reward(2, ended=994.0, rewarded=994.5))
    assert live.snapshot(waiting, 1)["lanes"]["now"] == 10.0
    clock.now = 1002.5
    assert live.snapshot(waiting, 1)["lanes"]["now"] == 12.5
    over = steps_of(began(1, 990.0), reward(2, ended=994.0, rewarded=994.5))
    first = live.snapshot(over, 1)
    clock.now = 9999.0
    assert live.snapshot(over, 1) == first  # so that no frame is sent of a run that nobody continues


async def test_there_is_one_pause_of_half_a_second_before_each_frame_and_none_without_a_change(tmp_path: Path) -> None:
    pauses: list[float] = []
    told: list[bytes] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        told.append(watch.frame)
        if len(pauses) == 2:
            write(tmp_path, [began(2, 20.0), reward(9, step=2)])
            await asyncio.to_thread(watch._follow)
        if len(pauses) == 4:
            raise asyncio.CancelledError

    write(tmp_path, [began(1, 1.0), reward(0)])
    watch = Watch(BoardConfig(runs=str(tmp_path)), Index(tmp_path), pause=pause)
    await asyncio.to_thread(watch._follow)
    frames = asyncio.create_task(watch._frames())
    await asyncio.wait([frames])
    watch._indexer.close()
    assert pauses == [0.5] * 4
    assert told[0] == told[1] != told[2] == told[3]
    assert [one["step"] for one in msgspec.json.decode(told[3])["steps"]] == [1, 2]
