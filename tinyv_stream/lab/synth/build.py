"""Builder of labelled pairs from reference answers: deterministic by seed, checked, balanced, without duplicates.

- Right and wrong answers go through the same forms, so that nothing but the change itself tells them apart.
- A right answer whose numbers can be read and disagree is thrown away; so is a wrong answer that is not shown to be
  different (by its numbers, or by construction where order, ends or words are what changed).
- As many right as wrong, and no kind of change takes more than its weight.
"""

import hashlib
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from tinyv_stream.lab.pairs import Pair, Question, question_key
from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.forms import FORMS
from tinyv_stream.lab.synth.invent import invent
from tinyv_stream.lab.synth.miss import Miss
from tinyv_stream.lab.synth.near import MISSES
from tinyv_stream.lab.synth.shape import bare
from tinyv_stream.lab.synth.worth import compare, values

BY_KIND: Final[dict[str, list[RewriteForm]]] = {
    kind: [f for f in FORMS if f.kind == kind] for kind in dict.fromkeys(f.kind for f in FORMS)
}
MISS_TRIES: Final = 12
"""Misses tried on one answer; more would end at those that always apply, and there would be too many of them."""
HELD_OUT: Final = 26
"""Of 256: a tenth."""
LONGEST: Final = 240
"""Characters of an answer beyond which no pair is made of it: longer ones are rarely final answers."""
WRAPPERS: Final = frozenset({"5.1", "1.6"})
"""Kinds that put something around a whole answer: at most one, and last; nothing can be rewritten through them."""
_ODDITIES: Final = re.compile(r"[\x00-\x09\x0b-\x1f]|(?<!\\)\brac\{|extcirc|!\[|http|\^\s*(?:\n|$)|begin\{cases")
"""Marks of reference answers that were damaged on their way into a data set."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted. `invented` is the share of pairs without a question."""

    count: int
    seed: int = 0
    invented: float = 0.5
    most_forms: int = 3
    unrelated: float = 0.06
    """Share of wrong answers that are the answer to another question."""


def synthesize(questions: Sequence[Question], recipe: Recipe, given: Sequence[Pair] = ()) -> Iterator[Pair]:
    """Yield up to `recipe.count` pairs, right and wrong in turn; fewer if the questions do not give as many.

    `given` are right answers from elsewhere: they come first, and wrong ones are made until both are as many.
    """
    seen = {(p.ground_truth, p.model_answer) for p in given}
    kinds: dict[str, int] = {}
    yield from given
    ahead = len(given)
    usable = [q for q in questions if usable_reference(q.ground_truth)]
    made, tries = ahead, 0
    while made < recipe.count and tries < recipe.count * 30:
        tries += 1
        rng = random.Random(f"{recipe.seed}/{tries}")  # noqa: S311 - data, not secrets
        question = _pick(usable, recipe, rng)
        wants_right = ahead == 0 and made % 2 == 0
        pair = make_right(question, recipe, rng, kinds) if wants_right else make_wrong(question, usable, recipe, rng)
        if pair is None:
            continue
        key = (pair.ground_truth, pair.model_answer)
        if key in seen or len(pair.model_answer) > LONGEST:
            continue
        seen.add(key)
        made += 1
        ahead -= ahead > 0
        kinds[pair.kind] = kinds.get(pair.kind, 0) + 1
        yield msgspec.structs.replace(pair, pair_id=f"{recipe.seed}-{tries}")


def is_held_out(question: Question) -> bool:
    """Tell whether a question belongs to the tenth that is never trained on, by its text alone."""
    return hashlib.blake2b(question_key(question.question).encode(), digest_size=2).digest()[0] < HELD_OUT


def usable_reference(text: str) -> bool:
    """Tell whether a reference answer is short, whole and undamaged."""
    return 0 < len(bare(text)) <= LONGEST and not _ODDITIES.search(text) and text.count("{") == text.count("}")


def make_right(question: Question, recipe: Recipe, rng: random.Random, kinds: dict[str, int]) -> Pair | None:
    """Return a pair with a right answer, in a kind of form that is still rare where there is a choice."""
    reference = question.ground_truth
    applicable = [(kind, text) for kind in BY_KIND if (text := _apply(kind, reference, rng))]
    if not applicable:
        return None
    rare = [(0.2 if kind in WRAPPERS else 1) / (5 + kinds.get(kind, 0)) ** 1.5 for kind, _ in applicable]
    kind, answer = rng.choices(applicable, rare)[0]
    if kind not in WRAPPERS:
        banned = _UNNAMED if kind == "5.2" else frozenset[str]()
        answer = decorate(answer, rng.randrange(recipe.most_forms), rng, banned=banned | {kind})
    if _same_text(answer, reference) and rng.random() < 0.8:
        return None
    return Pair(**_base(question), model_answer=answer, label=True, kind=kind)


