r"""Judgements right behind a box: too large, no answer, only perhaps one, or what others say.

`\boxed{5} is too large` and `\boxed{5} might be the answer` say none; `\boxed{5} cannot be exceeded` and `\boxed{5} is
not divisible by 4` say something of the answer.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; an apostrophe is meant

import re
from typing import Final

_FROM: Final = r"[\s$*)}.\]\\]*(?:text\s*\{\s*)?(?:[,;—–-]?\s*(?:which|but (?:this|that|it)|and (?:this|that|it)|however,? (?:this|that|it))\s+)?"
_IT: Final = r"(?:[\s$*)}\]\\]*[.!]\s+(?:(?:but|however),? )?(?:this|that|it)\s+)"
_RIGHT: Final = (
    r"(?:(?:the|an?|our|my) (?:\w+ ){0,2}(?:answers?|values?|results?|solutions?|numbers?|totals?|sum|case|one|truth)\b"
    r"|right\b|correct\b|true\b|valid\b|possible\b|it\b(?! (?:expressed|written))|what (?:we|is)\b|so\b|ruled out|excluded|discarded|rejected|wrong\b|false\b|incorrect\b|off\b)"
)
_OTHERS: Final = r"(?:(?:most|many|some|other|careless|hasty|lazy)(?: \w+)?|(?:an?|the) (?:\w+ )?(?:reader|student|pupil|person|solver|beginner)|(?:one|you) (?:might|would|may|could))"
_JUDGED: Final = (
    re.compile(
        rf"(?:{_IT}|{_FROM})\b(?:is|are|was|seems?|looks?|appears?|feels?|(?:would|must|will|might|may|could) be|comes out|turns out)"
        r" (?:\w+ )?too (?:large|big|small|low|high|many|few|much|little|short|long|great|good|easy|simple|far|wide|narrow|heavy|light|old|young|fast|slow|late|early|\w+ly)\b(?! to (?!be (?:right|correct|true|the)\b))",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_FROM}\b(?:can(?:not| not|['’]t)|could(?: not|n['’]t)|can never|may not|might not|must not|need not|should(?: not|n['’]t)|would(?: not|n['’]t)|won['’]t|will not) (?:\w+ )?be {_RIGHT}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_FROM}\b(?:might|may|could|can|would) (?:well |perhaps |possibly |also |still |even |then |only |indeed |equally )?(?:be {_RIGHT}|work\b(?! out))(?! (?:obtained|found|seen|derived|had))"
        r"(?!(?<=my answer)[.\s]*\Z)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_FROM}\b(?:(?:isn|aren|wasn)['’]t (?!only|divisible|a multiple|further|affected|changed|surprising|unexpected|hard|difficult|a coincidence)"
        r"|(?:seems?|looks?|appears?|feels?|sounds?) (?:to be )?(?:\w+ )?(?:wrong|incorrect|false|off|suspicious|strange|weird|implausible|unlikely|impossible|unreasonable|doubtful|absurd)\b"
        r"|(?:must|has to|have to|should|will) be (?:\w+ )?(?:wrong|incorrect|false|off|a mistake|an error)\b|is (?:an? |the )?(?:\w+ )?(?:trap|mistake|error of|wrong|misconception)\b)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_FROM}\b(?:is|was|are) (?:what|the (?:\w+ )?(?:answer|value|result|number)(?: that| which)?) {_OTHERS} (?:\w+ )?(?:answer|give|say|write|get|guess|think|choose|gets|gives|says|writes|answers|pick|expect|would)\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_FROM}\b(?:is|was) (?:only |just )?(?:an?|the|one) (?:naive|naïve|tempting|popular|hasty|plausible|possible|likely|potential|candidate|old|previous|earlier|rejected|discarded|supposed|alleged)(?: (?:but )?\w+){{0,2}}? ?(?:answer|value|result|guess|choice|solution|candidate)\b",
        re.IGNORECASE,
    ),
)
_PARTIAL: Final = re.compile(
    r"[\s$*)}\]\\]*\b(?:is|was) (?:only |just |merely )?(?:(?:half|twice|double|part|a part|a third|one third) (?:of )?the (?:\w+ )?(?:answer|total|result|value)\b|(?:an?|one) (?:\w+ )?step (?:on|to|in|towards)\b"
    r"|(?:one|the first|two|some) of (?:the )?(?:\w+ )?(?:answers|solutions|values|roots|possibilities|candidates)\b)",
    re.IGNORECASE,
)
_SAID_OF_IT: Final = re.compile(
    r"\W*(?:(?:but|however|hmm|well),? )?(?:this|that|it|which) (?:(?:is|seems|looks|appears) (?:\w+ )?too (?:large|big|small|low|high|many|few|much|little)\b(?! to)"
    r"|(?:might|may|could) (?:well |also )?be (?:wrong|incorrect|false|off)\b|(?:cannot|can['’]t|could not|couldn['’]t) (?:\w+ )?be (?:right|correct|true|the (?:\w+ )?answer)\b)"
    r"|\W*I (?:\w+ )?doubt (?:it|this|that)\b",
    re.IGNORECASE,
)
"""A sentence or a clause behind an answer that judges it."""
_ELSEWHERE: Final = re.compile(
    r"[\s$*)}.\]\\]*(?:[^\W\d_]{1,12}\s)?(?:zu (?:groß|klein|viel|wenig|hoch|niedrig)|trop (?:grand|petit|élevé|faible|peu)|demasiad[oa]s? ?(?:grande|pequeñ[oa]|alt[oa]|baj[oa])?|muito (?:grande|pequen[oa])|grande demais"
    r"|pequen[oa] demais|tropp[oai] (?:grande|piccol[oa])|слишком (?:велик|мал|больш|мног)|太(?:大|小|多|少)|(?:は|が)?(?:大き|小さ|多)すぎ|(?:은|는)? ?너무 (?:크|작|많)|كبير جدا|صغير جدا|बहुत (?:बड़ा|छोटा)|terlalu (?:besar|kecil))"
    r"|[\s$*)}.\]\\]*(?:kann nicht (?:die|richtig|stimmen)|ne peut pas être (?:la|correct|juste)|no puede ser (?:la|correct)|não pode ser (?:a |corret)|non può essere (?:la|corrett|giust)|не может быть (?:ответ|правильн|верн)|不可能是(?:答案|正确)|tidak mungkin (?:jawaban|benar))",
    re.IGNORECASE,
)
"""The same in other languages."""
_HINTS: Final = ("too", "misconc", "error of", "n't", "n’t", "seem", "look", "appear", "feel", "sound", "trap", "mistake", "can", "could", "may", "might", "must", "need", "should", "would", "won", "will", "what", "that", "answer", "value", "result", "number", "guess", "choice", "solution", "candidate")  # fmt: skip


def judges(behind: str) -> bool:
    """Say whether what follows a box calls its value none, or no more than a possible one."""
    low = behind.lower()
    english = any(hint in low for hint in _HINTS) and any(pattern.match(behind) for pattern in _JUDGED)
    return english or (_ELSEWHERE.match(behind) or _PARTIAL.match(behind)) is not None


def doubts(text: str) -> bool:
    """Say whether a text that follows an answer begins with a judgement of it."""
    return _SAID_OF_IT.match(text) is not None
