"""Outcome of a reading. Pure; what cannot be read as one of the row's two words is undecided.

- One-token read-out: correct from the threshold upwards.
- Text read-out: whole words in any case, after the think block; "not true" is not true, both words are no verdict.
"""

import functools
import math
import re
from typing import Final

import msgspec

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.tinyv.models import ModelRow

_NEGATION: Final = re.compile(r"\b(?:not|never|neither|nor|cannot)\b|n['\u2019]t\b", re.IGNORECASE)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the model gave to one prompt."""

    p_true: float | None = None
    """P(true) of the two words at the verdict's place; None where only text was read."""
    text: str | None = None
    """The greedy reply; None where only the probability was read, or where the request was aborted."""
    is_cut: bool = False
    """The reply ended at its token limit."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """How many of them came out of the prefix cache."""


def p_true(logprob_true: float, logprob_false: float) -> float:
    """Return P(true) among the two words, from their log-probabilities (natural, any common offset)."""
    difference = logprob_true - logprob_false
    if difference >= 0:
        return 1.0 / (1.0 + math.exp(-difference))
    odds = math.exp(difference)
    return odds / (1.0 + odds)


def decide(reading: Reading, row: ModelRow, threshold: float | None = None) -> tuple[Outcome, str]:
    """Return the outcome and, where it is undecided, the reason; `threshold` replaces the row's own."""
    if reading.p_true is not None:
        limit = row.threshold if threshold is None else threshold
        if math.isnan(reading.p_true):
            return Outcome.UNDECIDED, "probability is not a number"
        return (Outcome.CORRECT if reading.p_true >= limit else Outcome.INCORRECT), ""
    if reading.text is None:
        return Outcome.UNDECIDED, "request was aborted"
    return read_words(reading.text, row.words, after=row.verdict_after)


def read_words(reply: str, words: tuple[str, str], *, after: str = "") -> tuple[Outcome, str]:
    """Return what a written reply says, after the last `after`; undecided with a reason if it says nothing clear.

    `words` are those of correct and incorrect; their case means nothing.
    """
    if after:
        _, found, reply = reply.rpartition(after)
        if not found:
            return Outcome.UNDECIDED, f"no {after!r} in the reply"
    pattern = _whole(words)
    if _NEGATION.search(pattern.sub(" ", reply)):
        return Outcome.UNDECIDED, "negated reply"
    found = {word.casefold() for word in pattern.findall(reply)}
    if len(found) != 1:
        return Outcome.UNDECIDED, "both words in the reply" if found else "neither word in the reply"
    return (Outcome.CORRECT if found == {words[0].casefold()} else Outcome.INCORRECT), ""


@functools.lru_cache(maxsize=16)
def _whole(words: tuple[str, str]) -> re.Pattern[str]:
    """Return a pattern of either word as a whole; the longer one is tried first, for it may hold the other."""
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
