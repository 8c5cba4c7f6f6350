"""Low-rank adapters on the linear layers of a model: W x + alpha / rank * B A x.

- Only A and B are trained, in float32; the frozen weights keep their type.
- Files use the names of the PEFT library (`base_model.model.<layer>.lora_A.weight`), so that it can load them too.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and safetensors are only partly typed.

from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file
from torch import nn

_PREFIX: Final = "base_model.model."


class LoraLinear(nn.Module):
    """A frozen linear layer with a trained low-rank addition; B starts at zero, so at first nothing changes."""

    def __init__(self, base: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.base = base
        self.scale = scale
        self.lora_a = nn.Parameter(torch.randn(rank, base.in_features) / rank)
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply both parts in the type of the input."""
        low = nn.functional.linear(x, self.lora_a.to(x.dtype))
        return self.base(x) + nn.functional.linear(low, self.lora_b.to(x.dtype)) * self.scale


def attach(model: nn.Module, rank: int, alpha: float) -> dict[str, LoraLinear]:
    """Freeze `model`, put an adapter on every linear layer but the head, and return them by layer name."""
    for parameter in model.parameters():
        parameter.requires_grad = False
    layers: dict[str, LoraLinear] = {}
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and not name.endswith("lm_head"):
            parent, _, child = name.rpartition(".")
            layers[name] = LoraLinear(module, rank, alpha / rank)
            setattr(model.get_submodule(parent), child, layers[name])
    return layers


def load(layers: dict[str, LoraLinear], path: Path) -> None:
    """Fill the adapters from a file of the same rank; raise KeyError where a layer is missing."""
    parts = load_file(path)
    with torch.no_grad():
        for name, layer in layers.items():
            layer.lora_a.copy_(parts[f"{_PREFIX}{name}.lora_A.weight"].float())
            layer.lora_b.copy_(parts[f"{_PREFIX}{name}.lora_B.weight"].float())


def save(layers: dict[str, LoraLinear], path: Path) -> None:
    """Write the adapters as bfloat16; the file appears only when it is whole."""
    parts: dict[str, torch.Tensor] = {}
    for name, layer in layers.items():
        parts[f"{_PREFIX}{name}.lora_A.weight"] = layer.lora_a.detach().to(torch.bfloat16).contiguous()
        parts[f"{_PREFIX}{name}.lora_B.weight"] = layer.lora_b.detach().to(torch.bfloat16).contiguous()
    draft = path.with_name(path.name + ".part")
    save_file(parts, draft)
    draft.replace(path)


def merge(model: nn.Module, layers: dict[str, LoraLinear]) -> None:
    """Add the adapters to the weights, computed in float32, and take them out of `model`."""
    with torch.no_grad():
        for name, layer in layers.items():
            weight = layer.base.weight
            weight.copy_((weight.float() + layer.scale * (layer.lora_b @ layer.lora_a)).to(weight.dtype))
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, layer.base)
