r"""Boxes that nobody says to be the answer: supposed ones, those of somebody else, and instructions that are echoed.

`If the answer were \boxed{5}` supposes it; what is another's stands in `attributed`, what echoes the question in
`instructed`. A condition of the work itself (`if x = 6, the answer is \boxed{42}`) changes nothing, nor does the
condition of the question (`if she had bought 4 more, the cost would be \boxed{12}`).
"""
# ruff: noqa: E501, RUF001 one alternation is one line; signs of other scripts are meant

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract.attributed import attributes
from tinyv_stream.verifiers.rules.extract.instructed import instructs
from tinyv_stream.verifiers.rules.extract.supposed_elsewhere import supposes_elsewhere

_END: Final = r"[\s$*({\\\[:]*\Z"
_BECOMES: Final = (
    r"turn(?:s|ed)? out to be|happen(?:s|ed)? to be|comes? out (?:to be|as)|came out (?:to be|as)|ends? up(?: being)?"
)
_THING: Final = (
    r"(?:(?:the|our|my|your|this|that) )?(?:(?:correct|final|right|true|actual) )?"
    r"(?:answers?|results?|values?|solution|total|sum|product|number|it|this|that|we (?:had|got|have|get)|you (?:had|got|get))(?:['’]s)?"
)
_SUPPOSED: Final = re.compile(
    rf"\b(?:if|suppose|supposing|assum(?:e|ing)|imagin(?:e|ing)|pretend(?:ing)?|let(?:'s| us) say|\A\W*say|what if|if only|unless|even if|whether|as if|as though|in case|provided|only given)(?:,? for (?:now|contradiction|the moment|a moment|the sake of argument),?)?(?: that)?,? {_THING}"
    rf"(?: (?:is|was|were|be|to be|equals?|equal(?:l)?ed|should be|would be|had been|{_BECOMES}))?{_END}",
    re.IGNORECASE,
)
_WERE_IT: Final = re.compile(
    rf"(?:\A\W*|[.;,]\s*)(?:were|should) {_THING}(?: be| equal)?{_END}|\bif (?:it|this|that|{_THING}) were\b[^.!?\n]{{0,40}},\s*(?:then )?{_END}",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"\b(?:if|suppose|supposing|assum(?:e|ing)|imagin(?:e|ing)|pretend(?:ing)?|what if|unless|even if|whether|provided)(?: that)?,? "
    rf"(?:the|its|this|that|our|an?) (?:(?!(?:is|are|was|has|then|so|we)\b)[a-z]+ ){{1,4}}(?:is|was|were|be|equals?|equal(?:l)?ed|to be|{_BECOMES}){_END}",
    re.IGNORECASE,
)
"""A box right behind the first verb of a condition: `assuming the minimum is`."""
_UNREAL: Final = re.compile(
    r"(?:\A\W*(?:had|were|should)\b|\bif\b[^.!?\n]*\b(?:had|were|did|asked|wanted|meant|stated|required)\b|\bif \w+['’]d\b|\bif (?:we|you|one|I) \w+ed\b)[^.!?\n]*"
    rf"(?:\bwould|['’]d) (?:then )?(?:be|equal|give|get|become|write|say|answer|put|box|have(?: (?:been|given|got|gotten|written|said|answered|put|had|obtained|found))?){_END}",
    re.IGNORECASE,
)
_UNREAL_DEED: Final = re.compile(
    rf"(?:\A\W*(?:had|were|should)\b|\bif\b[^.!?\n]*\b(?:had|were|did|\w+ed)\b)[^.!?\n]*(?:\bwould|['’]d) (?:\w+ )?\w+{_END}",
    re.IGNORECASE,
)
_WOULD: Final = re.compile(
    rf"(?:\bwould|['’]d) (?:then )?(?:be|have been|equal|give|write|say|answer|put|box){_END}", re.IGNORECASE
)
_IF_ONLY: Final = re.compile(r"[\s$*)}\]\\]*,?\s*(?:only )?(?:if|had|were|unless|provided)\b", re.IGNORECASE)
_OF_THE_ANSWER: Final = re.compile(
    r"\b(?:answers?|results?|solution|it|this|that)(?: (?:we|you|one|I) (?:get|have))?(?: would|['’]d) (?:then )?"
    rf"(?:be|have been|equal|give|become){_END}"
    rf"|\b(?:I|we|you|one)(?: would|['’]d) (?:then )?(?:write|say|answer|put|box|give|get|obtain|find|have(?: (?:given|got|gotten|written|said|answered|put|had|obtained|found))?){_END}",
    re.IGNORECASE,
)
_ASKED: Final = re.compile(
    r"\b(?:question|problem|task|exercise|wording|statement|they|you|it|he|she)(?:['’]d)? (?:had |were |was )?(?:instead )?"
    r"(?:asked|asking|said|wanted|meant|stated|intended|required|requested)\b",
    re.IGNORECASE,
)
"""What is unreal is the answer, or the question; anything else may be the question's own condition."""
_NOT_SO: Final = re.compile(
    r"[^.!?\n]{0,60}(?:\b(?:but|however|yet|in (?:fact|reality)|actually)\b|[.;]\s+(?:so )?(?:it|this|that) (?:is|does|did|was)(?: not|n['’]t)\b)"
    r"|[^.!?\n]{0,60}[.!;\n]\s*(?:but|however|yet|in (?:fact|reality)|actually|since|as|here)\b[^.\n]{0,60}(?:\bnot\b|n['’]t\b|\d)",
    re.IGNORECASE,
)
"""What follows says that the condition does not hold."""
_WELL: Final = r"(?:(?:well|very well|possibly|also|just|still|perhaps|easily|indeed) )?"
_MAY_BE: Final = re.compile(
    rf"\b(?:may|might|could) {_WELL}be(?:,[^.,;:!?\n]{{1,40}},)? (?:(?:the case|true|so) )?that\b[^.;:!?\n]{{0,60}}{_END}"
    rf"|\b(?:may|might|could|can|need)(?:not| not|['’]t|n['’]t) (?:\w+ )?be (?:(?!denied|doubted|disputed|avoided|overlooked|clearer|plainer|surer|more|otherwise)\w+ )?that\b[^.;:!?\n]{{0,60}}{_END}"
    rf"|\b(?:(?:has|have)(?: not|n['’]t) (?:yet )?been|(?:is|was)(?: not|n['’]t)(?: yet)?) (?:shown|proved|proven|verified|established|known|clear|certain|settled|sure) (?:that|whether|if)\b[^.;:!?\n]{{0,60}}{_END}",
    re.IGNORECASE,
)
"""`it could be that the answer is`; what can be shown or seen is said."""
_TRIED: Final = re.compile(
    rf"(?:\b(?:let(?:['’]s| us| me)|we|I) (?:\w+ )?|\A\W*|\b(?:and|so|then|by) )(?:try(?:ing)?|test(?:ing)?|check(?:ing)?|consider(?:ing)?|plug(?:ging)? in)(?: with)?(?: the (?:value|number|answer))?[\s$*({{\\\[]*\Z"
    rf"|\blet(?:['’]s| us| me) guess{_END}",
    re.IGNORECASE,
)
_SEEMS: Final = re.compile(
    rf"\b(?:seems?|seemed|appears?|appeared|looks?|looked|at (?:first|a) (?:sight|glance))\b(?:(?!\b(?:but|so|yet|although)\b)[^.;:!?\n]){{0,50}}{_END}",
    re.IGNORECASE,
)
_BUT: Final = re.compile(
    r"[\s$*)}\]\\]{0,12}(?:\w{1,20}\s{0,3})?[,.;–—-]{0,3}\s{0,3}(?:but|yet|however|although|though|except)\b",
    re.IGNORECASE,
)
"""Behind a value that only seems to be the answer."""
_HINTS: Final = ("if", "suppos", "assum", "imagin", "pretend", "say", "unless", "whether", "had", "were", "should", "would", "'d", "’d", "case", "though", "may", "might", "could", "can", "need", "given", "provided", "try", "test", "check", "plug", "guess", "consider", "seem", "appear", "look", "sight", "glance", "not", "n't", "n’t")  # fmt: skip
_SENTENCE_END: Final = re.compile(r"(?<!e\.g)(?<!i\.e)[.!?](?=\s)|\n|[。！？]")
_NEAR: Final = 200


