r"""Work that goes on behind an answer without another mark, up to another number.

`\boxed{12}. But this counts the empty set, so subtract 1 to get 11.` gives no 12; what only checks, or comes to the same
number again, changes nothing. An answer to a part is none where the next part follows.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; an apostrophe is meant

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract import statement
from tinyv_stream.verifiers.rules.extract.numbers import NUMBER, another

_BUT: Final = re.compile(
    r"\W*(?:but|however|yet|nevertheless|still|although|though|except that|unfortunately)\b", re.IGNORECASE
)
_WORK: Final = re.compile(
    r"\W*(?:(?:and|so|then|now|next|finally|also|hence|thus|therefore|wait|but|however|remember(?: that)?|note(?: that)?|don['’]t forget(?: that)?),? )*(?:(?:we|i|this|it|one of|two of|that)\b|the (?:\w+ ){1,4})",
    re.IGNORECASE,
)
_DEED: Final = re.compile(
    r"\W*(?:then|now|next|finally|(?:but )?(?:don['’]t forget|do not forget|remember) to|you (?:then|now|still)),?\s+(?:doubl|halv|add|subtract|multipl|divid|squar|remov|exclud|includ|tak)(?:e|y)?\b",
    re.IGNORECASE,
)
"""What the reader is told to do yet."""
_MUST: Final = re.compile(
    r"\b(?:must|needs? to|ha(?:s|ve) to|should|still|forgot|overlooked|missed|double-?count\w*|overcount\w*|undercount\w*)\b(?! (?:check|verify|not))",
    re.IGNORECASE,
)
_ENDS_IN: Final = re.compile(
    r"(?:\b(?:so|hence|thus|therefore|get|gets|getting|gives?|giving|leav(?:es?|ing)|yields?|yielding|obtain|making|makes?|total of|is|are|becomes?|equals?|only|to|remain(?:s|ing)?|result(?:s|ing) in|have)|=|:)"
    rf"\s*[$\\(\[{{*]*(?P<said>{NUMBER})[$\\)\]}}*]*(?:\s+(?:in total|altogether|instead|remain|left|[a-z]+s))?[\s.!*$]*\Z",
    re.IGNORECASE,
)
_CONCLUDES: Final = re.compile(
    rf"\b(?:so|hence|thus|therefore|leav(?:es?|ing)|giv(?:es?|ing)|yield(?:s|ing)?|making|get|obtain|becomes?|results? in|reduc\w+ (?:it |this )?to)\b[^.;!?\n]{{0,30}}?[$\\(\[{{*]*{NUMBER}[$\\)\]}}*]*(?: \w+)?[\s.!*$]*\Z",
    re.IGNORECASE,
)
"""How a sentence ends that draws a conclusion, whether it says that something has to be done or not."""
_CHECKS: Final = re.compile(
    r"\b(?:check\w*|verif\w*|confirm\w*|indeed|as (?:given|required|expected|stated|desired|needed|claimed)|if|would|could|suppose|alternativ\w*|another way|for example|e\.g|contradict\w*|original(?:ly)?|no need|(?:not|n['’]t) (?:need|have|affect|change))\b",
    re.IGNORECASE,
)
_PART_BEFORE: Final = re.compile(r"\bpart \(?([a-h1-8])\)?(?!\w)[^.!?\n]{0,60}[.]?\s*\Z", re.IGNORECASE)
_PART_BEHIND: Final = re.compile(
    r"[\s$*)}\]\\]*(?:(?:is|was|are|answers?|solves?|for|as)\b|,)[^.!?\n]{0,40}?\(?\bpart \(?([a-h1-8])\)?(?!\w)",
    re.IGNORECASE,
)
_NEXT_PART: Final = r"\b(?:part|question|for|in|to) \(?{}\)?(?!\w)"
_SENTENCES: Final = 2
_NEAR: Final = 400


def comes_to_another(text: str, value: str) -> bool:
    """Say whether the work that `text` goes on with, behind the number `value`, comes to another number."""
    pos, text = 0, text[:_NEAR]
    for _ in range(_SENTENCES):
        said, pos, asks = statement.sentence(text, pos)
        said = said.strip().lstrip(".)]}$*, ")
        if not said:
            continue
        if asks or _CHECKS.search(said):
            return False
        ends = _ENDS_IN.search(said)
        if ends and (
            (_BUT.match(said) and _CONCLUDES.search(said))
            or ((_BUT.match(said) or _WORK.match(said)) and _MUST.search(said))
            or _DEED.match(said)
        ):
            return another(ends["said"], value)
    return False


def is_of_a_part(before: str, behind: str) -> bool:
    """Say whether an answer between two texts is named as that of a part, and the next part follows."""
    part = _PART_BEHIND.match(behind[:_NEAR]) or _PART_BEFORE.search(before[-120:])
    if part is None:
        return False
    label = part[1].lower()
    return re.search(_NEXT_PART.format(chr(ord(label) + 1)), behind[:_NEAR], re.IGNORECASE) is not None
