"""The record of a real client over a real pool: rewards go on whatever becomes of the disk."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, rollout

from tinyv_stream import RewardClient
from tinyv_stream.record import segments
from tinyv_stream.record.lines import AnyLine, Began, Left, Rewarded, decoder

Clients = Callable[..., RewardClient]


def lines(directory: Path) -> list[AnyLine]:
    return [decoder.decode(line) for path in segments.listed(directory) for line in path.read_bytes().splitlines()]


async def test_every_reward_of_a_step_is_in_the_record_with_its_texts_and_both_verdicts(
    serve: Serve, client: Clients, tmp_path: Path
) -> None:
    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")), client(record=tmp_path) as one:
        one.step(3)
        tickets = [await one.submit(rollout(f"tinyv:correct {n}", n)) for n in range(20)]
        rewards = [await ticket for ticket in tickets]
    found = {line.id: line for line in lines(tmp_path) if isinstance(line, Rewarded)}
    assert sorted(found) == sorted(reward.rollout_id for reward in rewards)
    assert {reward.step for reward in rewards} == {3} and all(reward.forwarded for reward in rewards)
    for reward in rewards:
        line = found[reward.rollout_id]
        assert line.step == 3 and line.rule == reward.rule and line.tinyv == reward.tinyv
        assert line.answer == reward.model_answer == line.completion and line.question.startswith("q")
        assert line.timings.total_s is not None and line.timings.credit_s is not None
        assert line.rewarded - line.ended >= line.timings.total_s - 0.001
    kinds = [type(line) for line in lines(tmp_path)]
    assert kinds[0] is Began and kinds[-1] is Left


async def test_rewards_go_on_when_the_disk_is_full(
    serve: Serve, client: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with serve(ScriptedVerifier("rule"), ScriptedVerifier("tinyv")):
        async with client(record=tmp_path) as one:
            monkeypatch.setattr(os, "write", full)
            tickets = [await one.submit(rollout("rule:correct", n)) for n in range(50)]
            assert {(await ticket).value for ticket in tickets} == {1.0}
        monkeypatch.undo()
    assert not lines(tmp_path)
    assert one._recorder is not None and one._recorder.dropped >= 100


async def test_the_wait_for_credit_is_told_and_recorded(serve: Serve, client: Clients, tmp_path: Path) -> None:
    async with serve(ScriptedVerifier("rule", delay_s=0.3)), client(record=tmp_path, max_inflight=1) as one:
        first = await one.submit(rollout("rule:correct", 0))
        second = await one.submit(rollout("rule:correct", 1))
        waits = [(await ticket).timings.credit_s for ticket in (first, second)]
    assert waits[0] is not None and waits[1] is not None and waits[1] > waits[0]
    (later,) = [line for line in lines(tmp_path) if isinstance(line, Rewarded) and line.id == "r1"]
    assert later.timings.total_s is not None
    assert later.rewarded - later.ended >= later.timings.total_s + waits[1] - 0.01


async def test_the_wait_behind_an_equal_rollout_is_told_and_nobody_else_has_one(
    serve: Serve, client: Clients, tmp_path: Path
) -> None:
    tinyv = ScriptedVerifier("tinyv", delay_s=0.5)
    async with serve(ScriptedVerifier("rule"), tinyv), client(record=tmp_path) as one:
        equal = {"question": "q", "group_id": "g", "group_size": 3}
        tickets = [await one.submit(rollout("tinyv:correct", n, **equal)) for n in range(3)]
        parked = [(await ticket).timings.parked_s for ticket in tickets]
    assert len(tinyv.asked) == 1
    assert sum(waited is None for waited in parked) == 1  # who asked
    assert all(waited is None or waited >= 0.4 for waited in parked)
    told = [line.timings.parked_s for line in lines(tmp_path) if isinstance(line, Rewarded)]
    assert sorted(map(str, told)) == sorted(map(str, parked))
