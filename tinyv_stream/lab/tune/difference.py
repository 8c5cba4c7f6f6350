"""A full tuning as an adapter: the best low-rank approximation of what training changed.

- Only linear layers but the head can be carried; changes of other weights (norms, embeddings) are lost, and counted.
- Scale is 2 (alpha = 2 * rank), as the embedded verifier's reader has it.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch is only partly typed.

from collections.abc import Mapping
from typing import Final

import torch

ALPHA_OVER_RANK: Final = 2.0
_NAME: Final = "base_model.model.{}.lora_{}.weight"


def low_rank(
    before: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor], rank: int
) -> tuple[dict[str, torch.Tensor], float]:
    """Return the adapter's tensors (bfloat16, PEFT's names) and the share of the squared change that it carries."""
    parts: dict[str, torch.Tensor] = {}
    changed = lost = 0.0
    for name, old in before.items():
        change = after[name].float() - old.float()
        size = float(change.square().sum())
        changed += size
        if not is_carried(name, old):
            lost += size
            continue
        left, values, right = torch.linalg.svd(change, full_matrices=False)
        root = (values[:rank] / ALPHA_OVER_RANK).sqrt()
        layer = name.removesuffix(".weight")
        up, down = (left[:, :rank] * root), (root[:, None] * right[:rank])
        up, down = (_padded(up, rank, 1), _padded(down, rank, 0))
        parts[_NAME.format(layer, "A")] = down.to(torch.bfloat16).contiguous()
        parts[_NAME.format(layer, "B")] = up.to(torch.bfloat16).contiguous()
        lost += float(values[rank:].square().sum())
    return parts, 1.0 if changed == 0 else 1 - lost / changed


def is_carried(name: str, weight: torch.Tensor) -> bool:
    """Tell whether an adapter may change this weight."""
    return weight.dim() == 2 and name.endswith("_proj.weight")


def _padded(part: torch.Tensor, rank: int, dim: int) -> torch.Tensor:
    """Fill up with zeros where a layer is smaller than the rank: every layer of an adapter has one rank."""
    missing = rank - part.shape[dim]
    if missing <= 0:
        return part
    shape = [*part.shape]
    shape[dim] = missing
    return torch.cat([part, part.new_zeros(shape)], dim)
