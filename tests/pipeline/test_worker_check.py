"""`worker check` beside real worker processes: a broker that is away and comes back, a drain, a stopped process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tinyv_stream.processes import worker_state
from tinyv_stream.processes.worker_state import check
from tinyv_stream.testing import EmbeddedServer, embedded_server, wait_until
from tinyv_stream.types import STAGES, Stage


@contextmanager
def worker(stage: Stage, server: EmbeddedServer, state: Path, pool: str) -> Iterator["subprocess.Popen[bytes]"]:
    config = f'{{"broker": {{"pool": "{pool}"}}, "tinyv": {{"engine": {{"kind": "scripted"}}}}}}'
    own = {"TINYV_REDIS_URL": server.url, "TINYV_CONFIG": config, worker_state.VARIABLE: str(state)}
    command = [sys.executable, "-P", "-m", f"tinyv_stream_workers.{stage}"]
    with (state.parent / f"{stage}.log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def says(state: Path, *, ready: bool) -> int:
    return check(str(state), ready=ready).code


@pytest.mark.parametrize("stage", STAGES)
async def test_a_worker_is_ready_until_it_drains(
    stage: Stage, server: EmbeddedServer, pool_name: str, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with worker(stage, server, state, pool_name) as process:
        await wait_until(lambda: says(state, ready=True) == 0, 60, "it is ready")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert "is gone" in check(str(state), ready=False).reason


@pytest.mark.slow
async def test_a_silent_broker_takes_readiness_and_gives_it_back(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with embedded_server() as own:
        with worker("rule", own, state, "away"):
            await wait_until(lambda: says(state, ready=True) == 0, 60, "it is ready")
            os.kill(own.pid or 0, signal.SIGSTOP)
            await wait_until(lambda: says(state, ready=True) == 1, 60, "it is not ready without a broker")
            assert says(state, ready=False) == 0
            os.kill(own.pid or 0, signal.SIGCONT)
            await wait_until(lambda: says(state, ready=True) == 0, 60, "it is ready again")
