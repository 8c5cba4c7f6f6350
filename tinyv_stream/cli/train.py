"""`tinyv-stream train`: the fine-tuning of a verifier on labelled pairs."""

import logging
import signal
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, get_args

import msgspec
import typer

from tinyv_stream.cli.common import INTERRUPTED, log_to_stderr
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.prompt import Style
from tinyv_stream.lab.tune.plan import Method, TrainingJob, TuningPlan


class _Preset(msgspec.Struct, frozen=True):
    style: Style
    rank: int
    lr: float
    batch: int
    micro_batch: int
    epochs: float
    warmup: float
    method: Method
    checkpointing: bool = False


_PRESETS: Final = {
    "small": _Preset("short", 32, 3e-4, 32, 32, 1.0, 0.03, "one_token"),
    # TinyV, arXiv 2505.14625: supervised fine-tuning of all weights of Qwen2.5-1.5B-Instruct on 159,136 rows.
    "paper": _Preset("tinyv", 0, 1e-5, 512, 8, 2.0, 0.1, "sft", checkpointing=True),
}

EPILOG: Final = """
\b
Examples:
  tinyv-stream train --base ./smollm2-135m --data train.jsonl --held-out held.jsonl --out run1
  tinyv-stream train --base Qwen/Qwen2.5-1.5B-Instruct --preset paper --data t.jsonl --held-out h.jsonl --out run2
  accelerate launch .venv/bin/tinyv-stream train ...                # the same on all GPUs of the machine
  tinyv-stream train --from-scratch --data pairs/ --held-out a.jsonl --held-out b.jsonl --out run3 --pairs 500000

\b
TRL's SFTTrainer on the reply. `--method one_token` sets P(True) against P(False) where the reply begins; `sft` sets
the reply against the whole vocabulary. Interrupted, even killed, the same command goes on from the last checkpoint.
OUT gets the adapter (PEFT's format), merged/ (for --model), log.jsonl, curves.png and CARD.md. `--preset paper` is
TinyV's recipe: all weights, 1e-5, two epochs, batch 512, cosine with warm-up 0.1, the paper's prompt. Needs the extra
`train`. `--from-scratch` trains a model of three and a half million weights on a CPU instead, with a tokenizer of its
own: --data may be a directory, which may gain files meanwhile; --pairs counts repeated ones too.
"""


