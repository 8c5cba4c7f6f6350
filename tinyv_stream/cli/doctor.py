"""`tinyv-stream doctor`: the defects of this machine, each with its fix."""

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from tinyv_stream.cli.common import ConfigOption, ModelOption, RedisOption, TinyVWorkersOption, run_look, settings
from tinyv_stream.config import Config

if TYPE_CHECKING:
    from tinyv_stream.cli.checks import DoctorCheck

EPILOG: Final = """
\b
Examples:
  tinyv-stream doctor
  tinyv-stream doctor --redis redis://host:6379/0 --tinyv-workers 0     a machine for rule workers only
  tinyv-stream doctor --trainer verl                                    in the trainer's environment
  tinyv-stream doctor --json

\b
Nothing is changed: a server is started for a moment in a temporary directory, or the given one is looked at. Exits
with 1 if something that is needed is missing.
"""


def doctor(
    *,
    redis: RedisOption = None,
    model: ModelOption = None,
    tinyv_workers: TinyVWorkersOption = None,
    config: ConfigOption = None,
    trainer: Annotated[
        str | None, typer.Option("--trainer", metavar="NAME", help="Look at a trainer's environment: verl, trl, ...")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check this machine and say how to fix it."""
    chosen = settings(config, tinyv_workers=tinyv_workers, model=model)
    run_look(lambda: _doctor(chosen, redis, trainer, as_json=as_json))


async def _doctor(config: Config, redis: str | None, trainer: str | None, *, as_json: bool) -> int:
    from tinyv_stream.cli.checks import examine
    from tinyv_stream.cli.trainer_checks import examine_trainer

    found = await (examine_trainer(trainer, redis) if trainer else examine(config, redis))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        for check in found:
            _print(check)
    return 1 if any(check.level == "wrong" for check in found) else 0


def _print(check: "DoctorCheck") -> None:
    colour = {"ok": typer.colors.GREEN, "note": typer.colors.YELLOW, "wrong": typer.colors.RED}[check.level]
    typer.echo(f"{typer.style(f'{check.level:>5}', fg=colour)}  {check.name:<8} {check.found}")
    if check.remedy:
        typer.echo(f"{'':>16}-> {check.remedy}")
