r"""One spelling of a text, token by token: `2^{n}` is `2^n`, `\dots` is `...`; nothing else changes.

Two texts that are the same in this spelling say the same, whether anybody can read them or not.
"""

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import commas
from tinyv_stream.verifiers.rules.extract import without_boxes
from tinyv_stream.verifiers.rules.maths.clean import clean

_SINGLE: Final = re.compile(r"(?<=[\^_])\{\s*(\\?[A-Za-z]+|\d)\s*\}")
_TEXT: Final = re.compile(r"\\text\s*\{([^{}\\]*)\}")
_TOKEN: Final = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]+|\d+(?:[.,]\d+)*|\S", re.DOTALL)
_MAX_CHARS: Final = 1_000


def one_spelling(text: str) -> str:
    """Return the tokens of a text in one spelling, parted by spaces; empty for a text that is too long."""
    if len(text) > _MAX_CHARS:
        return ""
    text = without_boxes(text)
    plain = _SINGLE.sub(r"\1", commas.settle(clean(text)).replace("...", "\\ldots "))
    plain = _TEXT.sub(lambda m: f" {m[1].lower() if len(m[1].strip()) > 1 else m[1]} ", plain)  # `M` is no metre
    plain = plain.replace("$", " ").strip(" ,;:")
    plain = plain if plain.endswith("..") else plain.removesuffix(".")
    if plain.startswith("{") and plain.endswith("}") and "{" not in plain[1:-1].replace("\\{", ""):
        plain = plain[1:-1]
    return " ".join(_TOKEN.findall(plain))
