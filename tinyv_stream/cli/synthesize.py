"""`tinyv-stream synthesize`: labelled pairs for a verifier model, written by program from reference answers."""

import asyncio
import collections
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from tinyv_stream.cli.common import check_outputs
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair, Question, question_key, read_questions, write_pairs
from tinyv_stream.verifiers.taxonomy import KINDS

if TYPE_CHECKING:
    from tinyv_stream.lab.synth.asked import Written

EPILOG: Final = """
\b
Examples:
  tinyv-stream synthesize questions.jsonl --out pairs.jsonl --count 20000 --exclude HardVerify-Math.json
  tinyv-stream synthesize questions.jsonl --out train.jsonl --held-out held.jsonl --seed 7
  tinyv-stream synthesize questions.jsonl --out pairs.jsonl --refused-by cascade --accepted 0.5
  tinyv-stream synthesize questions.jsonl --out more.jsonl --llm http://127.0.0.1:8000/v1 --llm-model M

\b
QUESTIONS is JSONL of {"question", "ground_truth"} or HardVerify-Math's file. As many right answers as wrong ones: the
right ones in the 31 kinds of TinyV's taxonomy, the wrong ones by one near miss each. The same seed gives the same file.
--refused-by runs each pair through a rule grader and keeps what a verifier behind it would be asked.
With --llm a model writes five more forms per answer; one is kept if a program proves it or --llm-judge calls it right.
"""


def synthesize(
    questions: Annotated[Path, typer.Argument(metavar="QUESTIONS", help="Questions with reference answers.")],
    out: Annotated[Path, typer.Option("--out", metavar="F", help="Write the pairs here (JSONL).")],
    *,
    count: Annotated[int, typer.Option("--count", min=2, help="Pairs wanted.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives other pairs.")] = 0,
    invented: Annotated[
        float, typer.Option("--invented", min=0.0, max=1.0, help="Share of pairs on invented reference answers.")
    ] = 0.5,
    exclude: Annotated[
        list[Path] | None, typer.Option("--exclude", metavar="F", help="Leave out the questions of a benchmark.")
    ] = None,
    llm: Annotated[
        str | None, typer.Option("--llm", metavar="URL", help="OpenAI-compatible server that writes forms too (/v1).")
    ] = None,
    llm_model: Annotated[str, typer.Option("--llm-model", help="The model's name on that server.")] = "",
    llm_judge: Annotated[
        str | None,
        typer.Option("--llm-judge", metavar="URL#MODEL", help="A second model that decides what no program can."),
    ] = None,
    llm_questions: Annotated[int, typer.Option("--llm-questions", min=1, help="Questions to ask it about.")] = 500,
    refused_by: Annotated[
        str | None,
        typer.Option(
            "--refused-by", metavar="GRADER", help="Keep only what this rule grader refuses: cascade, exact, ..."
        ),
    ] = None,
    accepted: Annotated[
        float,
        typer.Option("--accepted", min=0.0, max=1.0, help="Share of the right pairs it accepts that is kept too."),
    ] = 0.0,
    held_out: Annotated[
        Path | None, typer.Option("--held-out", metavar="F", help="Write a tenth of the questions' pairs here.")
    ] = None,
) -> None:
    """Write labelled pairs from questions with reference answers."""
    from tinyv_stream.lab.synth.build import is_held_out

    if accepted and refused_by is None:
        raise InvalidInputError("--accepted", accepted, "give --refused-by with it: without, everything is kept")
    if held_out and held_out.absolute() == out.absolute():
        raise InvalidInputError("--held-out", str(held_out), "choose another file than --out")
    check_outputs(("--out", out), ("--held-out", held_out), inputs=[questions, *(exclude or ())])
    banned = {question_key(q.question) for path in exclude or () for q in read_questions(path)}
    if llm_judge and llm_judge == f"{llm}#{llm_model}":
        raise InvalidInputError("--llm-judge", llm_judge, "name another model than the one that writes")
    found = read_questions(questions)
    kept = [q for q in found if question_key(q.question) not in banned]
    typer.echo(f"{len(kept)} of {len(found)} questions, {len(found) - len(kept)} excluded")
    main = [q for q in kept if not (held_out and is_held_out(q))]
    given = _ask(main[:llm_questions], llm, llm_model, llm_judge) if llm else []
    wanted = _Wanted(invented, refused_by, accepted)
    _write(out, _made(main, wanted, count, seed, given[: count // 2]), count)
    if held_out:
        rest = [q for q in kept if is_held_out(q)]
        # Nothing is kept there of what the grader accepts: a verifier is not asked about it.
        only_refused = msgspec.structs.replace(wanted, accepted=0.0)
        _write(held_out, _made(rest, only_refused, count // 10, seed + 1), count // 10)


class _Wanted(msgspec.Struct, frozen=True):
    invented: float
    refused_by: str | None
    accepted: float


def _made(
    questions: list[Question], wanted: _Wanted, count: int, seed: int, given: Sequence[Pair] = ()
) -> Iterator[Pair]:
    from tinyv_stream.lab.synth.build import Recipe, synthesize
    from tinyv_stream.lab.synth.refused import MOST_MADE, refused

    most = count * (MOST_MADE if wanted.refused_by else 1)
    pairs = synthesize(questions, Recipe(count=most, seed=seed, invented=wanted.invented), given)
    if not wanted.refused_by:
        return pairs
    return refused(pairs, count, grader=wanted.refused_by, accepted=wanted.accepted, seed=seed)


def _ask(questions: list[Question], url: str, model: str, judge: str | None) -> list[Pair]:
    from tinyv_stream.lab.chat import Chat, parse_address
    from tinyv_stream.lab.synth.asked import WANTED, write_forms

    async def main() -> "Written":
        async with AsyncExitStack() as stack:
            writer = await stack.enter_async_context(Chat(url, model))
            second = Chat(*parse_address("--llm-judge", judge)) if judge else None
            return await write_forms(questions, writer, await stack.enter_async_context(second) if second else None)

    w = asyncio.run(main())
    typer.echo(
        f"{model or url}: {len(questions)} answers, {WANTED} forms asked of each, {w.forms} written: "
        f"{len(w.pairs)} right, {w.refused} refused, {w.open} undecided and left out; {w.failed} replies lost"
    )
    return w.pairs


def _write(path: Path, pairs: Iterator[Pair], wanted: int) -> None:
    from tinyv_stream.lab.synth.asked import KIND

    kinds: collections.Counter[str] = collections.Counter()

    def counted() -> Iterator[Pair]:
        for pair in pairs:
            kinds[pair.kind] += 1
            yield pair

    write_pairs(path, counted())
    right = sum(n for kind, n in kinds.items() if kind in KINDS or kind == KIND)
    total = kinds.total()
    typer.echo(f"{path}: {total} pairs, {right} right in {len(kinds.keys() & KINDS.keys())} kinds")
    if total < wanted:
        typer.echo(f"{wanted - total} fewer than asked for: the questions give no more without repeating", err=True)
