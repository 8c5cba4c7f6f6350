"""The end of a board: the process that looks for kinds is gone before it, however often it is asked to stop."""

import asyncio
import signal
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from tinyv_stream.aio import cancel
from tinyv_stream.board.index import Index
from tinyv_stream.board.kinds import KindRequest
from tinyv_stream.board.settings import BoardConfig
from tinyv_stream.board.watch import Watch


async def test_a_board_that_ends_waits_until_its_process_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: asyncio.Queue[Process] = asyncio.Queue()
    start = asyncio.create_subprocess_exec

    async def noted(*command: str, **more: int) -> Process:
        process = await start(*command, **more)
        started.put_nowait(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    monkeypatch.setattr(cancel, "_AGAIN_S", 0.0)  # asked again at once, as on a machine that is busy
    watch = Watch(BoardConfig(runs=str(tmp_path)), Index(tmp_path))
    asks = [KindRequest(f"{n:032x}", r"3\cdot2^n", r"\text{three times }2^n") for n in range(500)]
    task = asyncio.create_task(watch._classify(asks))
    process = await asyncio.wait_for(started.get(), 30)
    await cancel.cancel_all([task])
    watch._indexer.close()
    assert task.cancelled() and process.returncode == -signal.SIGKILL
