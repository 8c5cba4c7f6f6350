r"""Relations around a box that make it a bound, one choice of several or a share: they belong to the answer.

`The answer is at least \boxed{6}` gives `at least 6`, `$x > \boxed{6}$` gives `x > 6`. What `f(x) \ge \boxed{5}` and
`we need at least \boxed{5}` name is a minimum, and stays the box alone.
"""
# ruff: noqa: E501 one alternation is one line

import re
from typing import Final

_END: Final = r"[\s$\\(\[{*]*$"
_NUMBERS: Final = r"(?:[$\\({\[]*-?\d[\d.,/]{0,20}[$\\)}\]]*\s*(?:,|and|or)?\s*){1,9}"
_LAST_WORDS: Final = (
    "than", "least", "most", " to", "below", "above", "under", "over", "like", "near", "exceeds", "exceed", "<", ">", "\\lt", "\\gt",
)  # fmt: skip
_CHOICE: Final = ("between", "one of", "any of", "some of", "either of")
"""A relation in front ends in one of the first, or has one of these; most texts have none."""
_DID: Final = r"(?<!there )\b(?!need|requir|suffic)(?:[a-z]{2,}ed|sold|had|has|got|made|ate|bought|spent|won|ran|paid|saw|found|took)"
"""A verb of a story; `at least \\boxed{5} are needed` names a minimum."""
_BEFORE: Final = (
    re.compile(
        r"\b(?:(?:the|our|my) (?:[a-z]+ ){0,5}[a-z]+|it|this|[a-zA-Z]) (?:is|are|was|must be|will be|should be|has to be) (?:always |certainly |surely )?"
        rf"((?:at (?:the )?least|at (?:the )?most|up to|below|above|under|over|something like|near|close to|a (?:number|value) (?:like|near|close to))\s+){_END}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_DID} ((?:at (?:the )?least|at (?:the )?most|up to|(?:no )?(?:more|less|fewer|greater|larger|smaller) than)\s+){_END}",
        re.IGNORECASE,
    ),
    re.compile(rf"(?:\A|[.!?\n])\W*((?:at least|at most|up to|no (?:more|less|fewer) than)\s+){_END}", re.IGNORECASE),
    re.compile(
        rf"\b(?:is|are|was|were) (?:always |strictly )?((?!oth|rath)[a-z]{{3,}}er than\s+){_END}", re.IGNORECASE
    ),
    re.compile(
        r"\b(?:is|are|was|be|lies|'s) (?:always |strictly |certainly |surely )?"
        rf"((?:(?:an?|some|any) (?:number|value|integer) )?(?:(?:no|not) )?(?:less|fewer|more|greater|smaller|larger|bigger|higher|lower) than(?: or equal to)?\s+){_END}",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?:answer|result|solution|it|[a-zA-Z]) ((?:exceeds|does not exceed)\s+){_END}", re.IGNORECASE),
    re.compile(rf"\b(between\s+[$\\(\[{{]*-?\w[\w.,/]{{0,20}}[$\\)\]}}]*\s+and\s+){_END}", re.IGNORECASE),
    re.compile(
        rf"\b(?:lies?|is|are|ranges|somewhere|anywhere) (?:in|from|within)\s+((?:the range )?(?:from )?[$\\(]*-?\d[\d.,/]{{0,20}}[$\\)]*\s+to\s+){_END}",
        re.IGNORECASE,
    ),
    re.compile(rf"\b((?:one|any|some|either) of(?: the (?:values|numbers))?:?\s+{_NUMBERS}){_END}", re.IGNORECASE),
    re.compile(r"(?:^|[$(\[])\s*((?:-?[\d.]{1,20}\s*<\s*)?[A-Za-z]\s*(?:<|>|\\[lg]t(?![A-Za-z]))\s*)$"),
)
_REACHED: Final = re.compile(
    r"[^.!?\n]{0,30}\b(?:equality|attained|achieved|reached|sharp|tight|suffices?)\b", re.IGNORECASE
)
_TOLERANCE: Final = re.compile(
    r"[\s$*)}\]\\]*,?\s*(?:\w+ )?(?:give or take|plus or minus|more or less|\\pm(?![A-Za-z])|\u00b1)", re.IGNORECASE
)
_BEHIND: Final = re.compile(
    r"[\s$*)\]]*((?:less|more|fewer|greater) than\s+[$\\(]*-?\w[\w.]{0,20}|\\%|%(?=[$.,;]|\s*$| of\b))", re.IGNORECASE
)


def relation(before: str, behind: str) -> tuple[str, str]:
    """Return the relation in front of a box and the one behind it; both empty where it stands alone."""
    low = before.lower()
    front = back = ""
    if _REACHED.match(behind):
        return "", ""
    if low.rstrip(" \n$\\([{*").endswith(_LAST_WORDS) or any(word in low for word in _CHOICE):
        found = next((found for pattern in _BEFORE if (found := pattern.search(before))), None)
        front = re.sub(r"[$]|\\[(\[]", "", found[1]) if found else ""
    if _TOLERANCE.match(behind):
        return front, " or so"
    if "than" in behind[:14] or "%" in behind[:4]:
        found = _BEHIND.match(behind)
        back = f" {found[1].strip('$ ')}" if found else ""
    return front, back
