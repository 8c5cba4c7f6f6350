"""Names of verifier models: which family asks each, and which model `auto` is on this machine.

- A model that no family names, a hub id or a directory, gets `OWN`.
- A directory that `tinyv-stream train` wrote says itself how it is asked, in `verifier.json`.
- A user's `[tinyv.family]` comes before both.
- No model is loaded or looked for here.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from tinyv_stream.errors import EngineStartError
from tinyv_stream.verifiers.tinyv.family import ModelRow, changed_row, families, own_row, row_of_family

__all__ = ["MODELS", "OWN", "PROMPTS", "ModelRow", "chosen", "gpu_found", "resolve"]

EMBEDDED: Final = "embedded"
AUTO: Final = "auto"
AUTO_GPU: Final = "zhangchenxu/TinyV-1.5B"

MODELS: Final[dict[str, ModelRow]] = {name: family.row for family in families().values() for name in family.models}
"""The models that a shipped family names."""

PROMPTS: Final[dict[str, ModelRow]] = {name: row_of_family(name) for name in ("short", "tinyv", "tinyv_qwen3")}
"""The formats by the names that settings and `train` use."""

OWN: Final = ModelRow(template=PROMPTS["tinyv"].template)
"""A user's own model, asked as TinyV-1.5B is: what the project's fine-tunes are trained for."""

TINYV_TEMPLATE: Final = PROMPTS["tinyv"].template
TINYV_QWEN3_TEMPLATE: Final = PROMPTS["tinyv_qwen3"].template
EMBEDDED_TEMPLATE: Final = PROMPTS["short"].template

ASKED: Final = "verifier.json"
_SHOWN: Final = 200
"""Characters of a file's name, and again of the reason, that an error repeats."""


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a trained model's directory says about itself."""

    prompt: Literal["short", "tinyv", "tinyv_qwen3"]
    threshold: Annotated[float, msgspec.Meta(ge=0, le=1)]


def chosen(name: str) -> str:
    """Return the model that `auto` is on this machine, and any other name as it is."""
    if name != AUTO:
        return name
    return AUTO_GPU if gpu_found() else EMBEDDED


def resolve(
    name: str, prompt: str = "", *, base: str = "", changes: Mapping[str, object] | None = None
) -> tuple[str, ModelRow]:
    """Return the model that `name` means on this machine (a hub id, a directory or `embedded`) and its row.

    `prompt` puts another format in place of the model's own, `base` a whole shipped family, and `changes` a user's own
    fields over that; they alone, without a base, over nothing. Raises EngineStartError for a `verifier.json` that
    cannot be read, and InvalidInputError for a family that there is not, or that makes no sense.
    """
    name = chosen(name)
    if changes and not base:
        return name, own_row(changes)
    if base:
        return name, changed_row(row_of_family(base), changes or {})
    row = MODELS.get(name) or _of_directory(Path(name)) or OWN
    return name, _asked_in(row, prompt) if prompt else row


def _asked_in(row: ModelRow, prompt: str) -> ModelRow:
    form = PROMPTS[prompt]
    return msgspec.structs.replace(
        row,
        template=form.template,
        correct=form.correct,
        incorrect=form.incorrect,
        prefill=form.prefill,
        cut_answer_chars=form.cut_answer_chars,
    )


def _of_directory(path: Path) -> ModelRow | None:
    file = path / ASKED
    try:
        if not file.is_file():
            return None
        asked = msgspec.json.decode(file.read_bytes(), type=_Asked)
    except (OSError, ValueError, msgspec.DecodeError) as exc:
        reason = f"{str(file)[:_SHOWN]} cannot be read: {exc}"[: 2 * _SHOWN]
        raise EngineStartError(reason, "check the model's name, or write it again with `tinyv-stream train`") from exc
    return msgspec.structs.replace(_asked_in(OWN, asked.prompt), threshold=asked.threshold)


def gpu_found() -> bool:
    """Tell whether a CUDA GPU can be used, without loading any GPU library."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "unset") in {"", "-1"}:
        return False
    return any(Path("/proc/driver/nvidia/gpus").glob("*")) or Path("/dev/nvidia0").exists()
