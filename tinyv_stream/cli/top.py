"""`tinyv-stream top`: the board's frames in a terminal, until Ctrl-C. Foreign text is shown as text."""

from typing import Annotated, Final

import msgspec
import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.cli.common import INTERRUPTED, Interrupt, run
from tinyv_stream.errors import InvalidInputError

EPILOG: Final = """
\b
Examples:
  tinyv-stream top
  tinyv-stream top --board http://127.0.0.1:8378

\b
It reads a running board: `tinyv-stream up --board`, or `tinyv-stream board RUNS`.
"""

_LINE_BYTES: Final = 1 << 22


def top(
    *,
    board: Annotated[str, typer.Option("--board", metavar="URL", help="The board to read.")] = "http://127.0.0.1:8378",
) -> None:
    """Show steps, queues and workers in the terminal."""
    run(lambda interrupt: _top(board.rstrip("/"), interrupt))


async def _top(url: str, interrupt: Interrupt) -> int:
    await finishes(interrupt.asked, _follow(url))
    return INTERRUPTED if interrupt.asked.is_set() else 0


async def _follow(url: str) -> None:
    import aiohttp
    from rich.live import Live

    from tinyv_stream.cli.top_view import view

    timeout = aiohttp.ClientTimeout(total=None, sock_read=30)
    session = aiohttp.ClientSession(timeout=timeout, read_bufsize=_LINE_BYTES)
    try:
        async with session as http, http.get(f"{url}/events", raise_for_status=True) as answer:
            with Live(auto_refresh=False) as live:
                async for line in answer.content:
                    if line.startswith(b"data: "):
                        live.update(view(msgspec.json.decode(line[6:])), refresh=True)
    except (aiohttp.ClientError, TimeoutError) as exc:
        remedy = "start `tinyv-stream up --board HOST:PORT`, or name another by --board"
        raise InvalidInputError("--board", url, f"no board answers there ({exc}): {remedy}") from exc
