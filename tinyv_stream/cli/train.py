"""`tinyv-stream train`: fine-tune a verifier on labelled pairs."""

import logging
import signal
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from tinyv_stream.cli.common import INTERRUPTED, log_to_stderr
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.prompt import Style


class _Preset(msgspec.Struct, frozen=True):
    style: Style
    rank: int
    lr: float
    batch: int
    epochs: float
    warmup: float


_PRESETS: Final = {
    "small": _Preset("short", 32, 3e-4, 32, 1.0, 0.03),
    # TinyV, arXiv 2505.14625: full fine-tuning of Qwen2.5-1.5B-Instruct on 159,136 rows.
    "paper": _Preset("tinyv", 0, 1e-5, 512, 2.0, 0.1),
}

EPILOG: Final = """
\b
Examples:
  tinyv-stream train --base ./smollm2-135m --data train.jsonl --held-out held.jsonl --out run1
  tinyv-stream train --base Qwen/Qwen2.5-1.5B-Instruct --preset paper --data t.jsonl --held-out h.jsonl --out run2

\b
Trains the reply token: P(True) against P(False) where the reply begins. Interrupted, the same command goes on from the
last checkpoint. OUT gets adapter_model.safetensors, merged/ (for --model), log.jsonl and CARD.md. `--preset paper` is
TinyV's recipe: all weights, 1e-5, two epochs, batch 512, the paper's prompt. Needs torch and transformers.
"""


def train(
    base: Annotated[str, typer.Option("--base", help="Model to start from: a directory or a hub id.")],
    data: Annotated[Path, typer.Option("--data", help="Labelled pairs to train on.")],
    held_out: Annotated[Path, typer.Option("--held-out", help="Labelled pairs to measure on; never trained on.")],
    out: Annotated[Path, typer.Option("--out", help="Directory of the run.")],
    *,
    preset: Annotated[str, typer.Option("--preset", help="small (LoRA, short prompt) or paper.")] = "small",
    method: Annotated[str, typer.Option("--method", help="one_token: the two-token decision.")] = "one_token",
    rank: Annotated[
        int | None, typer.Option("--lora", min=0, help="Rank of the adapter; 0 trains all weights.")
    ] = None,
    adapter: Annotated[Path | None, typer.Option("--adapter", help="Start from this adapter.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", help="Learning rate.")] = None,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Pairs per step.")] = None,
    epochs: Annotated[float | None, typer.Option("--epochs", help="Times through the data.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="Most time.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="CPU threads.")] = None,
    seed: Annotated[int, typer.Option("--seed")] = 0,
) -> None:
    """Fine-tune a verifier on labelled pairs."""
    try:
        from tinyv_stream.lab.tune.loop import Plan
        from tinyv_stream.lab.tune.run import Job, run
    except ModuleNotFoundError as exc:
        raise InvalidInputError("train", exc.name, "install an engine extra: it brings torch and transformers") from exc
    if preset not in _PRESETS:
        raise InvalidInputError("--preset", preset, f"use one of {', '.join(_PRESETS)}")
    if method != "one_token":
        raise InvalidInputError("--method", method, "use one_token")
    p = _PRESETS[preset]
    plan = Plan(
        epochs=p.epochs if epochs is None else epochs,
        batch=batch or p.batch,
        lr=lr or p.lr,
        warmup=p.warmup,
        seed=seed,
        minutes=minutes,
    )
    job = Job(
        base=base,
        data=data,
        held_out=held_out,
        out=out,
        style=p.style,
        rank=p.rank if rank is None else rank,
        adapter=adapter,
        threads=threads,
        plan=plan,
    )
    log_to_stderr(logging.INFO)
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _: stopped.append(n))
    finished = run(job, lambda: bool(stopped))
    typer.echo(f"{out}: {'done' if finished else 'stopped; the same command goes on'}")
    raise typer.Exit(0 if finished else INTERRUPTED)
