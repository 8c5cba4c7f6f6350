"""`tinyv-stream join`: a further host of a pool that runs elsewhere; it brings workers, no server."""

import logging
from typing import Annotated, Final

import typer

from tinyv_stream.cli.common import ConfigOption, PoolOption, check_rule_workers, given, log_to_stderr, run, settings
from tinyv_stream.cli.up import look_for_check, serve
from tinyv_stream.errors import InvalidInputError

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
    run(lambda interrupt: serve(chosen, given(config), redis, (None, None, None), interrupt))
