"""Follower of the pool's settings: a worker that works by older ones drains and starts again, one of a stage at a time.

- The version comes back with each heartbeat, so nothing is asked for beside it.
- A server that lost the settings learns them from here, with their version.
- The turn to restart lapses by itself: a worker that dies over it holds up the others for so long.
"""

import asyncio
import logging
import os
import socket
from typing import Final

import msgspec

from tinyv_stream.broker.settings import Agreed, adopt, agree, settle
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.config import Config
from tinyv_stream.config.pool_settings import AUTO, MODEL
from tinyv_stream.types import Stage

_log = logging.getLogger(__name__)

TURN_S: Final = 300.0
"""Longest a restart keeps the others waiting: a model may have to be loaded."""
_WORKING: Final = frozenset({"ready", "asleep", "drained"})
"""States in which a worker has done with its start or may not begin it, and is not on its way out."""


class SettingsFollower:
    """One worker's. `outdated` is set once it is to start again: at once before it works, else when it has the turn."""

    def __init__(self, agreed: Agreed, stage: Stage) -> None:
        self.agreed = agreed
        self.outdated = asyncio.Event()
        self._stage: Stage = stage
        self._slot = f"{socket.gethostname()} {os.getppid()} {os.environ.get('TINYV_WORKER') or os.getpid()}"
        """Who restarts: what a supervisor starts again has the same."""
        self._is_back = False

    async def note(self, link: WorkerApi, version: int, tag: str, *, state: str) -> None:
        """Take in the settings that the broker has now; `state` is this worker's own."""
        own = self.agreed
        is_working = state in _WORKING
        if version < own.version:
            await settle(link, own.settings, version=own.version, tag=own.tag)
        elif (version, tag) == (own.version, own.tag):
            if is_working and not self._is_back:
                await link.take_turn(self._stage, self._slot, 0.0)
                self._is_back = True
        elif state == "new" or (is_working and await link.take_turn(self._stage, self._slot, TURN_S)):
            if not self.outdated.is_set():
                _log.info("it starts again: the pool's settings are version %d, not %d", version, own.version)
            self.outdated.set()


async def agreed_settings(url: str, config: Config, names: set[str], stage: Stage) -> tuple[Config, Agreed]:
    """Return the settings to work by, and their version; the first TinyV worker chooses the model for `auto`."""
    async with WorkerApi(url, config.broker) as link:
        while True:
            ours, agreed = await agree(link, config, names)
            if stage != "tinyv" or ours.tinyv.model != AUTO or ours.tinyv.engine.kind != "vllm":
                return ours, agreed
            model = await adopt(link, agreed.version, (await asyncio.to_thread(ours.tinyv.row))[0])
            if model:
                tinyv = msgspec.structs.replace(ours.tinyv, model=model)
                agreed = msgspec.structs.replace(agreed, settings={**agreed.settings, MODEL: model})
                return msgspec.structs.replace(ours, tinyv=tinyv), agreed
