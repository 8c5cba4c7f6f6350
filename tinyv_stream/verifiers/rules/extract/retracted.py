r"""Short sentences behind an answer that take it back, call it impossible or say another value.

`\boxed{6}. Nope.`, `I misread the problem.`, `Actually, it's five.` A sentence about another case (`if n = 11, this
fails`), and one that says the same value again, leave the answer as it is.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; the letters of other scripts are meant

import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.extract.numbers import PLAIN, WORDS, size

_LEAD: Final = (
    r"^\W*(?:(?:no|wait|hmm+|oh|oops|well|sorry|actually|but|however|so|then|hold on|honestly|unfortunately|(?:up)?on (?:a )?(?:second )?\w{5,12}|after \w{5,12}"
    r"|(?:re)?check(?:ing|ed)?|for this (?:one|question|problem))\b\W*){0,5}"
)
_ALONE: Final = re.compile(
    rf"{_LEAD}(?:(?<!\w)(?:nope|no|nah|false|wrong|incorrect|not (?:true|right|correct|so)|just kidding|kidding|never ?mind|oops|my bad|(?:a )?contradiction)\b|错了?|不对|错误)\W*(?:$|!)",
    re.IGNORECASE,
)
_SAYS_NO: Final = re.compile(r"(?<![a-z])no|false|wrong|incorrect|empty|nothing|impossible|∅|错|不", re.IGNORECASE)
_FAILING: Final = (
    r"(?:fails\b|contradicts (?:the|our|what|an?) (?:assumption|hypothesis|constraint|condition|given|requirement|problem|statement|question)|violates\b"
    r"|is a contradiction|is impossible|leads to a contradiction|(?:does not|doesn't|cannot|can't) (?:satisfy|work|hold(?! (?:for|when|if|in))|check out|fit|match|add up|make sense|be (?:right|correct|true|the case)|be\W*$)|is not (?:possible|a (?:valid |correct |real )?(?:solution|answer)))"
)
_FAILS: Final = re.compile(
    rf"{_LEAD}(?:(?:this|that|it|which)(?: (?:value|answer|result))? {_FAILING}"
    r"|(?:this|that|it)['’]s (?:clearly |simply |actually |completely |all )?(?:wrong|incorrect|mistaken|false|not (?:right|correct|true|the answer))\b"
    r"|(?:the |this |our |a )?(?:verification|checks?|test|proof|substitution|sanity check)(?: of (?:this|it))? (?:fails\b(?! to)|failed\b(?! to)|does not (?:work|hold)|doesn['’]t (?:work|hold))"
    r"|we (?:reach|get|have|obtain|arrive at) a contradiction\W*$"
    r"|(?:this|that|it)(?: is|['’]s) (?:the|an) answer to (?:a different|another|the wrong) (?:question|problem)"
    r"|there (?:is|are) no (?:(?:such|real|valid|possible|integer) )?(?:solutions?|answers?)\W*$)"
    rf"|^\W*hence there (?:is|are) no (?:real |valid )?(?:solutions?|answers?)\W*$"
    rf"|^\W*(?:re)?(?:check(?:ing)?|verif\w{{1,8}})\s*:\s*\$?\d.*\b(?:this|that|it) {_FAILING}",
    re.IGNORECASE | re.DOTALL,
)
_ERRED: Final = re.compile(
    rf"{_LEAD}(?:i|we) (?:have |just |think i |seem to have )?(?:made an? (?:\w+ ){{0,2}}(?:mistake|error|slip)|misread|miscount\w*|miscalculat\w*|misunderst\w*|misinterpret\w*|messed)\b",
    re.IGNORECASE,
)
_EXCUSED: Final = re.compile(
    r"\b(?:stands|unchanged|still|(?:does not|doesn't|did not|didn't) (?:change|affect|matter)|fixed|corrected|earlier|at first|initially|originally|first (?:draft|try|attempt))\b",
    re.IGNORECASE,
)
_UNSURE: Final = re.compile(
    r"\d[\d,.]*\$? is (?:also|equally|just as|as) (?:\w+ )?(?:plausible|possible|likely|valid)\b"
    r"|^\W*(?:(?:it is|it['’]s) )?(?:one|either|any|some) of (?:these|those|them|the two)\W*$"
    r"|\bbut\b[^.\d]{0,30}\b(?:it|the answer|this) (?:might|may|could) (?:also |well )?be (?=[$\\\d]|wrong|incorrect|off\b|another|different)"
    rf"|{_LEAD}(?:i|we) (?:really |honestly )?(?:don['’]t|do not) know\W*$"
    r"|\bif you insist\b"
    r"|^\W*(?:it|this|the answer) (?:really |all )?depends(?:\W*$|[:,]| on (?:whether|if|how (?:you|we|one)|what (?:you|we|one|is meant)|the (?:interpretation|reading|convention|definition)))",
    re.IGNORECASE,
)
_UNSURE_HINTS: Final = (" is ", "of th", "but", "know", "insist", "depend")
_SAID: Final = rf"[\s*$:,]*({PLAIN}|{'|'.join(reversed(WORDS))})[\s*$.!。]*$"
_ANOTHER: Final = re.compile(
    r"(?:\b(?:it|that|this) should(?: have been| be)|\b(?:true|correct|right|actual|real) (?:value|answer|result) (?:is|should be|equals)"
    r"|^\W*(?:the )?(?:value|result|total) is"
    r"|^\W*(?:(?:so|thus|hence|therefore|then|now|but|and|consequently),? ){1,2}(?:the|our) (?:\w+ )?(?:value|result|answer) (?:is|equals|becomes|must be|comes to)(?: thus| therefore| then| hence| actually| in fact)?"
    rf"|{_LEAD}\b(?:it(?:['’]s| is))|^\W*(?:actually|just kidding|nope)\b\W*|^\W*actually\b[^=\n]{{1,80}}="
    r"|^\W*(?:therefore|thus|hence|so)\b\W*[a-z]\s*=|^\W*(?:mine|ours|my own(?: answer)?)\s*(?:is|:)"
    rf"|^[\s.$]*\*\*|^\W*(?:maybe|perhaps|possibly)\b(?: it(?:['’]s| is| should be))?){_SAID}",
    re.IGNORECASE,
)
_ENDS: Final = (*"0123456789", *WORDS)
"""What another value ends in."""
_INSTEAD: Final = re.compile(r"\s+instead\W*$", re.IGNORECASE)
_PLAIN: Final = re.compile(rf"(?:[a-z]=)?({PLAIN}|{'|'.join(reversed(WORDS))})", re.IGNORECASE)
_MOST_CHARS: Final = 300
"""A sentence longer than this is no short remark."""


def retracts(said: str, value: str, rest: str, *, other: bool) -> bool:
    """Say whether the sentence `said` behind the answer `value` takes it back. `other`: one before it has a value of its own."""
    if len(said) > _MOST_CHARS or not said.strip():
        return False
    low = said.lower()
    if (any(hint in low for hint in _UNSURE_HINTS) and _UNSURE.search(said)) or (
        not other and _ALONE.match(said) and not _SAYS_NO.search(value)
    ):
        return True
    if not other and _FAILS.search(said) and re.search(r"[1-9a-z]", value) and not _SAYS_NO.search(value):
        return True
    if _ERRED.match(said) and not _EXCUSED.search(said) and not _EXCUSED.search(rest[:_MOST_CHARS]):
        return True
    said = _INSTEAD.sub("", said) if "instead" in low[-20:] else said
    return said.rstrip(" \n*$.!。").lower().endswith(_ENDS) and _says_another(said, value)


def _says_another(said: str, value: str) -> bool:
    plain = _PLAIN.fullmatch(value)
    another = _ANOTHER.search(said) if plain else None
    return plain is not None and another is not None and _size(another[1]) != _size(plain[1])


def _size(number: str) -> Fraction | None:
    low = number.lower()
    return Fraction(WORDS.index(low)) if low in WORDS else size(low)
