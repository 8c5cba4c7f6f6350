r"""Values as people say them: `x is 4`, `so x = 4`, `it took 6 hours`, `two solutions`, `one half`, `91 is not prime`.

What is said around a value may go only if each word of it stands in a clause that asks, in one of its forms, or says
nothing; a word that turns a value round never does.
"""
# ruff: noqa: E501 one alternation is one line

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import asked
from tinyv_stream.verifiers.rules.answers.wanted import wanted
from tinyv_stream.verifiers.rules.answers.words import number_word
from tinyv_stream.verifiers.rules.maths.tree import words as table

_LEAD: Final = re.compile(
    r"\A(?:(?:so|thus|hence|therefore|then|finally|consequently|and so|we (?:get|have|find|obtain|see)(?: that)?|it follows that|"
    r"this gives|which gives)\b[,:]?\s*){1,2}(?=\S)",
    re.IGNORECASE,
)
_NAME: Final = r"\$?\s*(\\?[A-Za-z](?:_\{?\w{1,3}\}?)?'*(?:\([a-z\d]{1,3}\))?|[A-Z]{2})\s*\$?"
_IS: Final = re.compile(
    rf"(?:[Tt]he (?:exact |required |correct )?(?:value|length|measure) of )?{_NAME} (?:is|equals|is equal to|must be|has to be)(?: exactly)?:? "
    r"(\$?\s*(?:[-+\d(.\[{]|\\(?!text|not|ne|approx))\S*(?:\s.*)?)",
    re.DOTALL,
)
_COUNTED: Final = re.compile(
    r"((?:[A-Za-z][A-Za-z'-]*,?\s+){1,8})((?:\\?\$\s?)?\d.*|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) [a-z].*)",
    re.DOTALL,
)
_WORD: Final = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_NOTHING: Final = table(
    "the a an it he she there this that in all total exactly is are was were has have had do does did will "
    "would so thus altogether on for of to must can and by"
)
_IRREGULAR: Final[dict[str, str]] = {
    pair.partition(":")[0]: pair.partition(":")[2]
    for pair in table(
        "took:take gave:give made:make got:get won:win ate:eat bought:buy sold:sell spent:spend drove:drive ran:run "
        "paid:pay left:leave grew:grow lost:lose rode:ride swam:swim wrote:write drank:drink kept:keep rose:rise fell:fall"
    )
}
_ENDINGS: Final = re.compile(r"(?:ed|es|s|ing|d|e)\Z")
_TURNS: Final = table(
    "not no never neither nor without except but more less fewer least most almost nearly half twice double away only "
    "other another minus plus than or if per each every"
)
_FRACTION: Final = re.compile(r"(?:(an?|[a-z]+|\d{1,3})[ -])?(half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?)", re.IGNORECASE)  # fmt: skip
_PARTS: Final = {
    "half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "hundredth": 100,
}  # fmt: skip
_NUMBERED: Final = re.compile(r"(?:there (?:is|are) )?([a-z]+(?:-[a-z]+)?) ([a-z][a-z ]{2,30})\.?", re.IGNORECASE)
_YES_NO: Final = re.compile(r"\A\s*(?:is|are|does|do|did|can|will|was|were|has|have)\b", re.IGNORECASE)
_DENIED: Final = re.compile(r"\b(?:not|never)\b|n't\b|\bcannot\b", re.IGNORECASE)
_VERDICTS: Final = re.compile(r"\A(?:the|this|that) (?:series|sequence|integral|statement|claim|function) (converges|diverges|is (?:true|false|even|odd|convergent|divergent))\.?\Z", re.IGNORECASE)  # fmt: skip
_HOW: Final = re.compile(r"\bhow\b|\bwhat percent|\bnumber of\b", re.IGNORECASE)
_SHAPE: Final = re.compile(r"\b(?:an?|the|each) (?:cube|square) (?:has|have)\b", re.IGNORECASE)
_AUXILIARY: Final = table("is are does do did can will was were has have it not never cannot a an the")


def plain(text: str, question: str) -> str:
    """Return what a text says, without the words around it; the text as it is where they cannot go."""
    text = _LEAD.sub("", text) if _LEAD.match(text) and ("=" in text or " is " in text or " equals " in text) else text
    if (verdict := _VERDICTS.match(text)) is not None and f"{text.split()[1].lower()}" in question.lower():
        return verdict[1].removeprefix("is ")
    if (named := _IS.fullmatch(text.rstrip("."))) is not None and not _goes_on(named[2]):
        return f"{named[1]} = {named[2].strip(' $')}"
    if (fraction := _fraction(text)) is not None and not _counts_parts(question):
        return fraction
    numbered = _NUMBERED.fullmatch(text)
    if numbered is not None and (number := number_word(numbered[1].lower())) is not None:
        return f"{number} {numbered[2]}" if asked.is_noun_of(numbered[2], question) else text
    counted = _COUNTED.fullmatch(text.rstrip("."))
    if counted is not None and _HOW.search(question) and _is_asked(counted[1], question):
        return plain(counted[2], question)
    return text


def restated(text: str, question: str) -> str | None:
    """Return yes or no for a sentence that says the question again, or denies it: `91 is not prime`."""
    if not _YES_NO.match(question) or " or " in question:
        return None
    said, wants = (_content(part) for part in (text, question))
    if len(said) < 2 or said != wants:
        return None
    return "no" if _DENIED.search(text) else "yes"


def _content(text: str) -> list[str]:
    bare = _DENIED.sub(" ", text.replace("$", " "))
    return [_stem(word) for word in re.findall(r"[\w^+*/=<>\\-]+", bare.lower()) if word not in _AUXILIARY]


def _goes_on(value: str) -> bool:
    """Say whether words behind a value say more of it than a unit does."""
    said = {word.lower() for word in _WORD.findall(re.sub(r"\\[A-Za-z]+", " ", value))}
    return bool(said & (_TURNS | asked.NEVER))


def _fraction(text: str) -> str | None:
    found = _FRACTION.fullmatch(text.strip(" ."))
    if found is None:
        return None
    said = (found[1] or "one").lower()
    top = 1 if said in {"a", "an"} else int(said) if said.isdigit() else number_word(said)
    part = found[2].lower()
    bottom = _PARTS.get(part) or _PARTS.get(part.removesuffix("s"))
    if top is None or bottom is None or (found[1] is None and bottom != 2):
        return None
    return f"\\frac{{{top}}}{{{bottom}}}"


def _counts_parts(question: str) -> bool:
    return re.search(r"\bhow many (?:half|halves|\w+(?:ths|rds)|quarters)\b", question, re.IGNORECASE) is not None


def _is_asked(words: str, question: str) -> bool:
    """Say whether each word stands in a clause that asks, in the order of nothing: `Mia saved`, `A cube has`."""
    said = [word.lower() for word in _WORD.findall(words)]
    if set(said) & (_TURNS | asked.NEVER) - ({"cube", "square"} if _SHAPE.search(words) else set()):
        return False
    borne = {_stem(word) for clause in wanted(question).clauses for word in _WORD.findall(clause.lower())}
    return all(word in _NOTHING or _stem(word) in borne for word in said)


def _stem(word: str) -> str:
    word = _IRREGULAR.get(word, word)
    return _ENDINGS.sub("", word) if len(word) > 3 else word
