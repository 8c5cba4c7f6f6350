"""`tinyv-stream status`: a snapshot of a pool."""

import asyncio
import sys
import time
from typing import Annotated, Final

import msgspec
import typer

from tinyv_stream.broker.hosts import read_hosts
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.cli.common import PoolOption, RedisOption, find_url, run_look
from tinyv_stream.cli.on_ray import AddressOption, OnOption, show_on_ray
from tinyv_stream.config import BrokerConfig

_NO_WIDTH: Final = 10_000
"""Columns of what is no terminal."""
_BETWEEN_S: Final = 1.0
"""Between the two looks that a rate needs."""

EPILOG: Final = """
\b
Examples:
  tinyv-stream status
  tinyv-stream status --json | jq .depth
  tinyv-stream status --hosts
  tinyv-stream status --on ray
  tinyv-stream status --redis redis://host:6379/0 --pool main

\b
`depth` counts waiting and running rollouts per stage; `live` those without a reward; `oldest_s` is the age of the
oldest entry in a queue. Exits with 1 if the server does not answer.
"""


def status(
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
    hosts: Annotated[bool, typer.Option("--hosts", help="Show hosts in place of workers.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
    on: OnOption = "local",
    address: AddressOption = None,
) -> None:
    """Show depth, workers and counters of a running pool."""
    name = pool or "main"
    if on == "ray":
        raise typer.Exit(show_on_ray(address, name, as_json=as_json))
    if hosts:
        run_look(lambda: _show_hosts(find_url(redis, name), name, as_json=as_json))
    run_look(lambda: _show(find_url(redis, name), name, as_json=as_json))


async def _show_hosts(url: str, pool: str, *, as_json: bool) -> int:
    from rich.console import Console

    from tinyv_stream.cli.hosts_table import hosts_of, hosts_table

    async with OperatorApi(url, BrokerConfig(pool=pool)) as broker:
        found = hosts_of(await broker.workers(), await read_hosts(broker))
        title = f"pool {pool} on {broker.server.name} {broker.server.version}"
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        # A pipe has no width: whoever reads it wants names whole.
        Console(width=None if sys.stdout.isatty() else _NO_WIDTH).print(hosts_table(title, found))
    return 0


async def _show(url: str, pool: str, *, as_json: bool) -> int:
    from rich.console import Console

    from tinyv_stream.cli.status_table import Meter, table

    meter = Meter()
    async with OperatorApi(url, BrokerConfig(pool=pool)) as broker:
        found = await broker.status()
        figures = meter.read(found, time.monotonic())
        if not as_json:  # one look has no rate
            await asyncio.sleep(_BETWEEN_S)
            found = await broker.status()
            figures = meter.read(found, time.monotonic())
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return 0
    title = f"pool {pool} on {found.server} {found.version}"
    Console().print(table(title, figures, found.workers))
    return 0
