"""Outcome of a reading. Pure; what cannot be read as one of the row's words is undecided.

- One-token read-out: correct from the threshold upwards, unless the model would rather say an undecided word, or none.
- Text read-out: whole words, after the marker; "not true" is not true, two verdicts are none.
- Last-word read-out: the last verdict of the reply, unless its clause is negated.
- A word of one letter is read in its own case only: "a" is an article.
"""

import functools
import math
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.tinyv.family import ModelRow

_CLAUSE: Final = re.compile(r"[.!?;:\n]")
_NEGATION: Final = re.compile(r"\b(?:not|never|neither|nor|cannot)\b|n['\u2019]t\b", re.IGNORECASE)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the model gave to one prompt."""

    p_true: float | None = None
    """P(correct) among the words for correct and incorrect, at the verdict's place; None where only text was read."""
    p_none: float = 0.0
    """P of the undecided words against the likelier of the two others; above 0.5 they are what the model says."""
    mass: float | None = None
    """Probability of all the words together: how sure it is that the model gives a verdict there at all."""
    text: str | None = None
    """The greedy reply; None where only the probability was read, or where the request was aborted."""
    is_cut: bool = False
    """The reply ended at its token limit."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """How many of them came out of the prefix cache."""
    reply_tokens: int = 0


def p_true(logprob_true: float, logprob_false: float) -> float:
    """Return P(true) among the two words, from their log-probabilities (natural, any common offset)."""
    difference = logprob_true - logprob_false
    if difference >= 0:
        return 1.0 / (1.0 + math.exp(-difference))
    odds = math.exp(difference)
    return odds / (1.0 + odds)


def weigh(correct: Sequence[float], incorrect: Sequence[float], undecided: Sequence[float]) -> Reading:
    """Return the probabilities of a reading from log-probabilities of the words' tokens: natural, and not relative.

    Words of one list count together; `undecided` may be empty.
    """
    yes, no, none = (_log_sum(scores) for scores in (correct, incorrect, undecided))
    return Reading(
        p_true=p_true(yes, no),
        p_none=p_true(none, max(yes, no)) if undecided else 0.0,
        mass=min(1.0, math.exp(_log_sum([yes, no, none]))),
    )


def _log_sum(scores: Sequence[float]) -> float:
    top = max(scores, default=-math.inf)
    return top if math.isinf(top) or math.isnan(top) else top + math.log(sum(math.exp(s - top) for s in scores))


def decide(reading: Reading, row: ModelRow, threshold: float | None = None) -> tuple[Outcome, str]:
    """Return the outcome and, where it is undecided, the reason; `threshold` replaces the row's own."""
    if reading.p_true is not None:
        return _by_probability(reading, reading.p_true, row, row.threshold if threshold is None else threshold)
    if reading.text is None:
        return Outcome.UNDECIDED, "request was aborted"
    return read_words(reading.text, row)


def _by_probability(reading: Reading, p: float, row: ModelRow, limit: float) -> tuple[Outcome, str]:
    if math.isnan(p):
        return Outcome.UNDECIDED, "probability is not a number"
    if reading.mass is not None and reading.mass < row.min_mass:
        return Outcome.UNDECIDED, "the model would say something else than a verdict"
    if reading.p_none > 0.5:
        return Outcome.UNDECIDED, "the model will not judge"
    return (Outcome.CORRECT if p >= limit else Outcome.INCORRECT), ""


def read_words(reply: str, row: ModelRow) -> tuple[Outcome, str]:
    """Return what a written reply says, after the last marker; undecided with a reason if it says nothing clear."""
    if row.verdict_after:
        _, found, reply = reply.rpartition(row.verdict_after)
        if not found:
            return Outcome.UNDECIDED, f"no {row.verdict_after!r} in the reply"
    pattern, meanings = _whole(row.correct, row.incorrect, row.undecided)
    said = list(pattern.finditer(reply))
    if row.read_out == "last_word" and said:
        before = _CLAUSE.split(pattern.sub(" ", reply[: said[-1].start()]))[-1]
        negated, said = bool(_NEGATION.search(before)), said[-1:]
    else:
        negated = bool(_NEGATION.search(pattern.sub(" ", reply)))
    if negated:
        return Outcome.UNDECIDED, "negated reply"
    outcomes = {meanings[_key(word[0])] for word in said}
    if len(outcomes) != 1:
        return Outcome.UNDECIDED, "both words in the reply" if outcomes else "neither word in the reply"
    outcome = outcomes.pop()
    return outcome, "the model will not judge" if outcome is Outcome.UNDECIDED else ""


@functools.lru_cache(maxsize=16)
def _whole(
    correct: tuple[str, ...], incorrect: tuple[str, ...], undecided: tuple[str, ...]
) -> tuple[re.Pattern[str], dict[str, Outcome]]:
    """Return a pattern of any word as a whole, and what each means; longer ones first: they may hold others."""
    lists = ((correct, Outcome.CORRECT), (incorrect, Outcome.INCORRECT), (undecided, Outcome.UNDECIDED))
    meanings = {_key(word): outcome for words, outcome in lists for word in words}
    ordered = sorted((word for words, _ in lists for word in words), key=len, reverse=True)
    either = "|".join(re.escape(word) if len(word) == 1 else f"(?i:{re.escape(word)})" for word in ordered)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)"), meanings


def _key(word: str) -> str:
    return word if len(word) == 1 else word.casefold()
