"""`tinyv-stream audit`: how noisy the reward of a recorded run is, by judges that look at a random sample of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from tinyv_stream.cli.analyze import judge_pairs
from tinyv_stream.cli.common import INTERRUPTED, ConfigOption, Interrupt, check_outputs, run, safe, settings
from tinyv_stream.config import Config
from tinyv_stream.errors import InvalidInputError

if TYPE_CHECKING:
    from tinyv_stream.board.audit import AuditReport
    from tinyv_stream.board.labels import Labels
    from tinyv_stream.board.rates import AuditRate, Noise
    from tinyv_stream.board.recorded import Recorded
    from tinyv_stream.lab.pairs import Pair
    from tinyv_stream.types import Outcome

EPILOG: Final = """
\b
Examples:
  tinyv-stream audit runs/exp-1 --judge opencompass/CompassVerifier-3B
  tinyv-stream audit runs/exp-1 --judge MODEL-A --judge http://127.0.0.1:8000/v1#qwen3 --sample 400 --json a.json

\b
RUN is the directory of a run within a record; its newest try is audited. Pairs are drawn at random from what the rules
and TinyV accepted, and from what each refused. Each judge is a verifier model, as for --model, or URL#MODEL on an
OpenAI-compatible server; two must agree. rho0: wrong answers that were rewarded; rho1: right answers that were refused;
J = 1 - rho0 - rho1. Intervals are of 95 %. The labels go to labels.jsonl beside the run, for the board, `eval` and
`train`; what a person labelled is kept.
"""

_WRONG: Final = {
    "tinyv": "wrong of what TinyV gave back",
    "rule": "wrong of what the rules accepted",
    "refused_by_tinyv": "right of what TinyV refused",
    "refused": "right of what was refused without it",
}


def audit(
    directory: Annotated[Path, typer.Argument(metavar="RUN", help="A run's directory, such as runs/exp-1.")],
    *,
    judge: Annotated[list[str], typer.Option("--judge", help="A model that judges, or URL#MODEL; two must agree.")],
    sample: Annotated[int, typer.Option("--sample", min=1, help="Pairs to judge, of each kind of decision.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the sample.")] = 0,
    json: Annotated[Path | None, typer.Option("--json", metavar="F", help="Write the figures there too.")] = None,
    config: ConfigOption = None,
) -> None:
    """Let stronger models judge a random sample of a recorded run, and say how noisy its reward was."""
    from tinyv_stream.board.recorded import read_newest

    if len(set(judge)) != len(judge):
        raise InvalidInputError("--judge", judge, "give different models: one that agrees with itself proves nothing")
    check_outputs(("--json", json), inputs=[])
    base = settings(config)
    found = read_newest(directory)

    async def main(interrupt: Interrupt) -> int:
        return await _audit(base, found, (judge, sample, seed), json, interrupt)

    run(main)


async def _audit(
    base: Config, found: "Recorded", asked: tuple[list[str], int, int], json: Path | None, interrupt: Interrupt
) -> int:
    from tinyv_stream.board.audit import agreed, drawn, report
    from tinyv_stream.board.labels import Labels

    judges, sample, seed = asked
    labels = Labels(found.runs)
    chosen = set(drawn(found.seen, sample, seed))
    by_person = {name: one for name, one in labels.read().items() if name in chosen and not one.is_judged}
    pairs = [pair for pair in found.pairs_of(sorted(chosen)) if pair.pair_id not in by_person]
    typer.echo(f"{len(chosen)} pairs drawn, {len(by_person)} of them labelled by a person", err=True)
    said: list[dict[str, Outcome]] = []
    for name in judges:
        one = await judge_pairs(base, name, pairs, interrupt) if pairs else {}
        if one is None:
            return INTERRUPTED
        said.append(one)
    is_right = agreed(said)
    _keep(labels, pairs, is_right, "+".join(judges))
    for one in by_person.values():
        if one.via != "audit":  # it was drawn now: it counts in the board's rates as well
            labels.add(msgspec.structs.replace(one, via="audit"))
    is_right |= {name: one.label for name, one in by_person.items() if one.label is not None}
    unsure = len(chosen) - len(is_right)
    told = report(found.run, found.seen, is_right, judges=judges, unsure=unsure, with_stages=found.is_addon)
    _tell(told, json)
    typer.echo(f"labels: {labels.path}", err=True)
    return 0


def _tell(result: "AuditReport", json: Path | None) -> None:
    for line in in_words(result):
        typer.echo(safe(line, None))
    if json:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    if len(result.judges) < 2:
        typer.echo("one judge only: its own mistakes are counted as the reward's", err=True)


def _keep(labels: "Labels", pairs: "list[Pair]", is_right: Mapping[str, bool], judges: str) -> None:
    from tinyv_stream.board.labels import JUDGE, label_of

    for pair in pairs:
        right = is_right.get(pair.pair_id)
        label = label_of(
            "unsure" if right is None else "right" if right == pair.label else "wrong",
            accepted=pair.label,
            pair_id=pair.pair_id,
            texts=(pair.question, pair.ground_truth, pair.model_answer),
            source=pair.source,
            via="audit",
            by=JUDGE + judges,
        )
        labels.add(label)


def in_words(found: "AuditReport") -> list[str]:
    """Return the report as lines."""
    lines = [f"{found.run}: {found.whole.rewards} rewards, {found.labelled} pairs labelled, {found.unsure} left out"]
    lines += [f"  {_WRONG[cell]:38} {_rate(one)}" for cell, one in found.whole.wrong.items() if one]
    lines += [f"{'':26}{'rho0':>24}{'rho1':>24}{'J':>24}", _row("the reward", found.whole.noise)]
    lines += [_row(name, one) for name, one in found.whole.stages.items()]
    parts = [(source or "no data_source", one) for source, one in found.by_source.items()]
    if len(parts) > 1:
        lines += ["by data_source", *(_row(name, one.noise) for name, one in parts)]
    return [*lines, "by part of the run", *(_row(f"steps {p.since} to {p.until}", p.noise) for p in found.course)]


def _row(name: str, noise: "Noise | None") -> str:
    if noise is None:
        return f"  {name[:22]:24}not all of its decisions were audited"
    return f"  {name[:22]:24}" + "".join(f"{_interval(one):>24}" for one in (noise.rho0, noise.rho1, noise.youden))


def _interval(said: tuple[float, float, float]) -> str:
    return f"{said[0]:.3f} ({said[1]:.3f}, {said[2]:.3f})"


def _rate(one: "AuditRate") -> str:
    return f"{one.share:.1%} [{one.low:.1%}, {one.high:.1%}] ({one.wrong} of {one.n} pairs)"
