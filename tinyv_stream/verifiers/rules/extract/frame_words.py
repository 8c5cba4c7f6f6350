r"""Words and signs right around a box that take its value back, or make it a part of another one.

A box that is denied (`nicht \boxed{5}`), struck out (`~~\boxed{5}~~`) or called a mistake is none; one inside of a
fraction, a root or behind a function says no value of its own; `\boxed{5} million` and `half of \boxed{5}` are more
than the box.
"""
# ruff: noqa: E501, RUF001 one alternation is one line; the letters of other scripts are meant

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract.bounded import relation

_END: Final = r"[\s$*({\\\[]*$"
_BEFORE: Final = (
    re.compile(
        r"(?:\\neq?(?![A-Za-z])|≠|\b(?:not|never|cannot be|can't be|isn't|aren't|neither|nor)\b"
        r"(?:\s+(?:equal to|be|is|the (?:answer|value)|simply|just))*)" + _END,
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:(?<![^\W\d_])(?:nicht|kein|keine|no es|no son|non è|non e'|não é|não|n'est pas|n’est pas|ce n'est pas|pas|не|niet|geen|inte|ikke|nie jest|to nie|nie|bukan|không phải là|không phải)"
        r"|不是|并非|不等于|ليس|ليست|ไม่ใช่)" + _END,
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<!who )(?<!that )(?<!which )\b(?:do|does|did|would|should|could|can|must)(?: not|n't)\s+(?:\w+\s+)?(?:think|believe|say|claim|answer|write|choose|put|pick|accept|take|trust)\b[^.;:\n]{0,40}\Z",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:false|wrong|mistake|incorrect|untrue|a lie) (?:that|to)\b[^.;:\n]{0,50}\Z", re.IGNORECASE),
    re.compile(
        r"\b(?:(?:wrong|incorrect|false|mistaken) (?:answer|value|result|guess|choice|mistake|error)|common (?:answer|guess|mistake))s? (?:is|was|are|were|would be)"
        + _END,
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:anything but|everything but|all but|other than|differs? from|different from)" + _END, re.IGNORECASE
    ),
    re.compile(r"\b(?:unclear|unknown|doubt|uncertain|unsure|wonder) (?:whether|if)\b[^.;:\n]{0,40}\Z", re.IGNORECASE),
    re.compile(r"(?:<(?:del|s|strike)>|\\(?:x|b|h)?cancel\s*\{|\\sout\s*\{|\\st\s*\{|<!--[^>]*)" + _END, re.IGNORECASE),
    re.compile(r"(?:^|\n)\s*%" + _END),
    re.compile(
        r"\b(?:(?:everything|anything|nothing|all) except(?: for)?|hardly|unlikely to be|far from|nothing like|never would (?:i|we) say|(?:cannot|can't|can not) (?:possibly|ever) be|(?:it|this|that|the answer) (?:may|might|could) (?:well |also )?be)"
        + _END,
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:\bno way (?:that )?|\bI (?:\w+ )?doubt (?:that )?|\bimpossible that )(?:it|this|that|the (?:answer|value|result)) (?:is|was|could be|can be)"
        + _END,
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:mistake|error) (?:is|would be|was) (?:to )?(?:answer|answering|write|writing|say|saying|give|giving|get|getting|take|taking)"
        + _END,
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:wrongly|mistakenly|incorrectly|erroneously|tempting to|tempted to) (?:answer|say|get|write|give|conclude|claim|think|guess|pick|choose)"
        + _END,
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:rul(?:e[sd]?|ing) out|exclud(?:e[sd]?|ing)|discard(?:s|ed|ing)?|eliminat(?:e[sd]?|ing)|reject(?:s|ed|ing)?"
        r"|(?:all|every|any|no|none)\b[^.;:\n]{0,40}\b(?:but|except)(?: those| the ones)?(?: in)?|\bno \w+ lies? in)"
        + _END,
        re.IGNORECASE,
    ),
    re.compile(r"\\[vh]?phantom\s*\{\s*$"),
)
_BEHIND: Final = (
    re.compile(
        r"[\s$*)}.\]\\]*(?:text\s*\{\s*)?\b(?:are\s+not (?:the|right|correct|valid|allowed|possible|an?|answers?|solutions?|acceptable|permitted|real|it)\b|(?:is|was|are(?!\s+not))\s+(?:not(?! (?:only|divisible|a multiple|further|affected|changed|surprising|unexpected|hard|difficult|a coincidence|needed)\b)|wrong|incorrect|impossible|ruled out|excluded|discarded|extraneous|rejected|invalid|false|no solution)\b)",
        re.IGNORECASE,
    ),
    re.compile(
        r"[\s$*)}.\]\\]*\b(?:does(?: not|n't)(?! (?:depend|matter|change))|(?:do|did)(?: not|n't) (?:\w+ )?(?:satisf|work|hold|fit|match|check|solve|make sense|add up|agree|obey|appear|count|belong|lie|yield|give)|fails?\b(?! to))",
        re.IGNORECASE,
    ),
    re.compile(
        r"[\s$*)}.\]\\]*(?:(?:ist|sind|war) (?:falsch|nicht|inkorrekt)|(?:es|está) (?:incorrect[oa]|mal|fals[oa]|erróne[oa])|no es|est (?:faux|fausse|incorrect)|n['’]est pas"
        r"|(?:é|está) (?:errad[oa]|incorret[oa]|fals[oa])|não é|(?:è) (?:sbagliat[oa]|errat[oa]|fals[oa])|non è|(?:[—–-] )?(?:это )?(?:не(?:верно|правильно)|ошибка)|не подходит"
        r"|是?(?:错误|错的|不对|不正确)|不是|[はが](?:間違|誤り|正しくない)|(?:은|는) (?:틀|오답|잘못)|(?:خطأ|خاطئ|غير صحيح)|गलत|ভুল|غلط|salah|adalah salah)",
        re.IGNORECASE,
    ),
    re.compile(
        r"[\s$*)}\]\\]*\b(?:is|are|was) (?:only |just |merely |simply )?(?:an? (?:lower|upper) (?:bound|limit|estimate)\b(?!.*\b(?:attained|achieved|reached|sharp|tight))"
        r"|(?:an?|the|my|our) (?:(?:\w+ )?(?:guess|placeholder)|(?:first|rough|crude) (?:approximation|estimate))\b|(?:an?|the) (?:intermediate|partial|provisional|preliminary|common|frequent|typical|wrong|incorrect|false) (?:\w+ )?(?:result|value|answer|mistake|error|step|guess)\b)",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(r"[\s$*)}.\]\\]*[❌✗✘🚫⛔✖]"),
    re.compile(r"[\s$*)}\]\\]*(?:ではあ?りません|ではな|じゃな|(?:이|가)? ?아닙|(?:이|가)? ?아니|नहीं|değil)"),
)
_ELLIPSIS: Final = re.compile(
    r"\b(?:will|do|did|does|have|has|had|can|could|would|than|are|were|or) not[.]?\s*\n\s*\n[\s$*({\\\[]*\Z",
    re.IGNORECASE,
)
"""`the others do not` ends its sentence, and the box is a paragraph of its own."""
_PARTS: Final = re.compile(
    r"\\(?:[dtc]?frac\s*(?:\{[^{}]{0,40}\})?|sqrt(?:\[[^\]]{0,9}\])?|binom\s*(?:\{[^{}]{0,40}\})?|lfloor|lceil)\s*\{?\s*$"
    r"|\\(?:log|ln|lg|exp|sin|cos|tan|cot)(?:_\{?\w{1,3}\}?)?\s*[({]?\s*$"
)
_PARTS_PLAIN: Final = re.compile(
    r"(?<![A-Za-z\\])[A-Za-z]\(?\Z|(?<=[^\W_]|[)}])[\^_][^\S\n]*\{?[^\S\n]*\Z|[\w)}][^\S\n]*/[^\S\n]*\Z"
)
_HINTS: Final = (
    "\\ne", "≠", "not", "n't", "never", "neither", "nor", "nicht", "kein", "no ", "non ", "n'est", "n’est", "pas", "n\u00e3o", "не", "niet",
    "geen", "inte", "ikke", "nie", "bukan", "không", "不", "并非", "ليس", "ไม่ใช่", "false", "wrong", "mista", "incorrect", "untrue",
    "a lie", "common", " but", "other than", "differ", "unclear", "unknown", "doubt", "uncertain", "unsure", "wonder", "<del", "<s",
    "out", "exclud", "discard", "eliminat", "reject", "all", "every", "any", "lie", "cancel", "\\sout", "\\st", "<!--", "%", "except", "hardly", "unlikely", "y be", "might be", "could be", "no way", "impossible", "error", "phantom", "far from", "nothing like", "erroneous", "tempt",
)  # fmt: skip
"""Each expression for what stands before a box needs one of these; most texts have none."""
_HEAD_HINTS: Final = (
    "minus",
    "negative",
    "half",
    "twice",
    "double",
    "third of",
    "one less",
    "one more",
    " of",
    "times",
    "plus",
)
_HEAD: Final = re.compile(
    r"(?:^|(?<=[\s$*({]))((?:minus|negative|half of|half|twice|double|triple|one third of|one less than|one more than"
    r"|(?:the )?(?:(?:square|cube) root|square|cube|reciprocal|inverse|negative|opposite|factorial) of|-?\d[\d.]*[^\S\n]+(?:times|plus|minus)(?!\s*\n\s*\n))\s+)[$\\(\[{]*\Z",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"[\s$*)}\]]{0,4}(?:\\text\s*\{\s*)?((?:thousand|million|billion|trillion|dozen|hundred|squared|cubed|percent)\b"
    r"|(?:times|plus|minus|plus or minus|give or take|divided by|multiplied by|to the power(?: of)?)\s+[$\\(]*(?:\d|[a-z]\b|pi\b))",
    re.IGNORECASE,
)
_DIGITS_BEFORE: Final = re.compile(r"(?<![\w.,}])(\d+[.,]?)\Z")
_JOINED: Final = re.compile(
    r"([^\S\n]*/[^\S\n]*(?:\d[\w.]*|[A-Za-z](?![A-Za-z])|\(|\\[a-z]+)|\d[\d.,]*|\.\d+|(?:\{,\}|,)\d{3}(?!\d)|e[-+]?\d+|(?:[a-zA-Z](?![A-Za-z])|\\pi(?![A-Za-z]))(?=[\s]*(?:\$|\\\]|\\\)|[-+^*/]|$)))"
)


def denies(before: str, behind: str) -> bool:
    """Say whether what stands right before or behind a box takes it back, or makes it a part of an expression."""
    low = before.lower()
    if any(hint in low for hint in _HINTS) and any(pattern.search(before) for pattern in _BEFORE):
        return _ELLIPSIS.search(before) is None
    if any(pattern.match(behind) for pattern in _BEHIND) or _PARTS_PLAIN.search(before, max(0, len(before) - 8)):
        return True
    struck = "~~" in behind and before.count("~~") % 2 == 1
    return struck or ("\\" in before and _PARTS.search(before) is not None)


def around(before: str, behind: str) -> tuple[str, str]:
    """Return what belongs to the value of a box in front of it and behind it: digits, letters, words of size."""
    low = before.lower()
    head = _HEAD.search(before) if any(hint in low for hint in _HEAD_HINTS) else None
    tail = _TAIL.match(behind)
    digits, joined = _DIGITS_BEFORE.search(before), _JOINED.match(behind)
    related, relates = relation(before, behind)
    front = digits[1] if digits else head[1] if head else related
    back = joined[1] if joined else f" {tail[1]}" if tail else relates
    return front, back
