"""A causal model as a judge of two words: the logit of the right one less that of the wrong one where its reply begins.

- A prompt is put to the model as the TinyV stage puts it: the tokenizer's own chat template, then the style's prefill.
- Only the positions that are read go through the head: a vocabulary times a prompt costs more than the model.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false
# transformers is only partly typed.
# ruff: noqa: ANN401

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import torch

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.prompt import Style, user_turn
from tinyv_stream.verifiers.tinyv.models import PROMPTS

MOST_TOKENS: Final = 2048
"""Of a prompt, from its end: the paper's cut-off."""


class Judge:
    """A model, its tokenizer and the two verdict tokens."""

    def __init__(self, model: Any, tokenizer: Any, style: Style) -> None:
        self.model = model
        self.tokenizer = tokenizer
        right, wrong = PROMPTS[style].words
        self.words = (single_token(tokenizer, wrong), single_token(tokenizer, right))
        """The tokens for incorrect and correct: by label."""
        self._style: Style = style

    @classmethod
    def load(cls, path: Path | str, style: Style, *, dtype: str = "bfloat16") -> Self:
        """Load a directory or a hub id."""
        from transformers import AutoModelForCausalLM, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(str(path))
        # Measured on a CPU, prompts of 40 tokens: a fused attention's backward pass is slower than the plain one.
        attention = None if torch.cuda.is_available() else "eager"
        model = AutoModelForCausalLM.from_pretrained(
            str(path), dtype=getattr(torch, dtype), attn_implementation=attention
        )
        return cls(model, tokenizer, style)

    def encode(self, pair: Pair) -> list[int]:
        """Return the prompt's tokens, up to where the verdict begins."""
        text = user_turn(pair, self._style)
        if self.tokenizer.chat_template:
            turn = [{"role": "user", "content": text}]
            text = self.tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
        ids: list[int] = self.tokenizer(text + PROMPTS[self._style].prefill, add_special_tokens=False)["input_ids"]
        return ids[-MOST_TOKENS:]

    def p_true(self, pairs: Sequence[Pair], batch: int = 16) -> list[float]:
        """Return P(true) of each pair, in order; shorter prompts are computed together."""
        prompts = [self.encode(p) for p in pairs]
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        out = [0.0] * len(prompts)
        self.model.eval()
        with torch.no_grad():
            for start in range(0, len(order), batch):
                rows = order[start : start + batch]
                found = torch.sigmoid(self._differences([prompts[i] for i in rows])).tolist()
                for i, value in zip(rows, found, strict=True):
                    out[i] = value
        return out

    def _differences(self, prompts: Sequence[list[int]]) -> torch.Tensor:
        longest = max(map(len, prompts))
        ids = torch.zeros(len(prompts), longest, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):  # padded on the right: positions are those of use
            ids[row, : len(prompt)] = torch.tensor(prompt)
            mask[row, : len(prompt)] = 1
        device = self.model.device
        return differences(self.model, ids.to(device), mask.to(device), mask.sum(1).to(device) - 1, self.words)


def differences(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, places: torch.Tensor, words: tuple[int, int]
) -> torch.Tensor:
    """Return logit(correct) - logit(incorrect) after position `places` of each row, with gradients if they are on."""
    kept, index = torch.unique(places, return_inverse=True)
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False, logits_to_keep=kept).logits
    found = logits[torch.arange(len(ids), device=logits.device), index].float()
    return found[:, words[1]] - found[:, words[0]]


def single_token(tokenizer: Any, word: str) -> int:
    """Return the token of `word`; raise InvalidInputError if the tokenizer splits it."""
    ids: list[int] = tokenizer(word, add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        raise InvalidInputError("--base", word, "choose a model whose tokenizer has this word as a single token")
    return ids[0]
