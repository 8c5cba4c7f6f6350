"""A causal model as a judge of two words: the logit of `True` less the logit of `False` where its reply begins."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false
# transformers is only partly typed.
# ruff: noqa: ANN401

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import torch

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.prompt import Style, chat


class Judge:
    """A model, its tokenizer and the two verdict tokens."""

    def __init__(self, model: Any, tokenizer: Any, style: Style, max_tokens: int = 2048) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self._style: Style = style
        self._max_tokens = max_tokens
        self._words = [single_token(tokenizer, "False"), single_token(tokenizer, "True")]

    @classmethod
    def load(cls, path: Path | str, style: Style, *, dtype: str = "bfloat16") -> Self:
        """Load a directory or a hub id."""
        from transformers import AutoModelForCausalLM, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(str(path))
        model = AutoModelForCausalLM.from_pretrained(str(path), dtype=getattr(torch, dtype))
        return cls(model, tokenizer, style)

    def encode(self, pair: Pair) -> list[int]:
        """Return the prompt's tokens."""
        return self.tokenizer(chat(pair, self._style), add_special_tokens=False)["input_ids"][-self._max_tokens :]

    def differences(self, prompts: Sequence[list[int]]) -> torch.Tensor:
        """Return logit(True) - logit(False) for each prompt, with gradients where they are on."""
        longest = max(map(len, prompts))
        ids = torch.zeros(len(prompts), longest, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):  # padded on the right: positions are those of use
            ids[row, : len(prompt)] = torch.tensor(prompt)
            mask[row, : len(prompt)] = 1
        device = self.model.device
        hidden = self.model.model(input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False)
        last = hidden.last_hidden_state[torch.arange(len(prompts)), mask.sum(1) - 1]
        logits = (last @ self.model.lm_head.weight[self._words].T).float()
        return logits[:, 1] - logits[:, 0]

    def p_true(self, pairs: Sequence[Pair], batch: int = 16) -> list[float]:
        """Return P(True) of each pair, in order; shorter prompts are computed together."""
        prompts = [self.encode(p) for p in pairs]
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        out = [0.0] * len(prompts)
        with torch.no_grad():
            for start in range(0, len(order), batch):
                rows = order[start : start + batch]
                found = torch.sigmoid(self.differences([prompts[i] for i in rows])).tolist()
                for i, value in zip(rows, found, strict=True):
                    out[i] = value
        return out


def single_token(tokenizer: Any, word: str) -> int:
    """Return the token of `word`; raise InvalidInputError if the tokenizer splits it."""
    ids: list[int] = tokenizer(word, add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        raise InvalidInputError("--base", word, "choose a model whose tokenizer has True and False as single tokens")
    return ids[0]
