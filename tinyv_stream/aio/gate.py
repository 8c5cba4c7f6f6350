"""Gate that opens and closes, and can be waited for either way."""

import asyncio


class Gate:
    """Open at first. Not safe across threads."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.closed = asyncio.Event()
        self.opened.set()

    @property
    def is_open(self) -> bool:
        """Tell whether it is open."""
        return self.opened.is_set()

    def set(self, *, is_open: bool) -> None:
        """Open or close it; whoever waits for that goes on."""
        now, before = (self.opened, self.closed) if is_open else (self.closed, self.opened)
        before.clear()
        now.set()
