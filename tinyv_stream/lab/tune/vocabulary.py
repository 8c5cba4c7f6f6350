r"""Tokenizer of a small verifier: digits and letters one by one, commands and words whole, layout looked through.

- Made from the pairs it is trained on: bytes, merged by frequency, but only inside a command (`\frac`) or a word of
  three letters or more. Digits, brackets and names stay single, so that two answers can be compared place by place.
- What a reader does not see never reaches the model: `$`, sizes of brackets, thin spaces, kinds of fraction.
- The lines of the `short` prompt and the two verdict words are single tokens.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# transformers and tokenizers are only partly typed.
# ruff: noqa: RUF001 - answers are written with such signs

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tinyv_stream.verifiers.tinyv.models import PROMPTS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SIZE: Final = 1024
"""Tokens, 256 of them bytes."""
PAD: Final = "<pad>"
END: Final = "<end>"
PIECES: Final[tuple[str, ...]] = tuple(
    piece for piece in re.split(r"\{\{\w+\}\}", PROMPTS["short"].template.strip()) if piece
)
"""What stands between the fields of the prompt."""
_SEEN: Final[tuple[tuple[str, str], ...]] = (
    (r"\\(?:left|right|displaystyle|big|Big|bigg)(?![A-Za-z])|\\[!,;:]|\$|~", " "),
    (r"\\[dt]frac", "\\frac"),
    (r"\\(?:leqslant|le)(?![A-Za-z])|≤", "\\leq "),
    (r"\\(?:geqslant|ge)(?![A-Za-z])|≥", "\\geq "),
    (r"\\(?:mathrm|textbf|mathbf|operatorname|textit)\s*(?=\{)", "\\text"),
    (r"\\infty|∞", "\\infty "),
    (r"\\pi(?![a-z])|π", "\\pi "),
    (r"\\cup(?![a-z])|∪", "\\cup "),
    (r"\^\s*\{?\\circ\}?|°", "\\degree "),
    (r"\\times|·|×", "\\cdot "),
    (r"²", "^2"),
    (r"³", "^3"),
    (r"−|–", "-"),
    (r"[’‘]", "'"),
    (r"\s+(?=[^A-Za-z0-9\s])|(?<=[^A-Za-z0-9\s])\s+", ""),
    (r"\s+", " "),
)
"""Patterns, and what the model sees instead. Spaces stay between letters and digits only."""
_UNIT: Final = r"\\[A-Za-z]+|[A-Za-z]{3,}|\s+|."
"""What merges stay inside of."""


def build(texts: Iterable[str], size: int = SIZE) -> "PreTrainedTokenizerFast":
    """Return a tokenizer of `size` tokens for such answers; the same texts give the same one."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    looked_through = [normalizers.Replace(Regex(old), new) for old, new in _SEEN]
    core.normalizer = normalizers.Sequence([*looked_through, normalizers.Strip()])
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_UNIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    words = (*PIECES, *PROMPTS["short"].words)
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(words),
        special_tokens=[PAD, END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    core.add_tokens([AddedToken(word, normalized=False) for word in words])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, pad_token=PAD, eos_token=END)
    # The engine puts prompts as chats; this one has no turns.
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    return tokenizer
