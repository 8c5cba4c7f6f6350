"""What the pool tests share: worker programs small enough to read, and a pool run for the length of a block."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator

import psutil

from tinyv_stream.config import BrokerConfig, Config, RuleConfig, TinyVConfig
from tinyv_stream.pool import Pool
from tinyv_stream.testing import wait_until
from tinyv_stream.types import Stage

GOOD = """
import os, signal, sys, time
def drain(*_):
    print("drained", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, drain)
print("hello from", os.getpid(), flush=True)
while True:
    time.sleep(60)
"""
"""Drains when asked to."""

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
time.sleep(600)
"""
"""Does not hear, and has a child that is not tied to it."""

BROKEN = "import sys; print('loading'); sys.exit('no such model: tiny')"


DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


def script(source: str) -> dict[Stage, tuple[str, ...]]:
    return {"rule": (sys.executable, "-c", source), "tinyv": (sys.executable, "-c", GOOD)}


def config(rule: int = 1, tinyv: int = 0) -> Config:
    return Config(
        broker=BrokerConfig(pool="test"), rule=RuleConfig(workers=rule), tinyv=TinyVConfig(workers=tinyv, weight=0.25)
    )


def is_gone(pid: int) -> bool:
    """No process, or one that nobody has buried yet."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def log_of(pool: Pool, name: str = "rule-1") -> str:
    path = pool.logs / f"{name}.log"
    return path.read_text() if path.exists() else ""


@contextlib.asynccontextmanager
async def running(pool: Pool, said: str = "hello") -> AsyncGenerator[asyncio.Event]:
    """Run a pool until the block ends; yields its stop event once every worker has spoken."""
    stop = asyncio.Event()
    async with pool:
        run = asyncio.create_task(pool.run(stop))
        try:
            for worker in pool.workers:
                await wait_until(lambda name=worker.name: said in log_of(pool, name), 30, f"{worker.name} speaks")
            yield stop
        finally:
            stop.set()
            await run
