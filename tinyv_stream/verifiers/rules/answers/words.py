"""Answers in words: canonical spelling, number words, and the options of a multiple-choice question."""

import re
from typing import Final

_FILLERS: Final = frozenset(
    {"the", "a", "an", "is", "are", "be", "it", "that", "this", "of", "there", "will", "so", "thus"}
)
_NEGATIVE: Final = frozenset({"not", "no", "never", "none", "neither", "nor", "loses", "lose"})
NUMBERS: Final = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
}  # fmt: skip
_TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
RANGE_ASKED: Final = re.compile(r"interval|range|domain|inequalit|monoton|increasing|decreasing", re.IGNORECASE)
"""What asks for a subset of the line."""
_PARITY: Final = re.compile(
    r"(?:number (?:([a-z]+) )??(?:(?:is|must|can|may|has|to|be) )*)?(?:any |an |all )?(odd|even)"
    r"(?: numbers?| integers?)?(?: (?:of )?([a-z]+))?"
)
"""Any odd number of something, in canonical spelling."""
_COUNTED: Final = re.compile(r"\b(?:how many|number of) ([a-z]+)", re.IGNORECASE)
_NUMBER_ASKED: Final = re.compile(r"\bhow many\b|\bnumber\b", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[a-z0-9_]+(?:'[a-z]+)?|\\[a-z]+|[^\s.,;!?'\"${}\\]")
_ARTICLE: Final = re.compile(
    r"\AA\s+(?=[a-z]{3,})(?!is\b|are\b|was\b|wins|has\b|and\b|will\b|or\b|does\b|can\b|lies|tells|gets)"
)
_SAME: Final = {
    "dne": "does not exist",
    "limit does not exist": "does not exist",
    "undefined": "not defined",
    "convergent": "converges",
    "converge": "converges",
    "divergent": "diverges",
    "diverge": "diverges",
}
_YES_NO: Final = {"true": "yes", "false": "no"}
_TRUTH_ASKED: Final = re.compile(r"\btrue\b|\bcorrect\b", re.IGNORECASE)
_FALSE_ASKED: Final = re.compile(
    r"\b(?<!true or )(?<!or )(?:false|incorrect|wrong)\b(?! or true)|\bnot\b|n't\b", re.IGNORECASE
)
_EITHER_ASKED: Final = re.compile(r"\btrue[\s$\"']*(?:or|/|,)[\s$\"']*false\b|\(\s*T\s*/\s*F\s*\)", re.IGNORECASE)
_VERDICT: Final = re.compile(
    r"(?:\\text\s*\{\s*)?\(?(?:\\text\s*\{\s*)?(?:(T)|(F)|"
    r"(?:the |this |that )?(?:statement|claim|assertion|proposition|sentence|it) is (true|false))\s*\}?\)?\s*\}?\.?",
    re.IGNORECASE,
)
_MOST_VERDICT: Final = 50
NO_VALUE: Final = re.compile(
    r"(?:\\text\s*\{\s*)?(?:there (?:is|are|exists?) )?no (?:(?:real |such )?(?:solutions?|roots?)|"
    r"such\s*\}?\s*(?:(?:real|positive|natural|whole|prime) )?\$?"
    r"(?:[a-z]|numbers?|integers?|primes?|values?|pairs?|triples?)\$?)\s*\}?\.?",
    re.IGNORECASE,
)
"""The empty set in words."""
_ALWAYS_ASKED: Final = re.compile(r"\b(?:for (?:every|all|any|each)|always)\b", re.IGNORECASE)
_NAME_A: Final = re.compile(r"(?<![A-Za-z])A(?![A-Za-z])")
_LETTER: Final = re.compile(
    r"(?:(?:the )?(?:correct )?(?:option|choice|answer)(?: is)?:? ?)?\(?\s*([A-H])\s*\)?(?:[.):]|\s+[-–—]|$)\s*(.*)",  # noqa: RUF001
    re.DOTALL | re.IGNORECASE,
)
_OPTION: Final = re.compile(
    r"(?:\(|\\text(?:bf|rm|it)?\{\(?|\\mathrm\{\(?|(?<![A-Za-z0-9$\\]))([A-H])(?:\)\s*\}?|\s*\}\s*\)?|\.|:)\s*\}?"
)
_OPTION_END: Final = re.compile(r"[\s\\;,.~&$]*(?:\\q*uad|\\hspace\{[^}]*\})?[\s\\;,.~&]*$")
MAX_OPTION: Final = 400


def plain(text: str) -> str:
    """Return words without case, punctuation and filler words; the order, every negation and every sign stay."""
    text = re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])|\\text(?![A-Za-z])", " ", text).strip()
    # a capital A is a name, but for the article that opens a text: `A rhombus`
    text = _NAME_A.sub("name_a", _ARTICLE.sub("", text)).lower()
    found = _TOKEN.findall(text)
    kept = [word for word in found if word not in _FILLERS]
    return _SAME.get(" ".join(kept or found), " ".join(kept or found))


