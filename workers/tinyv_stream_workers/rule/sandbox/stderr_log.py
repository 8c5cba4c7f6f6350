"""Pipe from the stderr of the graders' processes to the worker's log: bounded, and escaped, for its text is hostile.

- Of what comes within a minute the last 20 lines are logged; the first of them within a second.
- It is always read, so nobody waits on a full pipe; at most 64 kB in 50 ms, so a flood costs the worker little.
- Graders that are killed may hold its other end a little longer than their fork server lives: nothing waits for them.
"""

import asyncio
import collections
import contextlib
import logging
import os
from typing import Final, Self

_log: Final = logging.getLogger(__name__)

_LINES: Final = 20
_LINE_CHARS: Final = 500
_READ_BYTES: Final = 65_536
_PAUSE_S: Final = 0.05
_SOON_S: Final = 0.5
"""Until a traceback is whole."""
_EVERY_S: Final = 60.0


class StderrLog:
    """The pipe of one fork server and of all that it forks. Belongs to the running loop."""

    def __init__(self) -> None:
        self._ours, self.theirs = os.pipe()
        """`theirs` is handed to the child, and closed here afterwards."""
        os.set_blocking(self._ours, False)
        self._loop = asyncio.get_running_loop()
        self._lines: collections.deque[str] = collections.deque(maxlen=_LINES)
        self._rest = b""
        self._left_out = 0
        self._logged_at = self._loop.time() - _EVERY_S
        self._reading: asyncio.TimerHandle | None = None
        self._logging: asyncio.TimerHandle | None = None
        self._loop.add_reader(self._ours, self._on_readable)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Give up the child's end: the child has its own."""
        os.close(self.theirs)

    def close(self) -> str:
        """Log what there still is, stop, and return the last line."""
        for timer in (self._reading, self._logging):
            if timer is not None:
                timer.cancel()
        self._loop.remove_reader(self._ours)
        self._take()
        os.close(self._ours)
        if self._rest:
            self._add(self._rest)
        last = self._lines[-1] if self._lines else ""
        self._write()
        return last

    def _on_readable(self) -> None:
        self._loop.remove_reader(self._ours)
        if not self._take():
            return  # every holder has ended
        self._reading = self._loop.call_later(_PAUSE_S, self._loop.add_reader, self._ours, self._on_readable)
        if self._logging is None and (self._lines or self._rest):
            due = max(_SOON_S, self._logged_at + _EVERY_S - self._loop.time())
            self._logging = self._loop.call_later(due, self._write)

    def _take(self) -> bool:
        """Read what is there, up to a limit; say whether there may be more some time."""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._ours, _READ_BYTES)
            if not data:
                return False
            *lines, rest = (self._rest + data).split(b"\n")
            self._rest = rest[-4 * _LINE_CHARS :]
            self._left_out += max(0, len(lines) - _LINES)
            for line in lines[-_LINES:]:
                self._add(line)
        return True

    def _add(self, line: bytes) -> None:
        self._left_out += len(self._lines) == _LINES
        self._lines.append(escaped(line[: 4 * _LINE_CHARS].decode("utf-8", "backslashreplace"), _LINE_CHARS))

    def _write(self) -> None:
        self._logging = None
        self._logged_at = self._loop.time()
        if self._left_out:
            _log.warning("graders wrote to stderr: %d lines, left out here, and then", self._left_out)
        for line in self._lines:
            _log.warning("graders wrote to stderr: %s", line)
        self._lines.clear()
        self._left_out = 0


def escaped(text: str, most: int) -> str:
    """Return at most `most` characters of `text`, what cannot be printed as escapes: nothing in it moves a terminal."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:most])
    return shown if len(shown) <= most else shown[: most - 3] + "..."
