"""From a reading to an outcome. Pure; what cannot be read as a clear True or False is undecided.

- One-token read-out: correct from the threshold upwards.
- Text read-out: whole words after the think block; "not true" is not true, and both words are no verdict.
"""

import math
import re
from typing import Final

import msgspec

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.tinyv.models import ModelRow

_WORD: Final = re.compile(r"\b(true|false)\b", re.IGNORECASE)
_NEGATION: Final = re.compile(r"\b(?:not|never|neither|nor|cannot)\b|n['\u2019]t\b", re.IGNORECASE)
_OUTCOMES: Final = {"true": Outcome.CORRECT, "false": Outcome.INCORRECT}


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the model gave to one prompt."""

    p_true: float | None = None
    """P(True) against P(False) at the verdict's place; None where only text was read."""
    text: str | None = None
    """The greedy reply; None where only the probability was read, or where the request was aborted."""
    is_cut: bool = False
    """The reply ended at its token limit."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """How many of them came out of the prefix cache."""


def p_true(logprob_true: float, logprob_false: float) -> float:
    """Return P(True) among the two words, from their log-probabilities (natural, any common offset)."""
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
    return read_words(reading.text, after=row.verdict_after)


def read_words(reply: str, *, after: str = "") -> tuple[Outcome, str]:
    """Return what a written reply says, after the last `after`; undecided with a reason if it says nothing clear."""
    if after:
        _, found, reply = reply.rpartition(after)
        if not found:
            return Outcome.UNDECIDED, f"no {after!r} in the reply"
    if _NEGATION.search(reply):
        return Outcome.UNDECIDED, "negated reply"
    kinds = {word.lower() for word in _WORD.findall(reply)}
    if len(kinds) != 1:
        return Outcome.UNDECIDED, "both words in the reply" if kinds else "neither word in the reply"
    return _OUTCOMES[kinds.pop()], ""