def number_word(text: str) -> int | None:
    """Return the number that a text names, up to 999,999."""
    if "hundred" in text or "thousand" in text:
        return _large(text)
    tens, dash, ones = text.replace(" ", "-").partition("-")
    if tens in _TENS:
        value = NUMBERS.get(ones, 0) if dash else 0
        return _TENS[tens] + value if value < 10 and bool(dash) == bool(value) else None
    return NUMBERS.get(text)


def _large(text: str) -> int | None:
    """Return `two hundred (and) five`, `three thousand`; None where a word is no part of a number."""
    total = part = 0
    for word in text.replace("-", " ").split():
        if word == "and" and (part or total):
            continue
        value = NUMBERS.get(word, _TENS.get(word))
        if value is not None:
            if part % 100 and not (part % 10 == 0 and value < 10 and part % 100 >= 20):
                return None
            part += value
        elif word == "hundred" and 0 < part < 10:
            part *= 100
        elif word == "thousand" and 0 < part < 1000 and not total:
            total, part = part * 1000, 0
        else:
            return None
    return total + part


def mentions(question: str, name: str) -> bool:
    """Say whether a question uses a letter, alone."""
    bare = re.escape(name.strip("\\"))
    return re.search(rf"(?<![A-Za-z]){bare}(?![A-Za-z])", question) is not None


def choice(text: str) -> tuple[str, str] | None:
    """Return (letter, what stands behind it) if `text` picks an option: `B`, `(B)`, `B. 42`, `Option B`, `b)`."""
    bare = re.sub(r"\\(?:text(?:bf|rm|it)?|mathrm|mathbf)\s*\{([^{}]*)\}", r"\1", text).strip("$*{} .")
    found = _LETTER.fullmatch(bare)
    if found is None or (found[1].islower() and not bare.rstrip().endswith(")")):
        return None
    return found[1].upper(), found[2].strip()


def options(question: str) -> dict[str, str]:
    """Return the options of a question, letter -> text; empty unless they run A, B, C ... with at least three."""
    found: list[tuple[str, int, int]] = []
    for match in _OPTION.finditer(question):
        if match[1] == chr(ord("A") + len(found)):
            found.append((match[1], match.start(), match.end()))
    if len(found) < 3:
        return {}
    ends = [start for _, start, _ in found[1:]] + [len(question)]
    texts = {letter: question[begin:end] for (letter, _, begin), end in zip(found, ends, strict=True)}
    return {letter: _OPTION_END.sub("", text[:MAX_OPTION]).strip() for letter, text in texts.items()}


def verdict(text: str, question: str) -> str:
    """Return `T`, `(F)`, `The statement is false` as the word, where the question asks "true or false"."""
    if len(text) > _MOST_VERDICT or not text.strip() or _EITHER_ASKED.search(question) is None or options(question):
        return text
    found = _VERDICT.fullmatch(text.strip(" $"))
    if found is None or (found[1] or found[2] or "F").islower():
        return text
    return "True" if found[1] or (found[3] or "").lower() == "true" else "False"


def say_the_same(gold: str, answer: str, question: str) -> bool:
    """Say whether both mean yes, or no, where the question asks whether something is true; or odd, or always."""
    short = {_YES_NO.get(text, text) for text in (gold, answer)}
    if len(short) == 1 and _TRUTH_ASKED.search(question) and not _FALSE_ASKED.search(question):
        return True
    if (parity := _parity(gold, question)) and parity == _parity(answer, question):
        return True
    if _ALWAYS_ASKED.search(question):
        return gold.removeprefix("always ") == answer.removeprefix("always ")
    return False


def _parity(text: str, question: str) -> str:
    """Return `odd` for `any odd number of players` where the question counts players alone; empty for other words."""
    found = _PARITY.fullmatch(text.strip(" ."))
    if found is None or not _NUMBER_ASKED.search(question):
        return ""
    counted = [noun.lower() for noun in _COUNTED.findall(question)]
    nouns = [noun for noun in (found[1], found[3]) if noun]
    return found[2] if len(counted) < 2 and all(noun in counted for noun in nouns) else ""


def differ_by_asked_noun(gold: str, answer: str, question: str) -> bool:
    """Say whether only the noun that the question asks for is left out: `second` for `second quadrant`."""
    shorter, longer = sorted((gold.split(), answer.split()), key=len)
    if len(longer) != len(shorter) + 1 or not shorter or longer[:-1] != shorter or longer[-1] in _NEGATIVE:
        return False
    noun = re.escape(longer[-1])
    asked = rf"\b(?:which|what|what (?:kind|type|sort) of|who)\s+{noun}\b"
    return re.search(asked, question, re.IGNORECASE) is not None
