r"""Other values beside a box in its sentence: cases, a choice, a part of a sum in words, and what stands in its place.

`\boxed{5} (or 6 if zero counts)` and `\boxed{5} if n is even, otherwise 6` offer two values, `the sum of \boxed{5} and
3` has the box as a part, `6 rather than \boxed{5}` decides against it. One value under a condition stays.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; the letters of other scripts are meant

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract.numbers import NUMBER, WORDS, another, in_plain

_END: Final = r"[\s$*({\\\[]*\Z"
_LEFT: Final = re.compile(
    r"(?:\b(?:rather than|instead of|as opposed to|in place of|in lieu of|in preference to|in contrast to|contrary to|compared (?:to|with)|unlike|replac(?:es|ing)|(?:choose|chose|prefer|pick|take|select|favou?r)\w* [^.;!?\n]{1,30} over"
    r"|statt|anstatt|anstelle von|und nicht|au lieu de|plutôt que|et non|en lugar de|en vez de|y no|em vez de|ao invés de|e não|invece di|e non|вместо|а не|и не|daripada)|而不是|而非|بدلا من|وليس)"
    rf"(?: (?:the|a|an|our|simply|just))?(?: (?:answer|value|result|number))?{_END}",
    re.IGNORECASE,
)
"""In front of a box: what stands before is said in its place."""
_NEXT: Final = 60
"""Characters to another box that makes a list with this one: it offers the values itself."""
_PERHAPS: Final = re.compile(
    r"(?<!or )\b(?:possibly|perhaps|maybe),? (?:(?:it|this|that|(?:the|our|my) (?:\w+ )?(?:answer|result|value|number|solution|total|sum))(?:['’]s)? ?(?:is|was|equals|could be)? ?)?"
    r"[\s$*({\\\[]*\Z",
    re.IGNORECASE,
)
_OPENS: Final = r"[\s$*)}\]\\.,;:…–—-]{0,12}"
_THEN: Final = r"(?:it(?:['’]s| is)|this is|that is|the (?:answer|value|result) is|we (?:get|have)|is it|it (?:could|may|might) (?:also )?be|maybe|perhaps|possibly|even|also|just|rather|simply)"
_SAYS: Final = rf"(?:{_THEN}[\s,:]+){{0,2}}[$\\(\[{{]*(?P<said>{NUMBER})"
_STOPS: Final = (
    r"[$)\]}\\.,;:?!\s]*(?:\Z|\n|[).;?!]|,|\b(?:if|when|for|should|depending|with|without|in|unless|otherwise|by|as)\b)"
)
_CASE: Final = r"(?:if|when|whenever|for|unless|in case|assuming|provided|as long as|where|depending|with|without)"
_CLAUSE: Final = r"[^.!?\n]{0,90}?"
_IN_WORDS: Final = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)
_OFFERED: Final = (
    re.compile(rf"{_OPENS}{_SAYS}[$)\]}}\\]*(?:,\s*{NUMBER})*,?\s+or\s+[$\\(]*{NUMBER}{_STOPS}", re.IGNORECASE),
    re.compile(
        rf"{_OPENS}for\b(?! \d){_CLAUSE},\s+(?:and )?{_SAYS}[$)\]}}\\]*\s+for\b(?! (?:each|all|every))", re.IGNORECASE
    ),
    re.compile(
        rf"{_OPENS}(?:but )?if [^.!?\n]{{1,50}}?(?:,\s+(?:then )?|\s+then )(?:(?:it|the answer|this) (?:is|would be) )?[$\\(\[{{]*(?P<said>{NUMBER})[$\\)\]}}]*\s*(?:[.;!\n]|\Z)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_OPENS}\(\s*{_SAYS}[$)\]}}\\]*\s*(?:if|when|unless|otherwise|in case|with|without)\b[^(),;\n]*\)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_OPENS}\(?\s*(?:or(?: else)?|alternatively|otherwise|else|(?:and )?(?:possibly|perhaps|maybe))[\s,:]+{_SAYS}{_STOPS}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_OPENS}(?:though|but|although|and|yet|while)\s+(?:it|this|that|the answer) (?:could|may|might) (?:\w+ )?be {_SAYS}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_OPENS}\(?(?:if|when|whenever|unless|in case|assuming|provided|as long as)\b{_CLAUSE}(?:(?<!\d )\b(?:and|but|or)\b|;)\W+{_SAYS}[$)\]}}\\]*\s*\(?(?:if|when|whenever|unless|for|otherwise|in the other|in case|with|without)\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_OPENS}\(?(?:(?P<case>for)|with(?:out)?)\b(?! \d){_CLAUSE}(?:(?<!\d )\b(?:and|but|or)\b|;)\W+{_SAYS}[$)\]}}\\]*\s*\(?(?(case)for(?! (?:each|all|every))|with(?:out)?)\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_OPENS}\(?{_CASE}\b{_CLAUSE},\s+{_SAYS}[$)\]}}\\]*\s*\(?(?:if|when|unless|otherwise)\b", re.IGNORECASE
    ),
    re.compile(
        rf"{_OPENS}\(?{_CASE}\b{_CLAUSE}(?:[;,]|\band\b|\bbut\b)\s*(?:and |but |or )?{_CASE}\b[^.;!?\n]{{1,40}}?[,:]?\s*(?:then\s+)?{_THEN}\s+[$\\(\[{{]*(?P<said>{NUMBER})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_OPENS}\(?{_CASE}\b{_CLAUSE}(?:\b(?:otherwise|else|in which case|if not)\b|\bthen(?=\W+{_THEN}))[\s,:]+{_SAYS}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_OPENS}\(?(?:and|but|while|whereas)\s+{_SAYS}[$)\]}}\\]*\s*\(?(?:if|when|whenever|unless|otherwise|in case)\b",
        re.IGNORECASE,
    ),
)
_ELSEWHERE: Final = re.compile(
    rf"{_OPENS}[（(]?\s*(?:(?:ou bien|ou|oder|o bien|oppure|o|u|или|либо|atau)\s+|(?:یا|या|বা|অথবা|或者|或是|或|还是|または|もしくは|あるいは|か|또는|혹은|أو)\s*)"
    rf"(?:vielleicht |peut-être |quizás? |tal vez |talvez |forse |может быть |mungkin |可能是?)?(?:是|为)?[$\\(\[{{]*(?P<said>{NUMBER})"
    rf"|{_OPENS}[^.!?\n。]{{0,60}}?(?:\b(?:sinon|sonst|ansonsten|andernfalls|si no|de lo contrario|altrimenti|senão|caso contrário|иначе|jika tidak|kalau tidak)\b|否则|不然|そうでなければ|아니면|وإلا|अन्यथा|অন্যথায়|ورنہ)"
    rf"[\s,:，：、]*(?:es|c['’]est|ist|é|è|это|是|为)?\s*[$\\(\[{{]*(?P<else>{NUMBER})",
    re.IGNORECASE,
)
"""A choice or a case in other languages than English."""
_MADE_OF: Final = r"(?:sum|total|product|difference|quotient|ratio|average|mean|gcd|lcm|maximum|minimum|larger|smaller|max|min|least common multiple|greatest common (?:divisor|factor)|square root|cube root)"
_OPERAND: Final = r"[$\\(\[{]*(?:-?\d[\d.,/]{0,20}|[A-Za-z]|\\(?:pi|sqrt)\b[^\s]{0,20})[$\\)\]}]*"
_PART_LAST: Final = re.compile(rf"\b{_MADE_OF} (?:of|between) {_OPERAND} and {_END}", re.IGNORECASE)
_PART_FIRST: Final = re.compile(
    rf"\b(?:(?:{_MADE_OF}|two) (?:of|between)|between|ranges? from|is from) {_END}", re.IGNORECASE
)
_AND: Final = re.compile(rf"[\s$*)}}\]\\]*(?:and|to)\s+{_OPERAND}(?!\s*\\?[fb]?box)(?:\W|\Z)", re.IGNORECASE)
_SUBJECT: Final = re.compile(
    rf"(?:\A|[\s*(])(?:(?:the|our|my) (?:[a-z]+ ){{0,5}}[a-z]+|it|this|that|[a-zA-Z]) (?:is|are|was|were|must be|will be|should be|has to be){_END}|\A\W*\Z",
    re.IGNORECASE,
)
_BOUND: Final = re.compile(
    r"[\s$*)}\]\\]*(?:or (?:more|less|fewer|greater|larger|smaller|higher|lower|above|below|under|over)\b(?! (?:generally|precisely|exactly|simply|formally|explicitly|compactly|briefly))|at (?:the )?(?:most|least|minimum|maximum)\b|and (?:up|above|below)\b)",
    re.IGNORECASE,
)
_SET_BEFORE: Final = re.compile(r"\\\{(?:[^{}$\n:|]{0,60},)?\s*\Z")
_SET_BEHIND: Final = re.compile(r"\s*(?:,\s*-?[\w\\]+(?<!box)(?!\{)[^{}$\n]{0,60})?\\\}")


def left_aside(before: str, behind: str) -> bool:
    """Say whether a box stands for what is decided against, or is a part of a value in words or of a set."""
    if _LEFT.search(before) or _PART_LAST.search(before) or (_PART_FIRST.search(before) and _AND.match(behind)):
        return True
    if "\\{" in before and (opens := _SET_BEFORE.search(before)) and (closes := _SET_BEHIND.match(behind)):
        return "," in opens[0] + closes[0]
    return _BOUND.match(behind) is not None and _SUBJECT.search(before) is not None


def offers_another(before: str, behind: str, value: str) -> bool:
    """Say whether a box is no more than one choice: behind "perhaps", or before another number than `value`."""
    if _PERHAPS.search(before) and "box" not in before + behind[:_NEXT]:
        return True
    behind = _IN_WORDS.sub(lambda word: str(WORDS.index(word[0].lower())), in_plain(behind))
    for pattern in _OFFERED:
        found = pattern.match(behind)
        if found and another(found["said"], value):
            return True
    found = _ELSEWHERE.match(behind)
    return found is not None and another(found["said"] or found["else"], value)
