"""Rate-limited log: a message is logged at once, and then once a minute for as long as it recurs."""

import math
import time
from typing import Final

_EVERY_S: Final = 60.0


class LogLimit:
    """One per thing that may go on; not shared between things."""

    def __init__(self) -> None:
        self._said_at = -math.inf

    def is_due(self) -> bool:
        """Whether to say it now; the caller does so if it is."""
        now = time.monotonic()
        if now - self._said_at < _EVERY_S:
            return False
        self._said_at = now
        return True
