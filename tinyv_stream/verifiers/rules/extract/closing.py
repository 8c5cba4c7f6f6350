"""Value of a sentence that marks nothing: its one value, behind its verb, as its only formula or alone in bold.

- `stated` reads one sentence, `last_stated` the end of a text.
- A sentence that denies, doubts or compares states no value. One that was cut off in its middle does not, either.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; the letters of other scripts are meant

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract import statement
from tinyv_stream.verifiers.rules.extract.keyed import names_no_answer
from tinyv_stream.verifiers.rules.extract.words import BY_NAME, LANGUAGES, Language, whole

_TAIL_CHARS: Final = 3_000
_SENTENCES: Final = 3
_LEAD: Final = re.compile(
    r"(?:[\s*_>#]|- )*(?:(?:so|hence|thus|therefore|then|finally|and|in (?:conclusion|total|summary)|all in all|consequently|as a "
    r"result|it follows that|we (?:conclude|see|find|have|get|obtain)(?: that)?|altogether|overall|this (?:gives|leaves|means"
    r")(?: that)?|now|but|因此|所以|故|(?:result|final value|solution|conclusion|summary|total|output|qed|résultat|solución|solução|soluzione|resultado|risultato|lösung|hasil|итог|решение)(?=\s*:)|(?:结果|最终结果|解|結果|결과|परिणाम|النتيجة|الناتج|الحل|ফলাফল|نتیجہ)(?=\s*[:：])|[∴⇒⟹]|=>|综上所述|したがって|よって|ゆえに|以上より|also|damit|por lo tanto|donc|portanto|logo"
    r"|следовательно|таким образом|итак)\b[\s,:，、：]*)*",
    re.IGNORECASE,
)
_ENGLISH: Final = r"(?<![^\W\d_])(?:is|are|equals|equal to|be|gives?|get|obtain|yields?|becomes?|(?:comes?|came) (?:out )?(?:to|as)|amounts? to|totals|find)(?![^\W\d_])"
_OTHERS: Final = (
    r"等于|(?<=[果值数积])[是为]|рав(?:ен|н[оаы])|составляет|(?<![^\W\d_])(?:ist|sind|beträgt|lautet)(?![^\W\d_])|は"
)
_VERB: Final = re.compile(
    "|".join(
        [
            _ENGLISH,
            *(whole(row, row.copula) for row in LANGUAGES if row.spaced and row.name not in {"en", "ru", "de"}),
            _OTHERS,
        ]
    ),
    re.IGNORECASE,
)
_ADVERBS: Final = re.compile(
    r"\s*(?:(?:therefore|thus|then|hence|exactly|simply|just|only|precisely|either)\b[\s,:]*)*[\s:,*_]*", re.IGNORECASE
)
_COMPARES: Final = re.compile(
    r"大于|小于|超过|至少|至多|больше|меньше|более|менее|(?<![^\W\d_])(?:mayor|menor|más|menos|supérieure?|inférieure?|größer|kleiner|maior|lebih|kurang|maggiore|minore|tal ?vez|quizás?|peut-être|vielleicht|возможно)(?![^\W\d_])|可能|也许|शायद|अधिक|أكبر|أصغر|ربما|より大き|より小さ|かもしれ|보다|"
    r"\b(?:not|no|never|neither|nor|false|wrong|incorrect|differs?|different|exceeds?|less|fewer|more|greater|larger|smaller|"
    r"above|below|under|over|between|except|unless|twice|half|almost|nearly|could|might|may|maybe|perhaps|possibly|either|or|"
    r"would|cannot|if)\b|n't|不|没|ではな|ない|nicht|ليس|नहीं|(?<![^\W\d_])(?:не|não|pas|sino)(?![^\W\d_])",
    re.IGNORECASE,
)
_DENIES: Final = re.compile(
    r"\b(?:not|never|neither|false|impossible|excluded|rejected|isn't|aren't|cannot|nor)\b|n't\b|不是|并非|ではな|ではあり|nicht|ليس|नहीं|(?<![^\W\d_])(?:не|não|n'est pas|no es)(?![^\W\d_])",
    re.IGNORECASE,
)
_UNDECIDED: Final = re.compile(
    r"\b(?:cannot|can't|can not|could not|couldn't|unable to|not able to|unsure|do not know|don't know|not sure|no idea|not certain|doubt|nobody knows|no one knows|unknown whether)"
    r"|\bcannot be right\b|\b(?:it|this|that|answer) (?:could|might|may) be\b|\beither of (?:the|them|these)\b|\bI give up\b|\bwhether\b|\b(?:wrong|incorrect) (?:answer|value|result)\b|^\W*(?:let|suppose|assume|imagine)\b",
    re.IGNORECASE,
)
_CUT_OFF: Final = re.compile(
    r"(?:\b(?:is|are|the|of|to|and|or|so|that|which|an?|for|with|by|we|then|therefore|hence|thus|because|where|but|if|as|in|from"
    r"|be|get|this|than|have|second|first|next)|[=,:+*/(\-])\s*$",
    re.IGNORECASE,
)
_MEASURED: Final = re.compile(
    r"\b(?:has|have|had|needs?|needed|takes?|took|costs?|makes?|made|earn(?:s|ed)?|gets?|got|pa(?:ys?|id)|receive[sd]?|contains?"
    r"|(?:increas|decreas|ris|fall|drop|grow|chang|reduc)\w{1,3}\s+by|gives?|requires?|spen[dt]s?|sells?|sold|travel(?:s|ed|led)?|weighs?|lasts?|of|saves?|saved|buys?|bought|uses?|used|after)\s+"
    r"(?:(?:a|an) (?:total|profit|loss|sum) of |exactly |only |at )?((?:[$€£¥₹]|\\\$)?\s?\d[\d,.]*(?:\s+[A-Za-z%°/]+){0,3})[\s.*]*$",
    re.IGNORECASE,
)
_BOLD: Final = re.compile(r"\*\*([^*\n]{1,60})\*\*")
_CONDITION: Final = re.compile(r"\bif\b", re.IGNORECASE)
_CONCLUDES: Final = re.compile(r"[;,]\s+(?:and\s+)?(?:hence|thus|therefore|so)\b[\s,]*", re.IGNORECASE)
_WORDS_EQUAL: Final = re.compile(r"[\s*]*(?:[A-Za-z]+\s+)*[A-Za-z]{4,}\s*=\s*([^=]+)")
_POLITE: Final = re.compile(
    r"\W*(?:i hope (?:it|this|that)|hope (?:it|this|that)|let me know|feel free|please (?:let|feel)|thank you|thanks for|good luck|happy to)\b",
    re.IGNORECASE,
)
"""A sentence that says nothing of the answer."""
_SIGN_OFF: Final = re.compile(r"\W*(?:q\.?e\.?d|done|end)?\W*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d[\d,.]*")
_WHICH: Final = re.compile(r"\s+(?:that|which|who|satisfying|meeting)\s[^\d$\\]*$", re.IGNORECASE)
_NAMES_IT: Final = re.compile(
    r"\s+(?:what we|what was|our|the (?:answer|solution|result|value|number) (?:we|that|asked|required|sought))\b",
    re.IGNORECASE,
)
_HEDGED: Final = re.compile(
    r"\b(?:would|could|might|may|perhaps|maybe|possibly|probably|supposedly|allegedly|claim\w*|thinks?|thought|guess\w*|believe\w*"
    r"|expect\w*|hoped?|wanted|says?|said|seems?|unless|unlikely|likely)\b",
    re.IGNORECASE,
)
_IS_ANSWER: Final = re.compile(
    rf"(?:[^\W\d_]{{1,5}}\s+){{0,2}}(?:{'|'.join(row.noun for row in LANGUAGES if row.spaced and row.name not in {'en', 'de'})}|antwort)",
    re.IGNORECASE,
)
_VERB_FIRST: Final = re.compile(
    r"^(?:der|die|das|unser|unsere)\s+(?:[^\W\d_]+\s+){0,2}[^\W\d_]+\s+(\$[^$]+\$|-?\d[\d.,/]*)$", re.IGNORECASE
)
_PLAIN: Final = re.compile(r"[-+]?[\d.,/]*\d")
_NOUN_BEHIND: Final = re.compile(
    r"\s+(?!(?:is|are|was|holds?|works|solves|satisfies|describes|and|as|which|because|since|for|only|has|gives)\b)[^\W\d_]{2,}"
)
_RATIO: Final = re.compile(r"[\d.]+(?:\s*:\s*[\d.]+)+")
_NAMES_RATIO: Final = re.compile(r":|\bto\b")
_OBJECT: Final = re.compile(r"\{\s*[\"'][^{}]*\}(?=[\s`]*$)")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_ENDED: Final = re.compile(r"[.。।!?？؟:)\]}$*`>|]\s*$|\\\]\s*$")


def stated(said: str, language: Language, *, alone: bool = True) -> str:
    """Return the value that a sentence states; empty where it states none, or may state several.

    `alone`: without a verb its only formula counts, too.
    """
    said = "" if len(_CONDITION.findall(said)) > 1 else said
    said = said[_last_conclusion(said) :]
    lead = _LEAD.match(said)
    said = said[lead.end() :] if lead else said
    plain = statement.masked(said)
    verbs = list(_VERB.finditer(plain))
    for verb in reversed(verbs[-6:]):
        adverbs = _ADVERBS.match(plain, verb.end())
        content = said[adverbs.end() if adverbs else verb.end() :]
        found = _VERB_FIRST.sub(r"\1", _behind_colon(statement.value(_WHICH.sub("", content), language)))
        if _DENIES.search(plain[: verb.start()]):
            return ""
        if _IS_ANSWER.fullmatch(found):
            return last_value(said[: verb.start()])
        if found and statement.is_value(found) and not _only_words(found):
            if _RATIO.search(found) and not (
                _RATIO.fullmatch(found) and not _NAMES_RATIO.search(plain[: verb.start()])
            ):
                return statement.tidy(said)
            return "" if re.search(r"[\d\x00]", _between(plain, verbs, verb)) else found
        if not found and statement.is_value(content):
            return ""
    subject = said[: verbs[0].start()].strip() if verbs and _NAMES_IT.match(plain, verbs[0].end()) else ""
    return statement.tidy(subject) if _PLAIN.fullmatch(subject) else _lone_value(said, plain) if alone else ""


def last_stated(text: str) -> str:
    """Return the value that the end of a text states; empty where it is undecided, cut off, or states none."""
    tail = text[-_TAIL_CHARS:].rstrip()
    said = _sentences(tail)
    if tail.rstrip("` \n").endswith("}") and (last := _OBJECT.search(tail, tail.rfind("{"))):
        return "" if names_no_answer(last[0]) else last[0]
    if len(said) == 1 and not _WORD.search(statement.masked(said[0])):
        return statement.tidy(said[0])
    if said and not _ENDED.search(tail) and not _SIGN_OFF.fullmatch(said[-1]):
        found = "" if _UNDECIDED.search(statement.masked(said[-1])) else _decided(said[-1])
        if found is None and len(said) == 1 and len(said[-1].split()) <= 6 and not _CUT_OFF.search(said[-1]):
            return statement.tidy(said[-1])
        return found or ""
    for one in reversed(said[-_SENTENCES:]):
        found = "" if _UNDECIDED.search(statement.masked(one)) else _decided(one)
        if found is not None:
            return found
    lead = _LEAD.match(said[-1]) if said else None
    return statement.tidy(said[-1][lead.end() :]) if lead and lead.end() and len(said[-1]) < 400 else ""


def _decided(said: str) -> str | None:
    """Return what a sentence decides: a value, or empty where it denies or compares one; None where it has none."""
    plain = statement.masked(said)
    if _DENIES.search(plain) and statement.is_value(said):
        return statement.value(said, _language(said), denied=True)
    verb = _VERB.search(plain)
    if _HEDGED.search(plain[: verb.start()] if verb else plain):
        return statement.tidy(said)  # as a whole: what is held back is not for a program to take as said
    return (
        stated(said, _language(said))
        or _emphasised(said, plain)
        or ("" if _COMPARES.search(plain) and statement.is_value(said) else None)
    )


def _emphasised(said: str, plain: str) -> str:
    """Return the one value in bold of a sentence that neither compares nor denies; a label in bold is none."""
    bold = [part for part in _BOLD.findall(said) if not part.rstrip().endswith((":", "："))]
    if len(bold) != 1 or not any(char.isdigit() for char in bold[0]) or _COMPARES.search(plain):
        return ""
    return statement.tidy(bold[0])


def _last_conclusion(said: str) -> int:
    """Return where `; hence the area is 14` begins in a sentence, 0 where there is no such part."""
    parts = list(_CONCLUDES.finditer(statement.masked(said)))
    return parts[-1].end() if parts and statement.is_value(said[parts[-1].end() :]) else 0


def _between(plain: str, verbs: list[re.Match[str]], verb: re.Match[str]) -> str:
    """Return what stands between the verb before and what belongs to this one: a value there makes two statements."""
    earlier = [other for other in verbs if other.end() <= verb.start()]
    if not earlier:
        return ""
    part = plain[earlier[-1].end() : verb.start()]
    return part if re.search(r"[;]|\band\b", part) else ""


def _only_words(found: str) -> bool:
    return len(_WORD.findall(statement.masked(found))) > 6 and not statement.formulas(found)


def _lone_value(said: str, plain: str) -> str:
    """Return the only formula or measured number of a sentence without a verb that says `equals`."""
    if _COMPARES.search(plain):
        return ""
    if equation := _WORDS_EQUAL.fullmatch(said):
        return statement.tidy(equation[1])
    found = list(dict.fromkeys(statement.formulas(said)))
    if len(found) == 1 and not _NUMBER.search(plain):
        rest = said[said.index(found[0]) + len(found[0]) :]
        # a word behind a plain number may be a part of it: `$42$ thousand`
        counted = _PLAIN.fullmatch(statement.tidy(found[0])) and _NOUN_BEHIND.match(rest)
        return statement.tidy(f"{found[0]}{rest}" if counted else found[0])
    if not found and len(_NUMBER.findall(plain)) == 1 and (measured := _MEASURED.search(plain)):
        return statement.tidy(measured[1])
    return "" if _WORD.search(plain) or not statement.is_value(said) else statement.tidy(said)


def _behind_colon(found: str) -> str:
    """Return the formula that ends `a zero matrix: $...$`."""
    head, colon, rest = statement.masked(found).rpartition(": ")
    return statement.tidy(found[len(head) + 2 :]) if colon and re.fullmatch(r"[\x00\s.*]+", rest) else found


def compares(text: str) -> bool:
    """Say whether a text holds a word that compares, denies or offers a choice."""
    return _COMPARES.search(statement.masked(text)) is not None


def denies(plain: str) -> bool:
    """Say whether a text without its formulas denies something."""
    return _DENIES.search(plain) is not None


def last_value(before: str) -> str:
    """Return the last formula of a text, or the short value that it is."""
    found = statement.formulas(before)
    if found:
        return statement.tidy(found[-1])
    lead = _LEAD.match(before)
    rest = statement.tidy(before[lead.end() :] if lead else before)
    return rest if statement.is_value(rest) and len(rest.split()) <= 4 else ""


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    pos = 0
    while pos < len(text):
        said, end, asks = statement.sentence(text, pos)
        if said.strip() and not asks and not _POLITE.match(said):
            found.append(said.strip().lstrip("> "))
        if end <= pos:
            break
        pos = end
    return found


def _language(said: str) -> Language:
    """Return the language whose letters a sentence is written in; English where that cannot be told."""
    for name, letters in (("ja", r"[\u3040-\u30ff]"), ("zh", r"[\u4e00-\u9fff]"), ("ru", r"[\u0400-\u04ff]"),
                          ("ar", r"[\u0600-\u06ff]"), ("hi", r"[\u0900-\u097f]"), ("ko", r"[\uac00-\ud7af]")):  # fmt: skip
        if re.search(letters, said):
            return BY_NAME[name]
    return BY_NAME["en"]
