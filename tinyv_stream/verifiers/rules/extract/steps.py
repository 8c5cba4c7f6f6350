"""A box inside of the work: the value of a step, behind which other steps go on and no final answer comes.

Steps that only check, restate or end do not count; nor does a text that says "final" or "answer" at its box.
"""
# ruff: noqa: E501 one alternation is one line

import re
from typing import Final

_STEP: Final = re.compile(r"(?:\A|[.\n:;#]|\*\*)\s{0,20}(?:step|part)\s+\(?([\da-d]{1,2})\)?(?![\w])", re.IGNORECASE)
_ITEM: Final = re.compile(r"(?:\A|[.\n]|(?<=[}$)]))\s{0,20}(\d{1,2})[.)]\s+(?=[A-Z\\$]|\Z)")
_ORDINAL: Final = re.compile(
    r"\bfirst\b(?! (?:\w+ ){0,2}(?:player|term|number))|\bin the (?:first|second|third) step\b|\bpart of the (?:computation|work|solution)\b"
    r"|\binitially\b|\b(?:begin|start) with\b",
    re.IGNORECASE,
)
_AT_FIRST: Final = re.compile(
    r"\b(?:at first|initially|originally|to (?:begin|start) with|in the beginning|at the first \w+|in the first (?:year|month|week|day|hour|round|quarter|class|box|row|group))\b",
    re.IGNORECASE,
)
_STATE: Final = re.compile(
    r"\b(?:(?:there|it|they) (?:is|are|was|were)|(?!(?:we|I|you|one|this|that|which)\b)[a-z]+,? (?:initially |originally |at first |first )?(?:has|had|have|owns?|owned|held|holds?|contain(?:s|ed)?|weigh(?:s|ed)|cost|costs|lived|live[ds]?|earn(?:s|ed)?|starts?|started))\b",
    re.IGNORECASE,
)
"""The value of the story at its start: behind it only work of the writer goes on, and no event."""
_OWN_WORK: Final = re.compile(
    r"[\s$*)}\]]*(?:next|then|now|after (?:that|this)|afterwards|second(?:ly)?|in the \w+ step)\b,?\s+"
    r"(?:we|I|you|one|let us|let me|let's|add|subtract|multiply|divide|halve|double|square|comput\w+|calculat\w+|tak(?:e|ing))\b",
    re.IGNORECASE,
)
_NEXT: Final = re.compile(
    r"(?:\A|[.!;,\n])[\s$*)}\]]*(?:next|then|now|after (?:that|this)|afterwards|second(?:ly)?|in the (?:second|next|third|last) step)\b,?\s+"
    r"(?:(?:we|I|you|one|it|let us|let me|let's)\b)?[^.\n]*",
    re.IGNORECASE,
)
_CHECKS: Final = re.compile(
    r"\b(?:check|verif\w*|confirm\w*|conclu\w*|final\w*|answer\w*|box\w*|not needed|done|finished|complete\w*|summar\w*|"
    r"interpret\w*|proof|prove\w*|q\.?e\.?d|note|remark|alternativ\w*|another (?:way|method))\b",
    re.IGNORECASE,
)
_FINAL: Final = re.compile(r"\b(?:answer|final|finally|therefore|thus|hence|result|conclusion)\b", re.IGNORECASE)
_WORK: Final = re.compile(r"\d|[a-z]{3,}", re.IGNORECASE)
_NEAR: Final = 300


def goes_on(before: str, behind: str) -> bool:
    """Say whether the box between two texts is one of a step, and the work goes on behind it."""
    behind = behind[: 4 * _NEAR]
    near = before[-_NEAR:]
    line = re.split(r"[.!?]\s|\n", near)[-1]
    if _FINAL.search(line):
        return False
    for pattern in (_STEP, _ITEM):
        here, later = list(pattern.finditer(near)), list(pattern.finditer(behind))
        if here and any(
            _number(match[1]) == _number(here[-1][1]) + 1 and _is_work(behind[match.end() :]) for match in later
        ):
            return True
    if _ORDINAL.search(line) or near.lstrip().lower().startswith("first"):
        state = _AT_FIRST.search(line) is not None and _STATE.search(line) is not None
        later = (match[0] for match in _NEXT.finditer(behind))
        return any(_is_work(step) and not (state and _OWN_WORK.match(step.lstrip(".!;,\n")) is None) for step in later)
    return False


def _number(label: str) -> int:
    return int(label) if label.isdigit() else ord(label[-1].lower())


def _is_work(text: str) -> bool:
    """Say whether a step does more than to check, to restate or to end."""
    step = text[:_NEAR]
    return _WORK.search(step) is not None and _CHECKS.search(step) is None
