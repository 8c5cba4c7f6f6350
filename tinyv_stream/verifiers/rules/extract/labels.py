r"""Labels that name the writer's own final answer: what may stand in front of the noun, word by word.

`Final answer:`, `Our answer:` and `So the answer:` do; `Wrong answer:`, `Tom's answer:` and `Sample answer:` say
another thing. In English each word of the noun phrase is from a table, in other languages with spaces the last one; in
the others, and behind a noun, the words that deny are.
"""
# ruff: noqa: RUF001 the letters of other scripts are meant

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract.label_words import ADJECTIVES, DENIED, NOT_OWN, SPACED, STOPS, THEIRS
from tinyv_stream.verifiers.rules.extract.words import Language, nouns

_ADJECTIVES: Final = frozenset(ADJECTIVES.split())
_NOT_OWN: Final = frozenset(NOT_OWN.split())
_STOPS: Final = frozenset(STOPS.split())
_OWNERS: Final = frozenset({"problem", "question", "exercise", "today", "part", "task", "puzzle", "quiz", "reader"})
_WORD: Final = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*(?:['’](?:s\b)?)?)[\s*_`]*\Z")
_BROKEN: Final = re.compile(r"[.,;:!?>|(\[)\]{}\d$=#/\\—–+\"“„«-][\s*_`]*\Z")
_ALLOWED: Final = {name: frozenset(words.split()) for name, words in SPACED.items()}
_CLAUSE_END: Final = re.compile(r"[.,;:!?。，；：！？\n]")
_NEAR: Final = 80
_WORDS: Final = 6
_SAYS: Final = re.compile(r"[ \t*_]*[:：|]|[ \t*_#]*\n|[ \t*_]*\Z")
_VERB: Final = re.compile(r"\b(?:is|are|was|were|equals)\b|[=\n]")
_REST: Final = re.compile(r"[\s*_:：|#>]*[^\n]*\s*")


def is_own(before: str, between: str, language: Language, *, label: bool) -> bool:
    """Say whether an answer is the writer's: `before` stands in front of its noun, `between` up to its colon or verb.

    In a sentence (not `label`) only words count that say that it is not.
    """
    near = before[-_NEAR:]
    if language.name == "en":
        return _is_own(near, label=label) and not THEIRS.search(between)
    clause = _CLAUSE_END.split(near)[-1]
    if DENIED.search(clause) or DENIED.search(between):
        return False
    word, allowed = _WORD.search(near), _ALLOWED.get(language.name) if label else None
    return allowed is None or word is None or word[1].lower() in allowed


def _is_own(near: str, *, label: bool) -> bool:
    """Walk the noun phrase in front of an English noun back to where it begins."""
    for _ in range(_WORDS):
        word = None if _BROKEN.search(near) else _WORD.search(near)
        low = word[1].lower().replace("’", "'") if word else ""
        if word is None or low in _STOPS or not low.isascii():
            return True
        owner = low.removesuffix("s").removesuffix("'") if "'" in low else ""
        if owner not in _OWNERS if owner else low in _NOT_OWN or (label and low not in _ADJECTIVES):
            return False
        near = near[: word.start()]
    return True


def ends_in_anothers(text: str) -> bool:
    """Say whether a text ends in an answer that is named as another's, or as none."""
    for noun in nouns(text, 0, 2):
        start = text.rfind("\n", 0, noun.start) + 1
        label = _SAYS.match(text, noun.end) is not None
        between = "" if label else _VERB.split(text[noun.end : noun.end + _NEAR], maxsplit=1)[0]
        rest = _REST.match(text, noun.end)
        if rest and rest.end() < len(text):
            return False
        if not is_own(text[start : noun.start], between, noun.language, label=label):
            return True
    return False
