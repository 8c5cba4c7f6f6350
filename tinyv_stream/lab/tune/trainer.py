"""Subclass of TRL's SFTTrainer: a two-word loss, verdict metrics, an early stop, whole checkpoints.

- `one_token`: binary cross-entropy of logit(True) - logit(False) at the reply; `sft`: SFTTrainer's own loss.
- Held-out figures are the same for both: loss, accuracy, AUC and calibration error of P(True).
- A checkpoint counts only with its mark, which is written last: one that a kill tore is removed at the next start.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportMissingTypeStubs=false
# pyright: reportPrivateImportUsage=false, reportPrivateUsage=false
# transformers and trl are only partly typed.
# ruff: noqa: ANN401, ARG002 - signatures are theirs

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import torch
from transformers import EvalPrediction, TrainerCallback
from trl import SFTTrainer

from tinyv_stream.lab.scores import auc, calibration_error
from tinyv_stream.lab.tune.judge import differences
from tinyv_stream.lab.tune.plan import Method
from tinyv_stream.lab.tune.rows import IGNORED

_log: Final = logging.getLogger(__name__)
_MARK: Final = "whole.json"


class VerdictTrainer(SFTTrainer):
    """SFTTrainer for verdicts; `words` are the tokens of False and True."""

    def __init__(self, *args: Any, words: tuple[int, int], method: Method, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._words = words
        self._method = method

    def compute_loss(
        self,
        model: Any,
        inputs: Any,
        return_outputs: bool = False,  # noqa: FBT001, FBT002
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return the loss of a batch; `num_items_in_batch` counts the replies of all accumulated batches."""
        if self._method == "sft":
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        found, wanted = self._verdicts(model, inputs)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(found, wanted, reduction="sum")
        if num_items_in_batch is None:
            loss = loss / len(wanted)
        else:  # gradients are averaged over processes, and the count is of all of them
            loss = loss / num_items_in_batch
            if self.args.average_tokens_across_devices:
                loss = loss * self.accelerator.num_processes
        return (loss, found) if return_outputs else loss

    def prediction_step(
        self,
        model: Any,
        inputs: Any,
        prediction_loss_only: bool,  # noqa: FBT001
        ignore_keys: list[str] | None = None,
    ) -> Any:
        """Return loss, logit(True) - logit(False) and the label of each row."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            found, wanted = self._verdicts(model, inputs)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(found, wanted)
        return loss, found, wanted

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write none: the run's card is made of its figures, at its end."""

    def _verdicts(self, model: Any, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        ids, mask, labels = inputs["input_ids"], inputs["attention_mask"], inputs["labels"]
        first = (labels != IGNORED).int().argmax(1)
        found = differences(model, ids, mask, first - 1, self._words)
        reply = labels.gather(1, first[:, None])[:, 0]
        return found, (reply == self._words[1]).to(found.dtype)


def figures(prediction: EvalPrediction) -> dict[str, float]:
    """Return accuracy at 0.5, AUC and calibration error; AUC is left out where only one label occurs."""
    p_true = torch.sigmoid(torch.as_tensor(prediction.predictions).float()).tolist()
    labels = [bool(x) for x in torch.as_tensor(prediction.label_ids).tolist()]
    right = sum((p >= 0.5) == label for p, label in zip(p_true, labels, strict=True))
    found = {"accuracy": right / max(1, len(labels)), "auc": auc(p_true, labels)}
    found["calibration_error"] = calibration_error(p_true, labels)
    return {name: value for name, value in found.items() if value is not None}


class TrainingWatch(TrainerCallback):
    """Stops a run when asked or when its time is over, marks whole checkpoints, and keeps `log.jsonl` true."""

    def __init__(self, out: Path, stop: Callable[[], bool], minutes: float | None, spent_s: float) -> None:
        self._out = out
        self._stop = stop
        self._most_s = None if minutes is None else minutes * 60
        self._began = time.monotonic() - spent_s
        self.is_stopped = False
        """Whether somebody asked for the end, so that the run is not done."""

    @property
    def elapsed_s(self) -> float:
        """Time of the run, that before an interrupt included up to its last checkpoint."""
        return time.monotonic() - self._began

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask for a checkpoint and the end, in all processes at the same step."""
        is_late = self._most_s is not None and self.elapsed_s >= self._most_s
        flags = torch.tensor([self._stop(), is_late], dtype=torch.int32, device=args.device)
        if torch.distributed.is_initialized():  # one that saves while another trains on would wait for ever
            torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX)
        self.is_stopped, is_late = map(bool, flags.tolist())
        if self.is_stopped or is_late:
            control.should_save = True
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint, now that all of it is written."""
        if state.is_world_process_zero:
            mark = self._out / f"checkpoint-{state.global_step}" / _MARK
            mark.write_bytes(msgspec.json.encode({"spent_s": self.elapsed_s}))

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Write the whole history, so that no line of a torn stretch stays, and say the newest."""
        if not state.is_world_process_zero:
            return
        draft = self._out / "log.jsonl.part"
        draft.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in state.log_history))
        draft.replace(self._out / "log.jsonl")
        if not state.log_history:
            return
        shown = {k: v for k, v in state.log_history[-1].items() if k in _SHOWN}
        text = ", ".join(f"{_SHOWN[k]} {v:.4g}" for k, v in shown.items())
        left_s = self.elapsed_s / max(1, state.global_step) * (state.max_steps - state.global_step)
        _log.info("step %d of %d: %s; about %.0f s left", state.global_step, state.max_steps, text, left_s)


_SHOWN: Final = {
    "loss": "loss",
    "learning_rate": "learning rate",
    "eval_loss": "held-out loss",
    "eval_accuracy": "accuracy",
    "eval_auc": "AUC",
    "eval_calibration_error": "calibration error",
}


def last_checkpoint(out: Path) -> tuple[Path | None, float]:
    """Return the newest whole checkpoint and the seconds spent on it, without touching anything."""
    whole = [path for path in out.glob("checkpoint-*") if (path / _MARK).is_file()]
    if not whole:
        return None, 0.0
    newest = max(whole, key=_step_of)
    return newest, msgspec.json.decode((newest / _MARK).read_bytes(), type=dict[str, float])["spent_s"]


def sweep_torn(out: Path) -> None:
    """Remove checkpoints that were not written to their end."""
    for path in out.glob("checkpoint-*"):
        if not (path / _MARK).is_file():
            shutil.rmtree(path)


def _step_of(path: Path) -> int:
    return int(path.name.rpartition("-")[2])
