"""Writer of a record: a bounded buffer, and one thread that appends whole lines to the segment.

- It is never in the trainer's way: `add` only appends to a list in memory. Lines are made into bytes, and written, in
  the thread; a full disk or a slow file system drops lines, counts them, and says so once per spell of trouble.
- Whole lines only: what a failed write left behind is cut off again, and a reader passes over a torn last line.
"""

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from tinyv_stream.record import segments

_log = logging.getLogger(__name__)

MOST_LINES: Final = 20_000
"""Lines that wait in memory, about 70 MB of them: ten seconds of a pool that rewards 1,000 rollouts a second."""
SEGMENT_BYTES: Final = 64 * 1024 * 1024
MOST_BYTES: Final = 16 * 1024**3
"""Of one run's directory: four million rollouts of 4 kB."""
_PAUSE_S: Final = 0.1
_RETRY_S: Final = 1.0
"""Between two tries to open a segment on a file system that refused one."""

T = TypeVar("T")


class RecordWriter(Generic[T]):
    """Appends lines to the segments of one client. `open` and `close` may block; `add` never does.

    `encode` makes the bytes of a line, its newline included, in the writer's thread.
    """

    def __init__(
        self,
        directory: Path,
        client: str,
        encode: Callable[[T], bytes],
        *,
        most_lines: int = MOST_LINES,
        segment_bytes: int = SEGMENT_BYTES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._directory, self._client, self._encode = directory, client, encode
        self._most_lines, self._segment_bytes, self._most_bytes = most_lines, segment_bytes, most_bytes
        self._lines: deque[T] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tinyv-record", daemon=True)
        self._fd = -1
        self._size = 0
        self._retry_at = 0.0
        self._in_trouble = False
        self.dropped = 0
        """Lines that never reached the disk."""

    def open(self) -> None:
        """Make the first segment and start the thread; raise OSError if the directory cannot be used."""
        self._fd = segments.create(self._directory, self._client)
        self._thread.start()

    def add(self, line: T) -> None:
        """Take a line in, or drop it where `MOST_LINES` wait already. Returns at once."""
        if len(self._lines) >= self._most_lines:
            self.dropped += 1
        else:
            self._lines.append(line)

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what waits, for `timeout_s` at most: a file system that hangs does not hold the trainer."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self.dropped:
            _log.warning("the record of %s lacks %d lines", self._directory.name, self.dropped)

    def _run(self) -> None:
        while not self._stop.wait(_PAUSE_S):
            self._flush()
        self._flush()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _flush(self) -> None:
        taken = [self._lines.popleft() for _ in range(len(self._lines))]
        if not taken:
            return
        try:
            self._write(b"".join(self._encode(line) for line in taken))
            self._in_trouble = False
        except Exception as exc:  # noqa: BLE001 whatever it is, it costs the record and not the training
            self.dropped += len(taken)
            if not self._in_trouble:
                _log.warning("the record in %s loses lines, rewards go on: %s", self._directory, exc)
            self._in_trouble = True

    def _write(self, data: bytes) -> None:
        self._need_segment()
        done = 0
        try:
            while done < len(data):
                done += os.write(self._fd, data[done:])
        except OSError:
            self._cut()
            raise
        self._size += len(data)
        if self._size >= self._segment_bytes:
            self._turn()

    def _need_segment(self) -> None:
        if self._fd >= 0:
            return
        if time.monotonic() < self._retry_at:
            raise OSError("there is no segment to write to")
        self._retry_at = time.monotonic() + _RETRY_S
        self._fd = segments.create(self._directory, self._client)
        self._size = 0

    def _cut(self) -> None:
        """Take half a batch away again; where that fails, go on in a segment of its own."""
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            self._leave_segment()

    def _turn(self) -> None:
        self._leave_segment()
        self._need_segment()
        segments.trim(self._directory, self._most_bytes)

    def _leave_segment(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._fd)
        self._fd, self._retry_at = -1, 0.0
