"""Multiple-choice answers: letters, options by their text, and a ground truth that gives both."""

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import words
from tinyv_stream.verifiers.rules.answers.forms import Comparison, Match
from tinyv_stream.verifiers.rules.answers.reading import read_answer
from tinyv_stream.verifiers.rules.maths.tree import Unreadable
from tinyv_stream.verifiers.taxonomy import Taxonomy

_CHOICE_ASKED: Final = re.compile(r"which (?:of|one)|following|option|choose|select|\(\s*\)", re.IGNORECASE)

_LETTERS: Final = re.compile(r"[A-H](?:\s*(?:,|and|,\s*and|;)?\s*[A-H])*")


def same_choice(  # noqa: PLR0911 (one way out per pair of spellings)
    answer: str, gold: str, question: str, same: Comparison
) -> Match | None:
    """Compare the letters of a multiple-choice question, with each other or with the texts of its options."""
    if (several := _several(gold, answer, question)) is not None:
        return several
    ours, theirs = words.choice(gold), words.choice(answer)
    if ours and ours[1] and (_is_multiple_choice(question) or not theirs or theirs[1]):
        return _letter_and_text(ours, answer, theirs, question, same)
    if ours and not ours[1] and theirs:
        listed = words.options(question)
        matches = ours[0] == theirs[0]
        # what stands behind the letter has to be that option
        if matches and theirs[1] and not _agree(listed.get(theirs[0], ""), theirs[1], question, same):
            return None
        return Match(same=matches, reason="choice letter", taxonomy=Taxonomy.FORMATTING)
    if not (ours and not ours[1]) and not (theirs and not theirs[1]):
        return None
    listed = words.options(question)
    letter, text = (ours[0], answer) if ours and not ours[1] else (theirs[0] if theirs else "", gold)
    if letter not in listed:
        return None
    fitting = [name for name, option in listed.items() if _agree(option, text, question, same)]
    if not fitting:
        return None
    return Match(same=fitting == [letter], reason="choice by its text", taxonomy=Taxonomy.LANGUAGE)


def _several(gold: str, answer: str, question: str) -> Match | None:
    """Compare `BD` with `B, D`, where the question lets several options be right."""
    if not _CHOICE_ASKED.search(question):
        return None
    ours, theirs = (_LETTERS.fullmatch(text.strip("$ .{}\\")) for text in (gold, answer))
    if ours is None or theirs is None or len(re.findall("[A-H]", gold)) < 2:
        return None
    left, right = (sorted(re.findall("[A-H]", text.replace("and", ""))) for text in (gold, answer))
    return Match(same=left == right, reason="choice letters", taxonomy=Taxonomy.FORMATTING)


def _is_multiple_choice(question: str) -> bool:
    return bool(words.options(question)) or _CHOICE_ASKED.search(question) is not None


def _letter_and_text(
    gold: tuple[str, str], answer: str, theirs: tuple[str, str] | None, question: str, same: Comparison
) -> Match | None:
    """Compare the ground truth `B. 42` with `B`, with `B. 42`, and with `42`."""
    if theirs is None:
        found = _agree(gold[1], answer, question, same)
        return Match(same=True, reason="choice by its text", taxonomy=Taxonomy.LANGUAGE) if found else None
    if theirs[0] != gold[0]:
        return Match(same=False, reason="choice letter")
    if theirs[1] and not _agree(gold[1], theirs[1], question, same):
        return None
    return Match(same=True, reason="choice letter", taxonomy=Taxonomy.FORMATTING)


def _agree(option: str, text: str, question: str, same: Comparison) -> bool:
    if not option:
        return False
    try:
        found = same(read_answer(option).form, read_answer(text).form, question)
    except Unreadable:
        return words.plain(option) == words.plain(text) != ""
    return found is not None and found.same
