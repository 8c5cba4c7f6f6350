"""`tinyv-stream join`: a further host of a pool that runs elsewhere; it brings workers, no server."""

import logging
from typing import Annotated, Final

import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.broker.settings import version_of
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.cli.common import (
    ConfigOption,
    Interrupt,
    PoolOption,
    check_rule_workers,
    given,
    log_to_stderr,
    run,
    say,
    settings,
)
from tinyv_stream.cli.up import look_for_check, serve
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError, InvalidInputError

EPILOG: Final = """
\b
Examples:
  TINYV_REDIS_URL=rediss://worker:secret@host:6380/0 tinyv-stream join --rule-workers 8
  TINYV_REDIS_URL=... tinyv-stream join --tinyv-workers 2 --config this_host.toml

\b
What can change a reward is the pool's: a file may leave it out, and is refused where it says otherwise. SIGTERM drains
this host; the others go on. `tinyv-stream status --hosts` shows them all.
"""


def join(
    *,
    redis: Annotated[
        str | None,
        typer.Option("--redis", metavar="URL", envvar="TINYV_REDIS_URL", help="The pool's server, as it is seen here."),
    ] = None,
    rule_workers: Annotated[int, typer.Option("--rule-workers", min=0, help="Processes of rule graders.")] = 0,
    tinyv_workers: Annotated[int, typer.Option("--tinyv-workers", min=0, help="Processes with an engine.")] = 0,
    config: ConfigOption = None,
    pool: PoolOption = None,
) -> None:
    """Serve a pool of another host from this one, until Ctrl-C or SIGTERM."""
    log_to_stderr(logging.INFO)
    if not redis:
        raise InvalidInputError("--redis", redis, "give the URL of the pool's server, or set TINYV_REDIS_URL")
    if not rule_workers and not tinyv_workers:
        raise InvalidInputError("--rule-workers, --tinyv-workers", 0, "say how many workers this host brings")
    chosen = settings(config, pool=pool, rule_workers=rule_workers, tinyv_workers=tinyv_workers)
    check_rule_workers(chosen)
    look_for_check(chosen)

    async def joined(interrupt: Interrupt) -> int:
        await finishes(interrupt.asked, _say_if_new(redis, chosen.broker))
        return await serve(chosen, given(config), redis, (None, None, None), interrupt)

    run(joined)


async def _say_if_new(url: str, broker: BrokerConfig) -> None:
    """Say where nobody has been in this pool yet: its name may be a slip. What is wrong with a server `serve` tells."""
    try:
        async with ShardClient(url, broker) as link:
            is_new = not await version_of(link)
    except BrokerError:
        return
    if is_new:
        say(f"pool {broker.pool} is new on this server, this host begins it; another one is named by --pool")
