"""PEFT adapters: attached, loaded from a file, saved small, and merged into the weights.

- Every linear layer but the head; A and B are trained in float32, the frozen weights keep their type.
- Saved as bfloat16 under PEFT's own names, with its configuration: PEFT, vLLM and the embedded verifier can load it.
- What is merged is what was saved: the rounded adapter, added in float32.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
# peft and safetensors are only partly typed.
# ruff: noqa: ANN401

from pathlib import Path
from typing import Any, Final

import peft
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from tinyv_stream.errors import InvalidInputError

FILE: Final = "adapter_model.safetensors"


def configuration(rank: int, alpha: float) -> peft.LoraConfig:
    """Return PEFT's word for such an adapter."""
    return peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", task_type="CAUSAL_LM")  # pyright: ignore[reportArgumentType]  # a float is taken


def attach(model: Any, rank: int, alpha: float) -> peft.PeftModel:
    """Return `model` frozen, with an adapter that at first changes nothing."""
    return peft.get_peft_model(model, configuration(rank, alpha))


def fill(model: peft.PeftModel, path: Path) -> None:
    """Fill the adapter from a file or a PEFT directory; raise InvalidInputError if it is of another shape."""
    file = path / FILE if path.is_dir() else path
    try:
        parts = load_file(file)
    except (OSError, SafetensorError) as exc:
        raise InvalidInputError("--adapter", str(path), f"it cannot be read as safetensors ({exc})") from exc
    if shapes(model) != {name: tuple(part.shape) for name, part in parts.items()}:
        raise InvalidInputError("--adapter", str(path), "it is of another model or rank; give its rank with --lora")
    peft.set_peft_model_state_dict(model, {name: part.float() for name, part in parts.items()})


def shapes(model: peft.PeftModel) -> dict[str, tuple[int, ...]]:
    """Return the adapter's tensors by name, as they stand in a file."""
    return {name: tuple(part.shape) for name, part in peft.get_peft_model_state_dict(model).items()}


def save(model: peft.PeftModel, out: Path) -> None:
    """Write the adapter and its configuration; the weights appear only when they are whole."""
    parts = peft.get_peft_model_state_dict(model)
    write({name: part.detach().to("cpu", torch.bfloat16).contiguous() for name, part in parts.items()}, out)
    model.peft_config["default"].save_pretrained(str(out))


def write(parts: dict[str, torch.Tensor], out: Path) -> None:
    """Write an adapter's tensors to the directory `out`."""
    draft = out / (FILE + ".part")
    save_file(parts, draft, metadata={"format": "pt"})
    draft.replace(out / FILE)


def merge(model: peft.PeftModel, saved: Path) -> Any:
    """Return the plain model in float32 with the adapter that lies in the directory `saved` added to its weights."""
    fill(model, saved)
    return model.float().merge_and_unload()  # pyright: ignore[reportCallIssue]  # a tuner's, reached through the model
