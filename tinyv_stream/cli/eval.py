"""`tinyv-stream eval`: the measured quality of a verifier on labelled pairs, through the real stream."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast, get_args

import msgspec
import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.cli.common import (
    INTERRUPTED,
    ConfigOption,
    Interrupt,
    ModelOption,
    check_outputs,
    run,
    safe,
    settings,
)
from tinyv_stream.cli.progress import Progress
from tinyv_stream.cli.score import own_pool
from tinyv_stream.config import Config
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.prompt import Style

if TYPE_CHECKING:
    from tinyv_stream.lab.evaluate import EvaluationReport, JudgedPair

EPILOG: Final = """
\b
Examples:
  tinyv-stream eval HardVerify-Math.json --verifier cascade --json cascade.json
  tinyv-stream eval pairs.jsonl --verifier pipeline --model embedded --out verdicts.jsonl --sweep sweep.html
  tinyv-stream eval pairs.jsonl --verifier tinyv --model ./run/merged --prompt tinyv_qwen3 --sweep sweep.png

\b
PAIRS is HardVerify-Math's file, or JSONL of {"question", "ground_truth", "model_answer", "label"}; a whole
"completion" may stand in place of the answer. Rule verifiers: exact, prime, math_verify, cascade. `tinyv` asks the
model about every pair; `pipeline` only about what the rules refuse. Intervals are Wilson's, 95 %. What nobody could
decide counts as not accepted. `--prompt tinyv` and `tinyv_qwen3` are the two published prompts; without it a model is
asked as it was trained. A PNG needs the extra `report`.
"""


def evaluate(
    pairs: Annotated[Path, typer.Argument(metavar="PAIRS", help="Labelled pairs.")],
    *,
    verifier: Annotated[
        str,
        typer.Option(
            "--verifier", help="exact, prime, math_verify, cascade, tinyv, pipeline, or a grader of your own."
        ),
    ] = ("pipeline"),
    model: ModelOption = None,
    prompt: Annotated[
        str | None, typer.Option("--prompt", help="tinyv, tinyv_qwen3 or short. [default: the model's]")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", help="P(true) from which an answer is correct. [default: the model's]"),
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="F", help="Write the figures as JSON.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="F", help="Write one verdict per pair as JSONL.")] = None,
    sweep: Annotated[
        list[Path] | None,
        typer.Option("--sweep", metavar="F", help="Write the curves: a page, or a picture if F ends in .png."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Measure a verifier on labelled pairs."""
    from tinyv_stream.lab.evaluate import pool_config, report

    _check_pictures(sweep or ())
    check_outputs(("--json", json), ("--out", out), *(("--sweep", path) for path in sweep or ()), inputs=[pairs])
    chosen = pool_config(settings(config, model=model), verifier)
    if prompt is not None:
        chosen = msgspec.structs.replace(chosen, tinyv=msgspec.structs.replace(chosen.tinyv, prompt=_prompt(prompt)))
    if threshold is not None:
        if not 0 < threshold < 1:
            raise InvalidInputError("--threshold", threshold, "use a probability between 0 and 1")
        chosen = msgspec.structs.replace(chosen, tinyv=msgspec.structs.replace(chosen.tinyv, threshold=threshold))

    async def main(interrupt: Interrupt) -> int:
        lines = await _judge(chosen, pairs, interrupt)
        if lines is None:
            return INTERRUPTED
        figures = report(
            lines, verifier=verifier, model=_model_name(chosen), prompt=chosen.tinyv.prompt, pairs=pairs.name
        )
        _write(figures, lines, json=json, out=out, sweep=sweep or ())
        _show(figures)
        return 0

    run(main)


async def _judge(config: Config, path: Path, interrupt: Interrupt) -> "list[JudgedPair] | None":
    from tinyv_stream.lab.evaluate import judge, with_kinds
    from tinyv_stream.lab.pairs import read_labelled

    pairs = await asyncio.to_thread(with_kinds, read_labelled(path))
    if not pairs:
        raise InvalidInputError("PAIRS", str(path), "give at least one pair")
    lines: list[JudgedPair] = []

    async def work(url: str) -> None:
        with Progress(path.name, done=0, total=len(pairs)) as progress:
            lines.extend(await judge(url, pairs, pool=config.broker.pool, on_reward=progress.advance))

    async with own_pool(config, interrupt) as url:
        whole = await finishes(interrupt.asked, work(url))
    return lines if whole else None


def _model_name(config: Config) -> str:
    return config.tinyv.model if config.tinyv.workers else ""


def _write(
    figures: "EvaluationReport",
    lines: "list[JudgedPair]",
    *,
    json: Path | None,
    out: Path | None,
    sweep: Sequence[Path],
) -> None:
    from tinyv_stream.lab.picture import page, png

    if json:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
    if out:
        out.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    for path in sweep:
        if path.suffix == ".png":
            png(figures, path)
        else:
            path.write_text(page(figures, lines), encoding="utf-8")


def _check_pictures(paths: Sequence[Path]) -> None:
    from tinyv_stream.charts import plot

    if any(path.suffix == ".png" for path in paths) and not plot.is_available():  # before the work, not after it
        raise InvalidInputError("--sweep", "PNG", "install the extra: pip install 'tinyv-stream[report]'")


def _prompt(given: str) -> Style:
    if given not in get_args(Style):
        raise InvalidInputError("--prompt", given, f"use one of {', '.join(get_args(Style))}")
    return cast("Style", given)


def _show(figures: "EvaluationReport") -> None:
    from tinyv_stream.lab.picture import percent
    from tinyv_stream.lab.rescues import in_words as rescue_lines

    for name, value in figures.intervals.items():
        typer.echo(f"{name:10} {percent(value)}")
    numbers = {"auc": figures.auc, "calibration error": figures.calibration_error, "brier": figures.brier}
    for name, value in numbers.items():
        if value is not None:
            typer.echo(f"{name:10} {value:.3f}")
    if figures.rescues:
        for line in rescue_lines(figures.rescues):
            typer.echo(safe(line, None))
    typer.echo(f"{'undecided':10} {figures.undecided} of {figures.n}")
    if figures.busy_s_per_pair:
        typer.echo(f"{'s per pair':10} {figures.busy_s_per_pair['mean']:.4f} inside the verifiers")
