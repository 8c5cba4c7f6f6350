"""The question as verifiers were trained on it: without the instructions that RL prompts hang on its end.

- Only the end (or the very beginning) of a question is touched, rule by rule until none matches.
- A question that would be nothing but instructions is returned whole.
"""

import re
from typing import Final

_START: Final = r"(?:^|\n|(?<=[.?!:;$)\]])|\s(?=let'?s |please ))\s*"
"""An instruction is a sentence of its own; only "Let's" and "Please" begin one without a full stop before them."""
_STEP: Final = r"(?:let'?s|please|let us)?\s*(?:think|reason|solve(?: this)?(?: problem)?)\s+step[\s-]by[\s-]step"
_SAY: Final = r"(?:output|put|write|give|place|present|provide|return|enclose|box)"
_BOX: Final = r"[^.\n]{0,60}\\?\\boxed\s*\{[^{}]*\}[^\n]{0,20}"

SUFFIXES: Final[tuple[str, ...]] = (
    rf"{_STEP}[^.\n]{{0,20}}(?:,?\s*and\s+(?:then\s+)?{_SAY}{_BOX})?\s*[.!]?",
    rf"(?:please\s+)?{_SAY}\s+(?:your|the|only)?{_BOX}",
    rf"(?:please\s+)?(?:explain|show|describe|work|derive|justify)\b[^.\n?]{{0,60}},?\s*(?:and|then)\s+{_SAY}?{_BOX}",
    r"remember to (?:box|put)[^.\n]{0,60}\.?",
    rf"(?:your|the)\s+(?:final\s+)?answer\s+(?:should|must)\s+be{_BOX}",
)
"""What is cut off a question's end, case ignored; a user's `tinyv.strip_patterns` come first.

In order: "Let's think step by step and output the final answer within a box" (verl, TinyV); "Please put your final
answer within a box"; "Explain briefly, then box the answer"; "Remember to box your answer"; "Your final answer
should be enclosed in a box".
"""

PREFIXES: Final[tuple[str, ...]] = (
    r"solve the following math problem step by step\.[^\n]{0,200}\n+",
    r"(?:question|problem)\s*:\s+",
)
"""What is cut off its beginning: DAPO's opener, and a bare label."""


TAIL_CHARS: Final = 600
"""How far from the end an instruction may begin: patterns never see more, so a huge prompt costs no time."""


class QuestionRule:
    """Strips instructions from questions; built once per worker, because patterns are compiled here."""

    def __init__(self, extra: tuple[str, ...] = ()) -> None:
        self._ends = [re.compile(rf"{_START}(?:{p})\s*\Z", re.IGNORECASE) for p in (*extra, *SUFFIXES)]
        self._starts = [re.compile(rf"\A\s*(?:{p})", re.IGNORECASE) for p in PREFIXES]

    def strip(self, question: str) -> str:
        """Return `question` without its instructions and outer white space."""
        text, before = question.strip(), ""
        while text != before:
            before = text
            head, tail = text[:-TAIL_CHARS], text[-TAIL_CHARS:]
            for pattern in self._ends:
                tail = pattern.sub("", tail, count=1).rstrip()
            text = (head + tail).rstrip()
            for pattern in self._starts:
                text = pattern.sub("", text, count=1).lstrip()
        return text or question.strip()