def make_wrong(question: Question, others: Sequence[Question], recipe: Recipe, rng: random.Random) -> Pair | None:
    """Return a pair with a wrong answer that is shown to be wrong."""
    reference = question.ground_truth
    if others and rng.random() < recipe.unrelated:
        other = rng.choice(others).ground_truth
        if compare(reference, other) is not False:
            return None
        return Pair(**_base(question), model_answer=decorate(other, 1, rng), label=False, kind="unrelated")
    for miss in _shuffled(MISSES, rng)[:MISS_TRIES]:
        changed = miss.rewrite(bare(reference), rng)
        if changed is None or not is_shown_different(reference, changed, miss):
            continue
        if miss.name == "garbage":
            answer = changed
        else:
            answer = decorate(changed, rng.randint(0, recipe.most_forms), rng, banned=_UNDO.get(miss.name, frozenset()))
        if miss.proof == "values" and compare(reference, answer) is True:
            continue
        return Pair(**_base(question), model_answer=answer, label=False, kind=miss.name)
    return None


def is_shown_different(reference: str, changed: str, miss: Miss) -> bool:
    """Tell whether `changed` is certainly another answer than `reference`."""
    if _same_text(reference, changed):
        return False
    if miss.proof == "values":
        before, after = values(reference), values(changed)
        if before is None or after is None or compare(reference, changed) is not False:
            return False
        # A last digit may be a rounding: the difference has to be one that no rounding makes.
        return (
            len(before) != len(after)
            or max(abs(x - y) / max(abs(x), abs(y), 1e-9) for x, y in zip(before, after, strict=True) if x != y) > 0.004
        )
    return True


def decorate(text: str, count: int, rng: random.Random, *, banned: frozenset[str] = frozenset()) -> str:
    """Apply up to `count` more forms of kinds that are not `banned`, now and then with a wrapper around the result."""
    inner = [k for k in BY_KIND if k not in banned and k not in WRAPPERS]
    for kind in rng.sample(inner, len(inner)):
        if count <= 0:
            break
        if kind in banned or (kind in _APPROXIMATE and re.search(r"[.\u03c0]|\\pi", text)):
            continue
        if new := _apply(kind, text, rng):
            text, count = new, count - 1
            banned |= _UNNAMED if kind == "5.2" else frozenset()
        if COMMA_IN_NUMBER.fullmatch(text):
            break  # to the next form its comma would part two elements
    wrapper = rng.choice(sorted(WRAPPERS))
    if wrapper not in banned and rng.random() < WRAPPED:
        text = _apply(wrapper, text, rng) or text
    return text


COMMA_IN_NUMBER: Final = re.compile(r"\$?\d+(?:\{,\}|\\[ ,;]|[,' ])\d+(?:[,' ]\d+)*\$?")
WRAPPED: Final = 0.1
_APPROXIMATE: Final = frozenset({"1.4", "2.2", "4.1", "4.2", "4.3"})
"""Not on top of one another: a rounding of a rounding, or a unit on an angle, is another answer."""
_UNNAMED: Final = frozenset({"6.1", "2.4"})
"""Not after `5.2`: values whose names are gone are in an order that says which is which."""
_UNDO: Final[dict[str, frozenset[str]]] = {
    "order": frozenset({"6.1", "6.2", "5.4", "5.2", "2.1", "5.1"}),
    "word": frozenset({"5.1", "1.5"}),
    "negation": frozenset({"5.1", "5.3", "1.5"}),
    "bracket": frozenset({"6.1", "2.4"}),
    "digit": frozenset({"4.3", "4.1"}),
    "digits": frozenset({"4.3", "4.1"}),
    "direction": frozenset({"2.4"}),
    "unit": frozenset({"1.4", "1.5"}),
    "scale of degrees": frozenset({"1.4"}),
    "part word": frozenset({"1.4", "5.3"}),
    "period": frozenset({"4.1", "4.3"}),
    "dots": frozenset({"6.1", "6.2"}),
    "half of day": frozenset({"1.4"}),
    "qualifier": frozenset({"1.4", "1.5", "5.3"}),
}
"""Kinds that could make the changed answer right again, or hide what was changed."""


def _apply(kind: str, text: str, rng: random.Random) -> str | None:
    """Return a checked rewrite of one kind, None if no form of it applies."""
    for form in _shuffled_forms(BY_KIND[kind], rng):
        new = form.rewrite(text, rng)
        if not new or new == text or len(new) > LONGEST:
            continue
        if form.checked and compare(text, new) is False:
            continue
        return new
    return None


def _pick(usable: Sequence[Question], recipe: Recipe, rng: random.Random) -> Question:
    if not usable or rng.random() < recipe.invented:
        return Question(question="", ground_truth=invent(rng), source="invented")
    question = rng.choice(usable)
    if re.fullmatch(r"[\d.,:\\% -]+", question.ground_truth) and rng.random() < 0.6:
        question = rng.choice(usable)  # plain numbers are two thirds of most sets, and the rules' own field
    return question


def _base(question: Question) -> dict[str, str]:
    return {"question": question.question, "ground_truth": question.ground_truth, "source": question.source}


def _same_text(a: str, b: str) -> bool:
    return re.sub(r"[\s$]", "", bare(a)) == re.sub(r"[\s$]", "", bare(b))


def _shuffled(misses: Iterable[Miss], rng: random.Random) -> list[Miss]:
    """Return the misses in random order, heavier ones sooner (exponential keys)."""
    return sorted(misses, key=lambda m: rng.expovariate(m.weight))


def _shuffled_forms(forms: list[RewriteForm], rng: random.Random) -> list[RewriteForm]:
    return rng.sample(forms, len(forms))
