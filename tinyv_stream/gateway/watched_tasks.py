"""Tasks that must not end while the gateway is open: when one does, no reward is given any more, and health says so."""

import asyncio
import logging

_log = logging.getLogger(__name__)


class WatchedTasks:
    """The tasks of one service. Tell `leave` before they are cancelled."""

    def __init__(self) -> None:
        self._is_leaving = False
        self._ended: tuple[float, str] | None = None

    def watch(self, task: asyncio.Task[None]) -> None:
        """Note when `task` ends, and why."""
        task.add_done_callback(self._task_ended)

    def leave(self) -> None:
        """Expect ends from here on."""
        self._is_leaving = True

    def ended(self, now_s: float) -> tuple[float, str]:
        """Return for how long, at the loop's time `now_s`, a task has been gone, and which; (0, "") if none is."""
        at, reason = self._ended or (now_s, "")
        return now_s - at, reason

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if self._is_leaving or self._ended:
            return
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._ended = asyncio.get_running_loop().time(), f"{task.get_name()} has ended ({error!r})"[:300]
        _log.error("%s has ended: restart the gateway", task.get_name(), exc_info=error)