def train(
    data: Annotated[Path, typer.Option("--data", help="Labelled pairs to train on.")],
    held_out: Annotated[list[Path], typer.Option("--held-out", help="Labelled pairs to measure on; never trained on.")],
    out: Annotated[Path, typer.Option("--out", help="Directory of the run.")],
    *,
    base: Annotated[str | None, typer.Option("--base", help="Model to start from: a directory or a hub id.")] = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Start from nothing: a small model with its own tokenizer.")
    ] = False,
    pairs: Annotated[
        int | None, typer.Option("--pairs", min=1, help="With --from-scratch: pairs until the end, repeats counted.")
    ] = None,
    preset: Annotated[str | None, typer.Option("--preset", help="small (LoRA, short prompt) or paper.")] = None,
    method: Annotated[
        str | None, typer.Option("--method", help="one_token: the two-token decision; sft: the whole vocabulary.")
    ] = None,
    prompt: Annotated[str | None, typer.Option("--prompt", help="short, tinyv or tinyv_qwen3.")] = None,
    rank: Annotated[
        int | None, typer.Option("--lora", min=0, help="Rank of the adapter; 0 trains all weights.")
    ] = None,
    adapter: Annotated[Path | None, typer.Option("--adapter", help="Start from this adapter.")] = None,
    export_rank: Annotated[
        int | None, typer.Option("--export-rank", min=1, help="With --lora 0: write the change as an adapter too.")
    ] = None,
    lr: Annotated[float | None, typer.Option("--lr", help="Learning rate.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Pairs per step, over all devices.")] = None,
    micro_batch: Annotated[
        int | None, typer.Option("--micro-batch", min=1, help="Most pairs on a device at once; the rest accumulates.")
    ] = None,
    epochs: Annotated[float | None, typer.Option("--epochs", help="Times through the data.")] = None,
    evaluate_every: Annotated[
        int, typer.Option("--evaluate-every", min=1, help="Steps between evaluations, each with a checkpoint.")
    ] = 50,
    curriculum: Annotated[bool, typer.Option("--curriculum", help="Begin with formats and unrelated answers.")] = False,
    split_digits: Annotated[bool, typer.Option("--split-digits", help="Read numbers digit by digit.")] = False,
    minutes: Annotated[float | None, typer.Option("--minutes", help="Stop the run after this long.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="CPU threads.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the whole run.")] = 0,
) -> None:
    """Fine-tune a verifier on labelled pairs, or train a small one from nothing."""
    if from_scratch:
        given = {
            "--base": base,
            "--preset": preset,
            "--method": method,
            "--prompt": prompt,
            "--lora": rank,
            "--adapter": adapter,
            "--export-rank": export_rank,
            "--batch": batch,
            "--micro-batch": micro_batch,
            "--epochs": epochs,
            "--minutes": minutes,
            "--curriculum": curriculum or None,
            "--split-digits": split_digits or None,
        }
        _from_scratch(given, data=data, held_out=held_out, out=out, pairs=pairs, lr=lr, threads=threads, seed=seed)
    if base is None:
        raise InvalidInputError("--base", None, "name a model to start from, or give --from-scratch")
    if pairs is not None:
        raise InvalidInputError("--pairs", pairs, "give --from-scratch with it; other runs count --epochs")
    if len(held_out) != 1:
        raise InvalidInputError("--held-out", ", ".join(map(str, held_out)), "give one file, or --from-scratch")
    preset = preset or "small"
    if preset not in _PRESETS:
        raise InvalidInputError("--preset", preset, f"use one of {', '.join(_PRESETS)}")
    p = _PRESETS[preset]
    used_rank = p.rank if rank is None else rank
    if used_rank and export_rank:
        raise InvalidInputError("--export-rank", export_rank, "give --lora 0 with it: an adapter is written anyway")
    if adapter and not used_rank:
        raise InvalidInputError("--adapter", str(adapter), "give its rank with --lora")
    plan = TuningPlan(
        method=_one_of("--method", method, Method) if method else p.method,
        epochs=p.epochs if epochs is None else epochs,
        batch=batch or p.batch,
        micro_batch=micro_batch or p.micro_batch,
        lr=lr or p.lr,
        warmup=p.warmup,
        seed=seed,
        curriculum=curriculum,
        minutes=minutes,
        evaluate_every=evaluate_every,
        checkpointing=p.checkpointing,
    )
    job = TrainingJob(
        base=base,
        data=data,
        held_out=held_out[0],
        out=out,
        style=_one_of("--prompt", prompt, Style) if prompt else p.style,
        rank=used_rank,
        adapter=adapter,
        export_rank=export_rank,
        split_digits=split_digits,
        threads=threads,
        plan=plan,
    )
    _run(job)


def _one_of(option: str, given: str, kind: Any) -> Any:  # noqa: ANN401 - a Literal's value
    if given not in get_args(kind):
        raise InvalidInputError(option, given, f"use one of {', '.join(get_args(kind))}")
    return given


def _from_scratch(
    given: Mapping[str, object],
    *,
    data: Path,
    held_out: Sequence[Path],
    out: Path,
    pairs: int | None,
    lr: float | None,
    threads: int | None,
    seed: int,
) -> NoReturn:
    for option, value in given.items():
        if value is not None:
            raise InvalidInputError(option, value, "leave it out with --from-scratch, which has no use for it")
    with _needs_torch():
        from tinyv_stream.lab.tune.small_run import SmallJob, run
    job = SmallJob(data=data, held_out=tuple(held_out), out=out, threads=threads, seed=seed)
    job = msgspec.structs.replace(job, pairs=pairs or job.pairs, lr=lr or job.lr)
    _until_stopped(lambda stop: run(job, stop), out)


def _run(job: TrainingJob) -> None:
    with _needs_torch():
        from tinyv_stream.lab.tune.run import run
    _until_stopped(lambda stop: run(job, stop), job.out)


@contextmanager
def _needs_torch() -> Generator[None]:
    try:
        yield
    except ModuleNotFoundError as exc:
        raise InvalidInputError(
            "train", exc.name, "install torch (an engine extra has it) and the extra: pip install 'tinyv-stream[train]'"
        ) from exc


def _until_stopped(run: Callable[[Callable[[], bool]], bool], out: Path) -> NoReturn:
    log_to_stderr(logging.INFO)
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: stopped.append(n))
    finished = run(lambda: bool(stopped))
    typer.echo(f"{out}: {'done' if finished else 'stopped; the same command goes on'}")
    raise typer.Exit(0 if finished else INTERRUPTED)
