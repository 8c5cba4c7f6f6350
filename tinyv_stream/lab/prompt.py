"""How a pair is shown to a model: the same words as the TinyV stage uses, so that training and use agree.

A test holds these against the stage's own table; the stage itself may not be imported from here.
"""

from typing import Final, Literal

from tinyv_stream.lab.pairs import Pair

Style = Literal["short", "tinyv", "tinyv_qwen3"]

SHORT: Final = "Reference: {reference}\nAnswer: {answer}\nSame?"
"""No question and both answers cut: what a model of 135 M parameters can learn."""

_TAIL: Final = (
    "<question>{question}</question>\n\n"
    "<ground_truth_answer>{reference}</ground_truth_answer>\n\n"
    "<model_answer>{answer}</model_answer>\n\n"
    'Return "True" if the model\'s answer is correct, otherwise return "False".'
)
TINYV: Final = (
    "You are an AI tasked with identifying false negatives in answer verification. A false negative occurs when a "
    "model's answer is essentially correct but is marked as incorrect due to minor discrepancies or formatting "
    "issues. Your job is to analyze the given question, ground truth answer, and model answer to determine if the "
    "model's answer is actually correct despite appearing different from the ground truth.\n\n" + _TAIL
)
"""TinyV-1.5B's prompt, a fixed interface of its weights (uw-nsl/TinyV, MIT)."""
TINYV_QWEN3: Final = (
    "You are an AI tasked with identifying if the model's answer is correct compared to the ground truth answer "
    "despite appearing different from the ground truth.\n\n" + _TAIL
)
"""TinyV-Qwen3-1.7B's prompt (uw-nsl/TinyV, MIT)."""

TEMPLATES: Final[dict[Style, str]] = {"short": SHORT, "tinyv": TINYV, "tinyv_qwen3": TINYV_QWEN3}
PREFILL: Final[dict[Style, str]] = {"short": "", "tinyv": "", "tinyv_qwen3": "<think>\n\n</think>\n\n"}
"""What the model is made to have said before its verdict: Qwen3 opens with a think block, empty here."""
CUT: Final = 120
"""Characters of each answer in the short style."""


def user_turn(pair: Pair, style: Style) -> str:
    """Return what the user says."""
    cut = CUT if style == "short" else None
    parts = {
        "{question}": pair.question,
        "{reference}": pair.ground_truth.strip(),
        "{answer}": pair.model_answer.strip(),
    }
    text = TEMPLATES[style]
    out: list[str] = []
    while text:  # one pass: a value is never searched for fields
        at, field = min(((i, f) for f in parts if (i := text.find(f)) >= 0), default=(len(text), ""))
        value = parts[field][: cut if field != "{question}" else None] if field else ""
        out += [text[:at], value]
        text = text[at + len(field) :]
    return "".join(out)
