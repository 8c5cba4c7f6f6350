"""One training run from files to files: data in; adapter, merged model, log and card out.

- The directory belongs to one run: the same command goes on after an interrupt, another command is refused.
- Under `accelerate launch` each process runs this; the first one writes.
- What is measured at the end is what was written: the merged weights in bfloat16.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportPrivateImportUsage=false
# torch, transformers and accelerate are only partly typed.
# ruff: noqa: ANN401

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import peft
import torch
from accelerate import PartialState
from transformers import PrinterCallback, set_seed

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair, read_pairs
from tinyv_stream.lab.scores import precise_threshold
from tinyv_stream.lab.tune import adapter, card, difference, rows
from tinyv_stream.lab.tune.judge import Judge
from tinyv_stream.lab.tune.plan import TrainingJob, settings
from tinyv_stream.lab.tune.trainer import TrainingWatch, VerdictTrainer, figures, last_checkpoint, sweep_torn

_log: Final = logging.getLogger(__name__)


def run(job: TrainingJob, stop: Callable[[], bool] = lambda: False) -> bool:
    """Train and write everything (True); or stop early with a checkpoint to go on from (False)."""
    if job.threads:
        torch.set_num_threads(job.threads)
    is_gpu = torch.cuda.is_available()
    process = PartialState(cpu=not is_gpu)
    set_seed(job.plan.seed)
    pairs, held_out = read_pairs(job.data), read_pairs(job.held_out)
    if not pairs or not held_out:
        raise InvalidInputError("--data", str(job.data), "give at least one pair to train on and one to hold out")
    if process.is_main_process:
        _remember(job)
        sweep_torn(job.out)
    process.wait_for_everyone()
    judge = _load(job)
    resume, spent_s = last_checkpoint(job.out)
    watch = TrainingWatch(job.out, stop, job.plan.minutes, spent_s)
    trainer = _trainer(job, judge, pairs, held_out, is_gpu=is_gpu, devices=process.num_processes)
    trainer.add_callback(watch)
    trainer.remove_callback(PrinterCallback)
    trainer.args.eval_on_start = resume is None
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    if watch.is_stopped:
        _log.warning("stopped; the same command goes on from step %d", trainer.state.global_step)
        return False
    if process.is_main_process:
        model = trainer.accelerator.unwrap_model(trainer.model)
        run_of = card.Run(trainer.state.log_history, trainer.state.global_step, watch.elapsed_s, process.num_processes)
        _write(job, judge, model, held_out, run_of, trained_on=len(pairs))
    process.wait_for_everyone()
    return True


def _load(job: TrainingJob) -> Judge:
    # Weights that are trained have to be float32: a small step on a bfloat16 weight is no step.
    try:
        judge = Judge.load(job.base, job.style, dtype="bfloat16" if job.rank else "float32")
    except InvalidInputError:
        raise
    except (OSError, ValueError) as exc:  # what transformers raises for a directory or hub id that is no model
        why = " ".join(str(exc).split())
        raise InvalidInputError("--base", str(job.base), f"give a model's directory or hub id ({why})") from exc
    if job.split_digits and rows.split_digits(judge.tokenizer):
        _log.info("the tokenizer was changed: numbers are read digit by digit")
    if job.rank:
        judge.model = adapter.attach(judge.model, job.rank, job.alpha)
        if job.adapter:
            adapter.fill(judge.model, job.adapter)
    return judge


def _trainer(
    job: TrainingJob, judge: Judge, pairs: Sequence[Pair], held_out: Sequence[Pair], *, is_gpu: bool, devices: int
) -> VerdictTrainer:
    plan = job.plan
    table = rows.dataset(judge, pairs, plan.method)
    lengths = [len(ids) for ids in table["input_ids"]]
    order = rows.lay_out(
        pairs, lengths, epochs=plan.epochs, batch=plan.batch, seed=plan.seed, curriculum=plan.curriculum
    )
    return VerdictTrainer(
        model=judge.model,
        args=settings(plan, job.out, devices=devices, is_gpu=is_gpu, has_bf16=is_gpu or has_bf16()),
        train_dataset=table.select(order),
        eval_dataset=rows.dataset(judge, held_out, plan.method),
        processing_class=judge.tokenizer,
        compute_metrics=figures,
        words=judge.words,
        method=plan.method,
    )


def has_bf16() -> bool:
    """Say whether this CPU multiplies bfloat16 by itself: emulated, it is slower than float32."""
    found = getattr(torch.cpu, "get_capabilities", dict)()  # not in every torch
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def _write(
    job: TrainingJob, judge: Judge, model: Any, held_out: Sequence[Pair], run_of: card.Run, *, trained_on: int
) -> None:
    carried: float | None = None
    if isinstance(model, peft.PeftModel):
        adapter.save(model, job.out)
        model = adapter.merge(model, job.out)
    elif job.export_rank:
        carried = _export(job, model, job.export_rank)
    judge.model = model.to(torch.bfloat16)
    scores, labels = judge.p_true(held_out), [p.label for p in held_out]
    merged = job.out / "merged"
    judge.model.save_pretrained(merged)
    judge.tokenizer.save_pretrained(merged)
    threshold = precise_threshold(scores, labels, job.most_fp)
    (merged / "verifier.json").write_bytes(msgspec.json.encode({"prompt": job.style, "threshold": threshold}))
    result = card.TrainingResult(held_out, scores, threshold, trained_on, carried)
    (job.out / "CARD.md").write_text(card.text(job, run_of, result), encoding="utf-8")
    card.picture(run_of, job.out / "curves.png")


def _export(job: TrainingJob, model: Any, rank: int) -> float:
    before = Judge.load(job.base, job.style, dtype="float32").model.state_dict()
    parts, carried = difference.low_rank(before, model.state_dict(), rank)
    adapter.write(parts, job.out)
    adapter.configuration(rank, difference.ALPHA_OVER_RANK * rank).save_pretrained(str(job.out))
    return carried


def _remember(job: TrainingJob) -> None:
    """Write down what the run is; refuse to go on with another one in the same directory."""
    job.out.mkdir(parents=True, exist_ok=True)
    path = job.out / "job.json"
    plan = msgspec.json.format(msgspec.json.encode(job, enc_hook=str), indent=1)
    if path.exists() and path.read_bytes() != plan:
        raise InvalidInputError("--out", str(job.out), "it holds another run; choose an empty directory")
    path.write_bytes(plan)
