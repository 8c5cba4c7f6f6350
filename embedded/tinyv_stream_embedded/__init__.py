"""Weights of the embedded verifier: a LoRA adapter for SmolLM2-135M-Instruct, in a package of their own."""

from pathlib import Path
from typing import Final

ADAPTER: Final = Path(__file__).with_name("adapter_model.safetensors")
"""The adapter's file (safetensors, rank 32, alpha 64)."""
