"""Token rows for the trainer, made from labelled pairs, in the order of the whole run.

- The order of all epochs is laid down beforehand, by the seed alone: a run that was interrupted goes on in it.
- Prompts of like length share a batch, and batches are mixed: less padding, and no drift from short to long.
- With a curriculum the first epoch begins with the pairs that need no close look (an answer in another format, an
  unrelated one): a small model learns to compare from them, and from near misses alone nothing.
- All labels but the reply's are masked.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# transformers and tokenizers are only partly typed.
# ruff: noqa: ANN401

import math
import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.tune.judge import Judge
from tinyv_stream.lab.tune.plan import Method

if TYPE_CHECKING:
    from datasets import Dataset

IGNORED: Final = -100
_POOL: Final = 16
"""Batches that are sorted by length together."""
_PROBE: Final = "20718"
_EASY_WRONG: Final = frozenset({"unrelated", "garbage"})
_EASY_RIGHT: Final = "1."
"""Kinds of the taxonomy's first class: formatting."""


def dataset(judge: Judge, pairs: Sequence[Pair], method: Method) -> "Dataset":
    """Return token rows with labels, in the order of the pairs."""
    from datasets import Dataset

    def rows() -> Iterator[dict[str, list[int]]]:
        for pair in pairs:
            prompt, reply = judge.encode(pair), reply_of(judge, pair, method)
            yield {"input_ids": prompt + reply, "labels": [IGNORED] * len(prompt) + reply}

    return Dataset.from_list(list(rows()))


def reply_of(judge: Judge, pair: Pair, method: Method) -> list[int]:
    """Return the tokens that the model shall say."""
    word = judge.words[pair.label]
    return [word] if method == "one_token" else [word, _end(judge.tokenizer)]


def lay_out(
    pairs: Sequence[Pair], lengths: Sequence[int], *, epochs: float, batch: int, seed: int, curriculum: bool
) -> list[int]:
    """Return indices into `pairs` for the whole run, `batch` of them a step; `lengths` are in tokens."""
    rng = random.Random(seed)  # noqa: S311 - an order, not a secret
    wanted = math.ceil(len(pairs) * epochs / batch) * batch
    easy = [i for i, p in enumerate(pairs) if is_easy(p)] if curriculum else []
    out = _mixed(easy, lengths, batch, rng)
    rest = sorted(set(range(len(pairs))) - set(easy))
    out += _mixed(rest, lengths, batch, rng)
    while len(out) < wanted:
        out += _mixed(range(len(pairs)), lengths, batch, rng)
    return out[:wanted]


def is_easy(pair: Pair) -> bool:
    """Tell whether a pair needs no close look; one of unknown kind does."""
    return pair.kind.startswith(_EASY_RIGHT) if pair.label else pair.kind in _EASY_WRONG


def split_digits(tokenizer: Any) -> bool:
    """Make `tokenizer` read numbers digit by digit; return whether it had to be changed.

    Raises InvalidInputError where that cannot be done: a model that sees 20718 as two odd pieces cannot compare digits.
    """
    if _is_split(tokenizer):
        return False
    from tokenizers import pre_tokenizers

    core = getattr(tokenizer, "backend_tokenizer", None)
    if core is not None:
        before = core.pre_tokenizer
        digits = pre_tokenizers.Digits(individual_digits=True)
        core.pre_tokenizer = pre_tokenizers.Sequence([digits, before]) if before else digits
    if not _is_split(tokenizer):
        raise InvalidInputError("--split-digits", "", "this tokenizer cannot be told to; train without the option")
    return True


def _is_split(tokenizer: Any) -> bool:
    return len(tokenizer(_PROBE, add_special_tokens=False)["input_ids"]) == len(_PROBE)


def _mixed(indices: Sequence[int], lengths: Sequence[int], batch: int, rng: random.Random) -> list[int]:
    order = rng.sample(indices, len(indices))
    out: list[int] = []
    for start in range(0, len(order), _POOL * batch):
        pool = sorted(order[start : start + _POOL * batch], key=lambda i: lengths[i])
        chunks = [pool[i : i + batch] for i in range(0, len(pool), batch)]
        out += [i for chunk in rng.sample(chunks, len(chunks)) for i in chunk]
    return out


def _end(tokenizer: Any) -> int:
    """Return the token that ends a turn."""
    found: int | None = tokenizer.convert_tokens_to_ids("<|im_end|>")
    if found is None or found == tokenizer.unk_token_id:
        found = tokenizer.eos_token_id
    if found is None:
        raise InvalidInputError("--method", "sft", "this tokenizer has no end of turn; use one_token")
    return found