def supposes(before: str, behind: str, value: str = "") -> bool:
    """Say whether the sentence of a box supposes its value, gives it as another's, or is an instruction.

    `value`: the inside of the box. Without it no other number contradicts it, and no work comes to it.
    """
    said = before[-_NEAR:]
    ends = [match.end() for match in _SENTENCE_END.finditer(said)]
    said = said[ends[-1] :] if ends else said
    low = said.lower()
    return (
        supposes_elsewhere(said, low, behind)
        or instructs(said, before, behind, value)
        or attributes(said, before, behind, value)
        or (any(hint in low for hint in _HINTS) and _supposes(said, behind))
    )


def _supposes(said: str, behind: str) -> bool:
    if any(pattern.search(said) for pattern in (_SUPPOSED, _WERE_IT, _SUBJECT, _MAY_BE, _TRIED)):
        return True
    if _UNREAL.search(said) or (_WOULD.search(said) and _IF_ONLY.match(behind)):
        asked = _ASKED.search(said) or _ASKED.search(behind.split(".", 1)[0][:80])
        return bool(asked or _OF_THE_ANSWER.search(said) or _NOT_SO.match(behind))
    if _UNREAL_DEED.search(said) and _NOT_SO.match(behind):
        return True
    return _SEEMS.search(said) is not None and _BUT.match(behind) is not None
