"""Tokens of a prompt and of the verdict's words, by a model's own tokenizer. Knows no engine.

A family with `chat` goes through the tokenizer's chat template, with its system turn; one without is the whole prompt,
and gets the tokenizer's own first token, if it has one.
"""

from typing import Any

from tinyv_stream.verifiers.tinyv.models import ModelRow

VerdictTokens = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""Tokens for correct, incorrect and undecided."""


def encode(tokenizer: Any, row: ModelRow, prompt: str) -> list[int]:  # noqa: ANN401 - transformers' own, partly typed
    """Return the tokens that a model with this tokenizer is given for a user turn, with the row's prefill."""
    if not row.chat:
        return tokenizer(prompt + row.prefill).input_ids
    text = prompt
    if tokenizer.chat_template:
        turns = [{"role": "system", "content": row.system}] if row.system else []
        turns.append({"role": "user", "content": prompt})
        text = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    return tokenizer(text + row.prefill, add_special_tokens=False).input_ids


def verdict_tokens(tokenizer: Any, row: ModelRow) -> VerdictTokens | None:  # noqa: ANN401 - as above
    """Return the single tokens of the row's words; None where correct or incorrect has none."""

    def single(words: tuple[str, ...]) -> tuple[int, ...]:
        ids = (tokenizer.encode(word, add_special_tokens=False) for word in words)
        return tuple(dict.fromkeys(tokens[0] for tokens in ids if len(tokens) == 1))

    found = single(row.correct), single(row.incorrect), single(row.undecided)
    return found if found[0] and found[1] else None
