r"""Withdrawal of an answer by the text behind it, and the value that the text puts in its place.

`\boxed{41}. Sorry, that is wrong: it should be 42.` gives 42: a correction ends its line in one value, and says nothing else.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; the letters of other scripts are meant

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract import statement
from tinyv_stream.verifiers.rules.extract.continued import comes_to_another
from tinyv_stream.verifiers.rules.extract.judged import doubts
from tinyv_stream.verifiers.rules.extract.numbers import size
from tinyv_stream.verifiers.rules.extract.retracted import retracts

_WITHDRAWN: Final = re.compile(
    r"\b(?:this|that|it|which|(?:this|that|the|my) (?:(?:above|last|previous|boxed|final) )?(?:box|answer|value|result))\b"
    r"(?: above| in the box)? (?:is|was|are|seems?|must be|cannot be|can't be|isn't) "
    r"(?:clearly |simply |actually |completely )?(?:wrong|incorrect|mistaken|not (?:right|correct|the answer)|false|right\b)"
    r"|\b(?:ignore|disregard|retract|withdraw|scratch|forget) (?:(?:this|that)\b|(?:the|my) (?:\w+ )?(?:above|box|answer|value|result|work|solution|line|number|calculation|attempt)\b)"
    r"|\b(?:do not|don't|cannot|can't) (?:trust|stand by|give an answer|give a final|decide|determine|settle)\b"
    r"|\bI(?:'m| am) (?:not (?:sure|certain)|unsure|in doubt) (?:whether|if|that|about) (?:this|that|it|the (?:answer|value|result))\b"
    r"|\bcannot give\b|\bnot able to (?:give|decide|settle|finish)\b|\bI (?:was|am) wrong\b|\bI take (?:it|that|this) back\b",
    re.IGNORECASE,
)
_OTHER_SAID: Final = re.compile(
    r"[\s)\]}$*.;,!]*(?:correction|edit|erratum|update)\s*:|[\s)\]}$*.;,!]*(?:actually,? no\b|oops\b)"
    r"|[\s)\]}$*.;,!]*(?:sorry|no|no,? wait|wait)\b[,.:]?\s*(?:(?:it|the answer|that|this)(?:'s| is| was| should be)\s*)?[$\\({\[-]*\d"
    r"|[\s)\]}$*.;,!]*i mean(?:t)?:?\s+[$\\({\[-]*\d|[\s)\]}$*.;,!]*\(but if\b",
    re.IGNORECASE,
)
"""`12. Sorry, it is 13.`"""
_REJECTED: Final = re.compile(
    r"\b(?:this|that|it|the (?:answer|value|result)|[a-z]\s*=\s*\S{1,20}|-?\d[\d.,]*) (?:must|has to|should) be "
    r"(?:rejected|discarded|excluded|thrown out)\b",
    re.IGNORECASE,
)
_OR_SAID: Final = re.compile(
    r"[\s)\]}$*.;,!]*or\s+(?:maybe\s+|perhaps\s+|possibly\s+)?[$\\({\[]*(-?\d[\d,]*(?:\.\d+|/\d+)?)", re.IGNORECASE
)
_GUESSED: Final = re.compile(
    r"\b(?:it|this|that|the answer) (?:could|might|may) (?:also|as well|equally|instead) be\b(?! (?:written|seen|found|expressed|checked|shown|stated))"
    r"|\balternatively,? (?:it|the answer)\b|\banother (?:possible |valid |likely )?(?:answer|candidate|guess) (?:is|would be|could be)\b",
    re.IGNORECASE,
)
"""A second guess beside the answer."""
_ELSEWHERE: Final = re.compile(
    r"^\W*(?:(?:但是?|不过|等等|等一下|pero|mais|aber|mas|но|ma|لكن)\W+|但是?|不过)?(?:"
    r"(?:这个?(?:答案|结果)?|那|以上|答案)(?:是|算)?(?:错误?的?|不对的?|不正确的?|有误)|(?:esto|eso|esta respuesta|la respuesta|este resultado) (?:está mal|es (?:incorrect[oa]|fals[oa]|erróne[oa])|no es (?:correct[oa]|la respuesta))"
    r"|(?:c'est|c’est|ceci est|cela est|cette réponse est) (?:faux|fausse|incorrecte?|erronée?)|ce n'est pas (?:correct|juste|la réponse)"
    r"|(?:هذا|هذه|الجواب|الإجابة) (?:خطأ|خاطئ|خاطئة|غير صحيح|غير صحيحة)|(?:isso|isto|esta resposta|a resposta) (?:está (?:errad[oa]|incorret[oa])|não está (?:certo|correto))"
    r"|(?:это|этот ответ|ответ) (?:неверно|неправильно|неверный|ошибка|не верно|не так)|(?:das|dies|diese antwort) ist (?:falsch|nicht (?:richtig|korrekt)|inkorrekt)"
    r"|(?:यह|ये|उत्तर) (?:उत्तर )?(?:गलत|सही नहीं)|(?:এটি|এটা|উত্তরটি) (?:ভুল|সঠিক নয়)|(?:یہ|جواب) (?:جواب )?(?:غلط|درست نہیں)"
    r"|(?:これ|それ|この答え)は(?:間違い|間違って|誤り|正しくない)|(?:이것|이|그)(?:은|는| 답은) (?:틀|잘못|오답)|(?:itu|ini) (?:salah|keliru|tidak benar)|(?:è|questo è|questa risposta è) (?:sbagliat[oa]|fals[oa]|errat[oa]))",
    re.IGNORECASE,
)
"""A sentence that withdraws, in other languages than English."""
_CORRECTED: Final = re.compile(
    r"[\s.…,;:!*)$\]}—–。，、！-]*"
    r"(?:(?:hmm+|wait|oops|oh|no|sorry|actually|correction|corrected|edit|scratch that|hold on|just kidding|nope|(?:that|this|it)(?:'s| is| was) (?:wrong|incorrect|not right|a mistake)"
    r"|不对|等等|更正|perdón|corrección|pardon|correction|désolé|perdão|correção|нет|поправка|исправление|nein|korrektur|halt)(?![^\W\d_])[\s,.:;!…—–*，。、！-]*){1,4}"
    r"(?:(?:so |but |and )?(?:it|that|this|the (?:answer|result|value|total))(?:'s| is| should be| must be| equals)|should be|make that|i meant?|应该是|应为)?[\s:*]*"
    r"(\$[^$\n]{1,200}\$|\\\([^\n]{1,200}?\\\)|\(?[A-E]\)?(?=[\s.!]*(?:\n|\Z))|[-+]?\d[\d,]*(?:\.\d+)?(?:/\d+)?)[\s.!。*]*(?:\n|\Z)",
    re.IGNORECASE,
)
_CORRECTED_LATER: Final = re.compile(
    r"[\s.…,;:!*)$\]}—–-]*(?:(?:so )?(?:sorry|oops|wait|hmm+|actually|no|correction|apologies|unfortunately)\b[^\n.!?]{0,120}"
    r"|(?:i|we) (?:have |just )?(?:made an? (?:\w+ )?(?:mistake|error|slip)|mis\w+|forgot|used the wrong|overlooked)\b[^\n.!?]{0,120}"
    r"|(?:this|that|it) (?:is|was) (?:wrong|incorrect|off|not right|a mistake)\b[^\n.!?]{0,120})[.!:]\s+"
    r"(?:(?:so|but|and|therefore|hence|instead),? )?(?:it|this|that|the (?:\w+ )?(?:answer|result|value|total|sum))(?: should(?: instead| actually)? be| must be| should have been|['’]s| is(?: actually)?)[\s:*]*"
    r"(\$[^$\n]{1,200}\$|\\\([^\n]{1,200}?\\\)|[-+]?\d[\d,]*(?:\.\d+)?(?:/\d+)?)[\s.!*]*(?:\n|$)",
    re.IGNORECASE,
)
"""The same behind a sentence that says what went wrong."""
_NAMED: Final = re.compile(
    r"\b(?:box|answer|value|result|ignore|disregard|retract|withdraw|scratch|forget|trust|stand|give|decide|determine|settle|finish|i)\b",
    re.IGNORECASE,
)
_PRONOUN: Final = re.compile(
    r"\W*(?:(?:no|wait|hmm+|oh|oops|sorry|actually|but|however|hold on)\b\W*)*(?:this|that|it|which)\b", re.IGNORECASE
)
_GOES_ON: Final = re.compile(
    r"\W*(?:is|was) (?:not|wrong|incorrect|false)\b(?! (?:only|divisible|a multiple|further|affected|changed|surprising|unexpected|hard|difficult|a coincidence|needed)\b)",
    re.IGNORECASE,
)
_STANDS: Final = re.compile(r"\b(?:is|was) right\b", re.IGNORECASE)
_DOUBTS: Final = re.compile(r"\b(?:whether|if)\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d[\d,.]*")
_NEAR: Final = 300
_MOST_CHARS: Final = 4_000
_MOST: Final = 40
"""Sentences that are looked at."""


def guesses_again(text: str) -> bool:
    """Say whether a text has a second guess beside its answer."""
    return _GUESSED.search(text) is not None or doubts(text[text.rfind(", which ") :] if ", which " in text else "")


def corrected(text: str) -> str:
    """Return the one value that `text`, which follows an answer, puts in its place; empty where it does not."""
    found = _CORRECTED.match(text[:_NEAR]) or _CORRECTED_LATER.match(text[:_NEAR])
    if found is None or found.end() == _NEAR < len(text):
        return ""  # a value that is cut off is none
    return statement.tidy(found[1])


def taken_back(text: str, value: str) -> bool:
    """Say whether `text`, which follows an answer, withdraws it. What answers a question of its own does not."""
    text = text[:_MOST_CHARS]
    if (
        _GOES_ON.match(text)
        or _OTHER_SAID.match(text)
        or doubts(text)
        or _or_another(text, value)
        or comes_to_another(text, value)
    ):
        return True
    asked = other = False
    pos = 0
    bare = re.sub(r"[\s$*]", "", value)
    for _ in range(_MOST):
        said, pos, asks = statement.sentence(text, pos)
        if not said.strip() and pos >= len(text.rstrip()):
            return False
        if _GUESSED.search(said) or (not asks and not asked and not other and _ELSEWHERE.match(said)):
            return True
        if not asks and not asked:
            if retracts(said, bare, text[pos:], other=other) or _withdraws(said, other=other):
                return True
            denied = re.search(r"\bis not\b(.*)", said, re.DOTALL)
            if denied and bare and re.sub(r"[\s$*.]", "", denied[1]) == bare:
                return True
        asked = asks
        other = other or _NUMBER.search(said) is not None
    return False


def _or_another(text: str, value: str) -> bool:
    choice = _OR_SAID.match(text)
    return choice is not None and (size(value) is None or size(choice[1]) != size(value))


def _withdraws(said: str, *, other: bool) -> bool:
    if _REJECTED.search(said):
        return True
    withdrawn = _WITHDRAWN.search(said)
    if not withdrawn or not (_NAMED.search(withdrawn[0]) or (_PRONOUN.match(said) and not other)):
        return False
    return _DOUBTS.search(withdrawn[0]) is not None or not _STANDS.search(said)
