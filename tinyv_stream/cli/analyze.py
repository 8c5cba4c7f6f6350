"""`tinyv-stream analyze`: the rejected answers that were right, by kind, and the accepted ones that are doubtful."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.cli.common import INTERRUPTED, ConfigOption, Interrupt, check_outputs, run, settings
from tinyv_stream.cli.progress import Progress
from tinyv_stream.cli.score import own_pool
from tinyv_stream.config import Config
from tinyv_stream.errors import InvalidInputError

if TYPE_CHECKING:
    from tinyv_stream.lab.named import Named
    from tinyv_stream.lab.pairs import Pair
    from tinyv_stream.types import Outcome

EPILOG: Final = """
\b
Examples:
  tinyv-stream analyze rollouts.jsonl rewards.jsonl --judge MODEL-A --judge MODEL-B --out report.md
  tinyv-stream analyze rollouts.jsonl rewards.jsonl --judge embedded --judge http://127.0.0.1:8000/v1#qwen \\
      --classifier http://127.0.0.1:8000/v1#qwen --classifier http://127.0.0.1:8001/v1#llama --out r.md --html r.html

\b
ROLLOUTS is what was pushed, REWARDS what `push` or `score` wrote. Each judge is a verifier model, as for --model, or
a model on an OpenAI-compatible server; a rejected answer counts as a false negative only if all judges call it
correct. The kinds are TinyV's 7 x 31: named by program where a form explains the difference, else by the classifiers
where they agree, else `unclassified`. A random sample of accepted answers is judged too.
"""


def analyze(
    rollouts: Annotated[Path, typer.Argument(metavar="ROLLOUTS")],
    rewards: Annotated[Path, typer.Argument(metavar="REWARDS")],
    out: Annotated[Path, typer.Option("--out", metavar="F", help="Write the report here (Markdown).")],
    *,
    judge: Annotated[list[str], typer.Option("--judge", help="A model that judges, or URL#MODEL; give two.")],
    classifier: Annotated[
        list[str] | None,
        typer.Option("--classifier", metavar="URL#MODEL", help="Names kinds where no program can; give two."),
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="F", help="The same as a page.")] = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="F", help="The figures as JSON.")] = None,
    audit: Annotated[int, typer.Option("--audit", min=0, help="Accepted answers to judge too.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the sample of accepted answers.")] = 0,
    labels: Annotated[
        Path | None, typer.Option("--labels", metavar="F", help="labels.jsonl: what is labelled there is not judged.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Find what the rules got wrong, with its kind, and audit what was accepted."""
    from tinyv_stream.lab import analysis, analysis_report
    from tinyv_stream.lab.named import parse_classifiers
    from tinyv_stream.lab.pairs import read_pairs

    classifiers = parse_classifiers(classifier or ())
    if len(set(judge)) != len(judge):
        raise InvalidInputError("--judge", judge, "give different models: one that agrees with itself proves nothing")
    check_outputs(("--out", out), ("--html", html), ("--json", json), inputs=[rollouts, rewards])
    base = settings(config)
    known = analysis.labelled(read_pairs(labels)) if labels else {}
    rejected, accepted = analysis.read_run(rollouts, rewards)
    sample = analysis.audit_sample(accepted, audit, seed)
    every = {p.pair_id: p for p in (*rejected, *sample)}
    by_label = analysis.said_by_labels(every.values(), known)
    asked = [pair for name, pair in every.items() if name not in by_label]

    async def main(interrupt: Interrupt) -> int:
        verdicts: dict[str, dict[str, Outcome]] = {}
        for name in judge:
            found = await judge_pairs(base, name, asked, interrupt) if asked else {}
            if found is None:
                return INTERRUPTED
            verdicts[name] = found | by_label
        result = analysis.analyse(rejected, sample, verdicts)
        if classifiers and result.unnamed:
            named: list[Named] = []
            if not await finishes(interrupt.asked, _name_kinds(result.unnamed, classifiers, named)):
                return INTERRUPTED
            result = analysis.with_names(result, named[0])
        out.write_text(analysis_report.markdown(result), encoding="utf-8")
        if html:
            html.write_text(analysis_report.web_page(result), encoding="utf-8")
        if json:
            json.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
        if len(judge) < 2:
            typer.echo("one judge only: its own mistakes are counted as the rules'", err=True)
        typer.echo(f"{len(result.found)} of {result.rejected} rejected answers are false negatives: {out}")
        return 0

    run(main)


async def _name_kinds(pairs: "list[Pair]", classifiers: list[tuple[str, str]], found: "list[Named]") -> None:
    from tinyv_stream.lab.chat import Chat
    from tinyv_stream.lab.named import name_kinds

    async with AsyncExitStack() as stack:
        models = [await stack.enter_async_context(Chat(url, model)) for url, model in classifiers]
        found.append(await name_kinds(pairs, models))


def judge_config(base: Config, judge: str) -> Config:
    """Return the settings of a pool that asks one judge: a model of this machine, or `URL#MODEL` on a server."""
    from tinyv_stream.lab.chat import parse_address
    from tinyv_stream.lab.evaluate import pool_config

    tinyv = msgspec.structs.replace(base.tinyv, model=judge)
    if judge.startswith(("http://", "https://")):
        url, model = parse_address("--judge", judge)
        engine = msgspec.structs.replace(base.tinyv.engine, kind="openai", url=url)
        tinyv = msgspec.structs.replace(base.tinyv, model=model or "auto", engine=engine)
    return pool_config(msgspec.structs.replace(base, tinyv=tinyv), "tinyv")


async def judge_pairs(
    base: Config, model: str, pairs: "list[Pair]", interrupt: Interrupt
) -> "dict[str, Outcome] | None":
    """Return what one judge says of each pair, by its id; None if it was interrupted."""
    from tinyv_stream.lab.evaluate import judge

    chosen = judge_config(base, model)
    found: dict[str, Outcome] = {}

    async def work(url: str) -> None:
        with Progress(model, done=0, total=len(pairs)) as progress:
            lines = await judge(url, pairs, pool=chosen.broker.pool, on_reward=progress.advance)
            found.update((line.pair_id, line.outcome) for line in lines)

    async with own_pool(chosen, interrupt) as url:
        whole = await finishes(interrupt.asked, work(url))
    return found if whole else None
