"""`tinyv-stream drain` and `undrain`: one host of a pool stops working, and works again."""

import shlex
from typing import Annotated, Final

import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.cli.common import INTERRUPTED, Interrupt, PoolOption, RedisOption, find_url, run, run_look, safe
from tinyv_stream.control import drain as control

DRAIN_EPILOG: Final = """
\b
Examples:
  tinyv-stream status --hosts
  tinyv-stream drain node-3
  tinyv-stream undrain node-3

\b
Its workers take nothing more, finish what they hold, and stay down until `undrain`, whatever is started there. Ctrl-C
stops waiting, not the drain. The last host of a stage needs --force: rollouts then wait, until their deadlines at most.
"""
UNDRAIN_EPILOG: Final = """
\b
Its workers start again where its `up`, `join` or whatever else started them still runs.
"""

HostArgument = Annotated[str, typer.Argument(metavar="HOST", help="Its name, as `status --hosts` shows it.")]


def drain(
    host: HostArgument,
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
    force: Annotated[bool, typer.Option("--force", help="Also where a stage is left without a host.")] = False,
    wait: Annotated[float, typer.Option("--wait", min=0.0, help="Seconds to wait for it.")] = control.WAIT_S,
) -> None:
    """Let one host finish what it holds and stay down."""
    name = pool or "main"
    url = find_url(redis, name)
    run(lambda interrupt: _drain(url, name, host, force=force, wait_s=wait, interrupt=interrupt))


def undrain(host: HostArgument, *, redis: RedisOption = None, pool: PoolOption = None) -> None:
    """Let a drained host work again."""
    name = pool or "main"
    url = find_url(redis, name)

    async def undrained() -> int:
        was = await control.undrain(url, host, pool=name)
        typer.echo(f"host {safe(host)} {'works again: its workers start' if was else 'was not drained'}")
        return 0

    run_look(undrained)


async def _drain(url: str, pool: str, host: str, *, force: bool, wait_s: float, interrupt: Interrupt) -> int:
    last = ""

    def tell(now: control.DrainProgress) -> None:
        nonlocal last
        text = f"{len(now.left)} workers of {now.host} to go, they hold {now.held} rollouts"
        if now.left and text != last:
            typer.echo(safe(text))
        last = text

    async def draining() -> None:
        end = await control.drain(url, host, pool=pool, force=force, wait_s=wait_s, on_change=tell)
        lost = f"; {len(end.lost)} of its workers fell silent: what they held, others take over" if end.lost else ""
        undo = f"tinyv-stream undrain {shlex.quote(host)}"
        typer.echo(safe(f"host {host} is drained, and stays so until `{undo}`{lost}", None))

    return 0 if await finishes(interrupt.asked, draining()) else INTERRUPTED
