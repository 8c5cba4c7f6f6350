"""Sentences of a question that ask for a form, and those that only speak of one: denied, or about something else."""

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import units

_END: Final = re.compile(r"(?<=[.?!;])\s+|\n")
_DENIED: Final = re.compile(
    r"(?:\bnot\b|n't\b|\bno\b|\bnever\b|\bwithout\b|\binstead of\b|\brather than\b|\bavoid\b)[^,;:]{0,40}\Z"
)
_DENIED_BEHIND: Final = re.compile(r"[^,;:]{0,30}\b(?:not|never|isn't|won't|aren't)\b")
_ROUNDED: Final = re.compile(
    r"\brounded (?:to|off|up|down|correct|decimals?|values?|answers?|percent\w*)\b|"
    r"\brounding (?:to|off|up|down|your)\b|"
    r"\b(?:answers?|values?|results?|decimals?|percent\w*)\b[^.?!]{0,20}\brounded\b|"
    r"\bround (?:your|the (?:answer|result|value)|to\b|off|it\b|up\b|down\b|each)|"
    r"\bdecimal places?\b|\bsignificant (?:figures?|digits?)|\d\s*d\.?p\b|\bapproximat\w+|"
    r"\b(?:\d|one|two|three|four|five|six) decimals\b|\\approx|"
    r"\bnearest (?:tenth|hundredth|thousandth|cent|penny|whole|integer|number|percent|multiple|unit|ten|hundred|"
    r"thousand|\$?\\?\$?[\d.])"
)
_NEAREST: Final = re.compile(r"\b(?:to|rounded to) the nearest (?:(?:square|cubic|whole) )?([a-z]+)")


def sentences(question: str) -> list[str]:
    """Return the sentences of a question."""
    return [part for part in _END.split(question) if part.strip()]


def asks(pattern: re.Pattern[str], sentence: str) -> bool:
    """Say whether a sentence has the pattern, and does not deny it in the words before."""
    return any(not is_denied(sentence, found.start()) for found in pattern.finditer(sentence))


def is_denied(sentence: str, at: int) -> bool:
    """Say whether what begins there is denied by the words in front of it."""
    return _DENIED.search(sentence[:at]) is not None


def rounds(sentence: str) -> bool:
    """Say whether a sentence asks for a rounded value: to places, to a unit, approximately."""
    if any(units.factor(units.one_name(found[1])) is not None for found in _NEAREST.finditer(sentence)):
        return True
    return any(
        not is_denied(sentence, found.start()) and _DENIED_BEHIND.match(sentence, found.end()) is None
        for found in _ROUNDED.finditer(sentence)
    )
