"""Rate of a counter over the last ten seconds: long enough to be steady, short enough to show a stall. Pure."""

from collections import deque
from typing import Final

WINDOW_S: Final = 10.0


class RecentRate:
    """Told one total after the other. A total that begins anew counts as none."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def read(self, total: int, now_s: float) -> float | None:
        """Return what the counter gains per second, at `now_s` of any clock that goes forward; None after one look."""
        self._seen.append((now_s, total))
        while now_s - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
        then_s, before = self._seen[0]
        return max(0, total - before) / (now_s - then_s) if now_s > then_s else None
