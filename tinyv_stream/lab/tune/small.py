"""Small verifier from scratch: its shape, its rows and its loss.

- Llama's architecture, so that the engine serves it as any other model.
- The loss is the verdict's cross-entropy over the whole vocabulary, plus, for right answers only, a share of that of
  the answer's own tokens: one bit a pair does not teach a model to copy, and what it would have written next shows it
  where a wrong answer departs.
- Batches hold like many tokens, not like many pairs; what is behind a row's end is never attended to.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# transformers is only partly typed.
# ruff: noqa: ANN401

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import torch

from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.prompt import user_turn
from tinyv_stream.lab.tune.judge import single_token
from tinyv_stream.lab.tune.vocabulary import PIECES

LONGEST: Final = 256
"""Tokens of a row; longer pairs are left out."""


class SmallShape(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of the model: about three and a half million weights."""

    width: int = 256
    layers: int = 5
    heads: int = 8
    inner: int = 512


class Row(msgspec.Struct, frozen=True):
    """One pair as tokens; the answer's are those from `answer` to `end`."""

    ids: list[int]
    answer: int
    end: int
    label: bool


def build(shape: SmallShape, tokenizer: Any, seed: int) -> Any:
    """Return a model of that shape with random weights."""
    from transformers import AutoModelForCausalLM, LlamaConfig

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    # On short rows the plain product is faster than the fused kernels, whose backward pass is made for long ones.
    return AutoModelForCausalLM.from_config(config, attn_implementation="eager")


def rows(tokenizer: Any, pairs: Sequence[Pair]) -> list[Row]:
    """Return the pairs as tokens, in order, without those over `LONGEST`."""
    if not pairs:
        return []
    encoded = tokenizer([user_turn(pair, "short") for pair in pairs], add_special_tokens=False)["input_ids"]
    answer, end = (single_token(tokenizer, piece) for piece in PIECES[1:])
    return [
        Row(ids, ids.index(answer) + 1, len(ids) - 1 - ids[::-1].index(end), pair.label)
        for ids, pair in zip(encoded, pairs, strict=True)
        if len(ids) <= LONGEST
    ]


def batches(found: Sequence[Row], tokens: int, rng: random.Random) -> Iterator[list[Row]]:
    """Yield the rows in batches of up to `tokens`, padding counted; those of like length together, mixed by `rng`."""
    order = sorted(found, key=lambda row: (len(row.ids), rng.random()))
    out: list[list[Row]] = [[]]
    for row in order:
        if out[-1] and len(row.ids) * (len(out[-1]) + 1) > tokens:
            out.append([])
        out[-1].append(row)
    rng.shuffle(out)
    yield from (batch for batch in out if batch)


def padded(batch: Sequence[Row], pad: int) -> torch.Tensor:
    """Return the tokens of a batch, padded on the right."""
    longest = max(len(row.ids) for row in batch)
    return torch.tensor([row.ids + [pad] * (longest - len(row.ids)) for row in batch])


def loss(model: Any, batch: Sequence[Row], words: tuple[int, int], *, pad: int, copying: float) -> torch.Tensor:
    """Return the mean loss of a batch; `copying` is the weight of the answers' own tokens."""
    ids = padded(batch, pad)
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    last = torch.tensor([len(row.ids) - 1 for row in batch])
    logits = model.lm_head(hidden[torch.arange(len(batch)), last]).float()
    wanted = torch.tensor([words[row.label] for row in batch])
    total = torch.nn.functional.cross_entropy(logits, wanted)
    places = [(n, i) for n, row in enumerate(batch) if row.label for i in range(row.answer, row.end)]
    if copying and places:
        at, i = (torch.tensor(column) for column in zip(*places, strict=True))
        said = model.lm_head(hidden[at, i - 1]).float()
        total = total + copying * torch.nn.functional.cross_entropy(said, ids[at, i])
    return total


@torch.no_grad()
def p_true(model: Any, found: Sequence[Row], words: tuple[int, int], *, pad: int, tokens: int = 8192) -> list[float]:
    """Return P(true) of each row, in order."""
    place = {id(row): n for n, row in enumerate(found)}
    out = [0.0] * len(found)
    model.eval()
    for batch in batches(found, tokens, random.Random(0)):  # noqa: S311 - an order
        ids = padded(batch, pad)
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
        last = torch.tensor([len(row.ids) - 1 for row in batch])
        logits = model.lm_head(hidden[torch.arange(len(batch)), last]).float()
        for row, p in zip(batch, torch.sigmoid(logits[:, words[1]] - logits[:, words[0]]).tolist(), strict=True):
            out[place[id(row)]] = p
    model.train()
    return out
