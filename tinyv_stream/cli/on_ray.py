"""`up --on ray`, `down` and `status --on ray`: a pool that a Ray cluster places, from the command line."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
import typer

from tinyv_stream.cli.common import PoolOption, RedisOption, given, safe, say, settings
from tinyv_stream.config import Config
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.scale.plan import RayPlan, find_python, parse_counts, parse_gpus, passed_on
from tinyv_stream.types import Setup

if TYPE_CHECKING:
    from tinyv_stream.scale.keeper import RayStatus, SeatStatus

On = Literal["local", "ray"]
OnOption = Annotated[On, typer.Option("--on", help="Where workers run: this machine, or a Ray cluster.")]
AddressOption = Annotated[
    str | None,
    typer.Option("--address", metavar="HOST:PORT", envvar="RAY_ADDRESS", help="The Ray cluster. [default: auto]"),
]
CountsOption = Annotated[
    str | None,
    typer.Option(
        "--tinyv-workers", metavar="N|MIN:MAX", help="Processes with an engine; on Ray also as fewest and most."
    ),
]
GpuShareOption = Annotated[
    float, typer.Option("--gpu-share", min=0.0, max=1.0, help="On Ray: each engine's share of a GPU and its memory.")
]
GpusOption = Annotated[
    str, typer.Option("--gpus", metavar="own|share:0,1", help="On Ray: shares that it counts, or GPUs of a trainer.")
]
GroupOption = Annotated[
    str, typer.Option("--placement-group", metavar="NAME", help="On Ray: engines go into this group's bundles.")
]
PythonOption = Annotated[
    str | None,
    typer.Option("--python", metavar="PATH", help="On Ray: the workers' interpreter on all nodes. [default: this]"),
]

EPILOG: Final = """
\b
Examples:
  tinyv-stream down --on ray
  tinyv-stream down --on ray --address 10.0.0.1:6379 --pool main
"""


class RayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed for a Ray cluster."""

    address: str | None
    gpu_share: float
    gpus: str
    group: str
    python: str | None


def local_count(text: str | None) -> int | None:
    """Return a count for this machine; raise InvalidInputError for a range, which only a cluster can follow."""
    if text is None:
        return None
    least, most = parse_counts("--tinyv-workers", text)
    if least != most:
        raise InvalidInputError("--tinyv-workers", text, "a range needs --on ray; on this machine give one count")
    return most


def up_on_ray(
    redis: str | None,
    options: RayOptions,
    *,
    path: Path | None,
    pool: str | None,
    rule_workers: int | None,
    tinyv_workers: str | None,
    model: str | None,
    setup: Setup | None,
    weight: float | None,
) -> None:
    """Have a pool on a cluster, and return once Ray has placed its seats; they stay."""
    if not redis:
        raise InvalidInputError("--redis", redis, "a cluster's nodes need a server that they can reach: give its URL")
    chosen = settings(path, pool=pool, rule_workers=rule_workers, model=model, setup=setup, weight=weight)
    rules = chosen.rule.workers
    counts = parse_counts("--tinyv-workers", tinyv_workers or str(chosen.tinyv.workers))
    from tinyv_stream.scale.ray_pool import RayPool, group_id

    started = RayPool(chosen.broker.pool, options.address)
    plan = RayPlan(
        url=redis,
        python=find_python(options.python, sys.executable),
        config=chosen,
        counts={"rule": (rules, rules), "tinyv": counts},
        gpus=parse_gpus(options.gpus, options.gpu_share, group_id(options.group)),
        env=passed_on(os.environ),
    )
    names = given(path, model=model, setup=setup, weight=weight)
    _print(started.start(plan, names))
    say(f"pool {chosen.broker.pool} stays until `tinyv-stream down --on ray`; engines may still load: see `status`")


def down(
    *,
    on: Annotated[Literal["ray"], typer.Option("--on", help="What the pool was started on.")],
    address: AddressOption = None,
    redis: RedisOption = None,
    pool: PoolOption = None,
) -> None:
    """Drain a pool that a cluster runs, and remove it; one of this machine ends by Ctrl-C or SIGTERM."""
    from tinyv_stream.scale.ray_pool import RayPool

    name = pool or Config().broker.pool
    RayPool(name, address).end(redis)
    say(f"pool {name} on {on.capitalize()} is drained and gone")


def show_on_ray(address: str | None, pool: str, *, as_json: bool) -> int:
    """Print the seats of a pool on a cluster; return 1 if something is not placed."""
    from tinyv_stream.scale.ray_pool import RayPool

    found = RayPool(pool, address).look()
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        _print(found)
    return 1 if found.blocked else 0


def _print(found: "RayStatus") -> None:
    wanted = ", ".join(f"{count} {stage}" for stage, count in found.wanted.items())
    typer.echo(f"pool {found.pool} on Ray: wanted {wanted}")
    for seat in found.seats:
        typer.echo(safe(f"  {seat.stage}-{seat.name.rpartition('-')[2]}  {_seat(seat)}", 200))
    for name, why in found.blocked.items():
        typer.echo(safe(f"{name}: {why}", None))
    for event in found.events[-5:]:
        typer.echo(safe(f"  {event}", 200))


def _seat(seat: "SeatStatus") -> str:
    view = seat.view
    if view is None:
        return f"no answer for {seat.silent_s:.0f} s"
    gpu = f", GPU {view.cuda}" if view.cuda and seat.stage == "tinyv" else ""
    died = f", restarted {view.restarts} times: {view.reason}" if view.restarts else ""
    return f"{view.state} on {view.host} (node {view.node[:8]}), pid {view.worker_pid or '-'}{gpu}{died}"
