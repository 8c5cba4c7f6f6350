"""Follower of the pool's settings: a worker that works by older ones drains and starts again, one of a stage at a time.

- The version comes back with each heartbeat, so nothing is asked for beside it.
- A server that lost the settings learns them from here, with their version.
- The turn to restart lapses by itself: a worker that dies over it holds up the others for so long.
"""

import asyncio
import logging
from typing import Final

import msgspec

from tinyv_stream.broker.settings import Agreed, adopt, agree, settle
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.config import Config
from tinyv_stream.config.pool_settings import AUTO, MODEL
from tinyv_stream.types import Stage

_log = logging.getLogger(__name__)

RESTART_CODE: Final = 3
"""Exit code of a worker that is to be started again with the pool's settings as they are now."""
TURN_S: Final = 300.0
"""Longest a restart keeps the others waiting: a model may have to be loaded."""


class SettingsFollower:
    """One worker's. `outdated` is set once it is its turn to start again."""

    def __init__(self, agreed: Agreed, stage: Stage, worker: str) -> None:
        self.agreed = agreed
        self.outdated = asyncio.Event()
        self._stage: Stage = stage
        self._worker = worker
        self._has_ended_turn = False

    async def note(self, link: WorkerApi, version: int, *, is_ready: bool) -> None:
        """Take in the version that the broker has now; `is_ready`: this worker works."""
        own = self.agreed.version
        if is_ready and not self._has_ended_turn:
            await link.take_turn(self._stage, self._worker, 0.0)
            self._has_ended_turn = True
        if version < own:
            await settle(link, self.agreed.settings, version=own)
        elif version > own and not self.outdated.is_set() and await link.take_turn(self._stage, self._worker, TURN_S):
            _log.info("%s starts again: the pool's settings are version %d, not %d", self._worker, version, own)
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
