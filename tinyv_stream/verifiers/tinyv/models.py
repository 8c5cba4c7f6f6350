"""The verifier models that are known by name: how each is asked, and how its reply is read.

- One row per model; a user's own (hub id or directory) gets `OWN`.
- Prompt formats and token limits of the released models are a fixed interface of their weights
  (uw-nsl/TinyV, `verl/utils/reward_score/tinyv_config.json`, MIT): a changed word is another verifier.
- A directory that `tinyv-stream train` wrote says itself how it is asked, in `verifier.json`.
- No model is loaded or looked for here.
"""

import os
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from tinyv_stream.errors import EngineStartError

_TAIL: Final = (
    "<question>{{QUESTION}}</question>\n\n"
    "<ground_truth_answer>{{GROUND_TRUTH_ANSWER}}</ground_truth_answer>\n\n"
    "<model_answer>{{MODEL_ANSWER}}</model_answer>\n\n"
    'Return "True" if the model\'s answer is correct, otherwise return "False".'
)

TINYV_TEMPLATE: Final = (
    "You are an AI tasked with identifying false negatives in answer verification. A false negative occurs when a "
    "model's answer is essentially correct but is marked as incorrect due to minor discrepancies or formatting "
    "issues. Your job is to analyze the given question, ground truth answer, and model answer to determine if the "
    "model's answer is actually correct despite appearing different from the ground truth.\n\n" + _TAIL
)
"""TinyV-1.5B and its Think variant (uw-nsl/TinyV, MIT)."""

TINYV_QWEN3_TEMPLATE: Final = (
    "You are an AI tasked with identifying if the model's answer is correct compared to the ground truth answer "
    "despite appearing different from the ground truth.\n\n" + _TAIL
)
"""TinyV-Qwen3-1.7B and its Think variant (uw-nsl/TinyV, MIT)."""

EMBEDDED_TEMPLATE: Final = "Reference: {{GROUND_TRUTH_ANSWER}}\nAnswer: {{MODEL_ANSWER}}\nSame?"
"""What the bundled adapter was trained on: no question, both answers short."""


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """How one model is asked and read."""

    template: str
    read_out: Literal["one_token", "text"] = "one_token"
    """`one_token`: P(true) from the first token. `text`: a greedy reply, parsed as words."""
    words: tuple[str, str] = ("True", "False")
    """What the template asks to be answered: the word for correct, then the one for incorrect."""
    max_tokens: int = 8
    """Longest reply of the text read-out."""
    verdict_after: str = ""
    """Text read-out: the verdict stands after the last of these; without it the reply was cut short."""
    prefill: str = ""
    """What the model is made to have said before its verdict token."""
    threshold: float = 0.5
    """P(true) from which an answer is correct, unless the user sets another."""
    max_answer_chars: int = 1_000
    """Longer references and answers are not judged: cut, a wrong answer could look right."""
    cut_answer_chars: int | None = None
    """Only for a model that was trained on cut answers: how much of both it is shown."""


EMBEDDED: Final = "embedded"
AUTO: Final = "auto"
AUTO_GPU: Final = "zhangchenxu/TinyV-1.5B"

OWN: Final = ModelRow(template=TINYV_TEMPLATE)
"""A user's own model, asked as TinyV-1.5B is: what the project's fine-tunes are trained for."""

MODELS: Final[dict[str, ModelRow]] = {
    "zhangchenxu/TinyV-1.5B": ModelRow(template=TINYV_TEMPLATE),
    "zhangchenxu/TinyV-1.5B-Think": ModelRow(
        template=TINYV_TEMPLATE, read_out="text", max_tokens=512, verdict_after="Answer:"
    ),
    # Qwen3 opens its reply with a think block, empty here; the verdict is the first token after it.
    "zhangchenxu/TinyV-Qwen3-1.7B": ModelRow(template=TINYV_QWEN3_TEMPLATE, prefill="<think>\n\n</think>\n\n"),
    "zhangchenxu/TinyV-Qwen3-1.7B-Think": ModelRow(
        template=TINYV_QWEN3_TEMPLATE, read_out="text", max_tokens=512, verdict_after="</think>"
    ),
    # At most 1 % false positives on held-out pairs that were never trained on, see its CARD.md.
    EMBEDDED: ModelRow(template=EMBEDDED_TEMPLATE, threshold=0.965, cut_answer_chars=120),
}


PROMPTS: Final[dict[str, ModelRow]] = {
    "short": MODELS[EMBEDDED],
    "tinyv": MODELS["zhangchenxu/TinyV-1.5B"],
    "tinyv_qwen3": MODELS["zhangchenxu/TinyV-Qwen3-1.7B"],
}
"""The formats by the names that settings and `train` use."""

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


def resolve(name: str, prompt: str = "") -> tuple[str, ModelRow]:
    """Return the model that `name` means on this machine (a hub id, a directory or `embedded`) and its row.

    `prompt` puts another format in place of the model's own. Raises EngineStartError for a `verifier.json` that cannot
    be read.
    """
    name = chosen(name)
    row = MODELS.get(name) or _of_directory(Path(name)) or OWN
    return name, _asked_in(row, prompt) if prompt else row


def _asked_in(row: ModelRow, prompt: str) -> ModelRow:
    form = PROMPTS[prompt]
    return msgspec.structs.replace(
        row,
        template=form.template,
        words=form.words,
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
