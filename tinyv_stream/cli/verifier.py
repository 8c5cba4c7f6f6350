"""`tinyv-stream verifier`: what a verifier model is worth, before it may pay rewards.

The check runs the workers' own stage in a process of its own, on this machine; nothing is sent anywhere, unless the
model is a server's.
"""

import datetime as dt
import tempfile
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.cli.common import INTERRUPTED, ConfigOption, Interrupt, check_outputs, run, safe, settings
from tinyv_stream.config import Config, TinyVConfig, check
from tinyv_stream.errors import InvalidInputError

if TYPE_CHECKING:
    from tinyv_stream.lab.check.cases import CheckCases
    from tinyv_stream.lab.check.report import CheckReport

EPILOG: Final = """
\b
Examples:
  tinyv-stream verifier check embedded
  tinyv-stream verifier check opencompass/CompassVerifier-3B --json compass.json
  tinyv-stream verifier check ./run/merged --config tinyv.toml
  tinyv-stream verifier check Qwen/Qwen3-8B --family judge --url http://127.0.0.1:8000/v1
  tinyv-stream verifier families

\b
Exits with 1 if the verifier fails. The result is kept beside the model; `up` warns without it, and with
`require_check = true` under [tinyv] it refuses, as does each TinyV worker of that machine.
"""

app: Final = typer.Typer(
    help="Check a verifier model before it may pay; list the families that are known.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
)
_PAIRS: Final = 300


@app.command("families")
def families() -> None:
    """List the model families that are shipped, with their read-out and licence."""
    from tinyv_stream.verifiers.tinyv.family import families as shipped

    for name, family in shipped().items():
        row = family.row
        shown = "completion" if row.shows_completion else "answer"
        typer.echo(f"{name}: {', '.join(family.models) or 'by `base` only'}")
        typer.echo(f"  reads {'/'.join(row.words)} by {row.read_out}, is shown the {shown}")
        typer.echo(f"  format: {family.source}; {family.licence}")


@app.command("check", epilog=EPILOG)
def check_model(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Hub id, directory, `embedded` or `auto`.")],
    *,
    family: Annotated[str | None, typer.Option("--family", help="Ask it as this shipped family.")] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="It is served there: an OpenAI-compatible /v1.")
    ] = None,
    pairs: Annotated[int, typer.Option("--pairs", min=20, help="Refused pairs to judge, half of them right.")] = _PAIRS,
    json: Annotated[Path | None, typer.Option("--json", metavar="F", help="Write the figures there too.")] = None,
    config: ConfigOption = None,
) -> None:
    """Attack a verifier and measure it on what rules refuse: whether it may pay, and what it costs on this machine."""
    check_outputs(("--json", json), inputs=[])
    chosen = _chosen(settings(config, model=model), family, url)
    run(lambda interrupt: _check(chosen.tinyv, pairs, json, interrupt))


def _chosen(config: Config, family: str | None, url: str | None) -> Config:
    tinyv = config.tinyv
    if family is not None:
        tinyv = msgspec.structs.replace(tinyv, prompt="", family=msgspec.structs.replace(tinyv.family, base=family))
    if url is not None:
        tinyv = msgspec.structs.replace(tinyv, engine=msgspec.structs.replace(tinyv.engine, kind="openai", url=url))
    return check(msgspec.structs.replace(config, tinyv=tinyv))


async def _check(config: TinyVConfig, pairs: int, json: Path | None, interrupt: Interrupt) -> int:
    found: list[CheckReport] = []
    with tempfile.TemporaryDirectory(prefix="tinyv-check-") as directory:
        if not await finishes(interrupt.asked, _judge(config, pairs, Path(directory) / "log", found)):
            return INTERRUPTED
    return _tell(config, found[0], json)


async def _judge(config: TinyVConfig, pairs: int, log: Path, found: "list[CheckReport]") -> None:
    from tinyv_stream.control.judging import Judging, JudgingDone, RoundDone, judged
    from tinyv_stream.lab.check.cases import check_cases
    from tinyv_stream.lab.check.report import report

    typer.echo("making pairs that the rules refuse", err=True)
    cases: CheckCases = check_cases(pairs)
    typer.echo(f"{len(cases.pairs)} pairs; starting the engine", err=True)
    rounds: dict[str, RoundDone] = {}
    order = Judging(config=config, cases=cases.cases, rounds=cases.rounds)
    async with aclosing(judged(order, log)) as lines:
        async for line in lines:
            if isinstance(line, JudgingDone):
                found.append(report(cases, rounds, line))
                return
            rounds[line.name] = line
            typer.echo(f"{line.name}: {len(line.answers)} verdicts, {line.calls} calls, {line.wall_s:.1f} s", err=True)


def _tell(config: TinyVConfig, found: "CheckReport", json: Path | None) -> int:
    from tinyv_stream.lab.check.record import write
    from tinyv_stream.lab.check.text import in_words

    for line in in_words(found):
        typer.echo(safe(line, None))
    try:
        kept = write(config, found, dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))
        typer.echo(f"kept in {kept}", err=True)
        if json:
            json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    except OSError as exc:
        raise InvalidInputError("--json" if json else "MODEL", str(exc.filename), f"{exc.strerror}") from exc
    return 0 if found.passed else 1
