r"""Forms that a question asks for in words: `as a decimal`, `in lowest terms`, `in scientific notation`, `factored`.

There an equal value in another form is not certain to be right: `\frac{18}{24}` for "write 18/24 in lowest terms" is
the question. A form counts where the ground truth has it, and where the sentence that names it does not deny it.

- A rounded value is no such form (see `numbers.rounded`): a rounding that is asked for frees decimals, nothing else.
- "As a fraction or a decimal" leaves a choice between these two, and nothing else.
"""

import functools
import re
from typing import Final

import msgspec

from tinyv_stream.verifiers.rules.answers import asked_clauses, form_choices
from tinyv_stream.verifiers.rules.answers.form_kinds import AskedForm
from tinyv_stream.verifiers.rules.answers.form_table import DECIMAL_FORMS, FORMS, NUMBER_FORMS, WORDS
from tinyv_stream.verifiers.rules.answers.form_texts import AnswerSide, sides
from tinyv_stream.verifiers.rules.maths.value import exact

_FACTORED: Final = re.compile(r"\s*\$?\s*(\d{1,12})\s*=\s*([^=<>]+)")
_MOST: Final = 4_000


class AskedForms(msgspec.Struct, frozen=True):
    """The forms that a question asks for, and the kinds of number between which it leaves a choice."""

    forms: tuple[AskedForm, ...] = ()
    choices: frozenset[str] = frozenset()


def fits(answer: str, gold: str, question: str) -> bool:
    """Say whether the answer has each form that the question asks for and the ground truth has."""
    wanted = _wanted(question)
    if not wanted.forms and not wanted.choices:
        return True
    truth, said = sides(gold), sides(answer)
    ours = truth[-1]
    demands = [form for form in wanted.forms if form.is_in(ours)]
    if not all(form.whole is None or form.whole(said, truth) for form in demands):
        return False
    choices = wanted.choices if form_choices.is_one(ours.text, wanted.choices) else frozenset[str]()
    return any(one.text == ours.text or _has_all(one, ours, demands, choices) for one in said)


def _has_all(one: AnswerSide, ours: AnswerSide, demands: list[AskedForm], choices: frozenset[str]) -> bool:
    if choices and not form_choices.is_one(one.text, choices):
        return False
    return all(form.has(one, ours) for form in demands)


def of_number(answer: str, question: str) -> str:
    r"""Return `2^2 \cdot 3` of `12 = 2^2 \cdot 3`, where the factors of 12 are asked for and it is 12."""
    found = _FACTORED.fullmatch(answer) if "=" in answer else None
    if found is None or not any(form.name == "prime" for form in _wanted(question).forms):
        return answer
    tree = sides(found[2])[0].tree
    is_asked = re.search(rf"(?<![\d.,]){found[1]}(?![\d,])", question) is not None
    return found[2].strip() if is_asked and tree is not None and exact(tree) == int(found[1]) else answer


@functools.lru_cache(maxsize=1024)
def _wanted(question: str) -> AskedForms:
    text = question[-_MOST:].lower()
    if not any(word in text for word in WORDS):
        return AskedForms()
    sentences = asked_clauses.sentences(text)
    named = [form for form in FORMS if form.is_named(text)]
    found = [form for form in named if any(asked_clauses.asks(form.pattern, sentence) for sentence in sentences)]
    found += [power for sentence in sentences if (power := AskedForm.of_power(sentence)) is not None]
    if any(form.name in DECIMAL_FORMS for form in found) and any(map(asked_clauses.rounds, sentences)):
        found = [form for form in found if form.name not in DECIMAL_FORMS]
    chosen = [choice for sentence in sentences if (choice := form_choices.choices(sentence)) is not None]
    if not chosen:
        return AskedForms(tuple(found))
    left = tuple(form for form in found if form.name not in NUMBER_FORMS)
    lowest = any(form.name in form_choices.LOWEST for form in found)
    return AskedForms(left, form_choices.narrowed(chosen, lowest=lowest))
