"""Classifier of a difference by kind of the taxonomy: by program, where a form turns one answer into the other.

- Certain or nothing: None where neither one form nor a form of each answer explains the difference.
- The forms are the generator's own, tried both ways; what is merely spacing or markup is looked through first.
"""

import random
import re
from typing import Final

from tinyv_stream.lab.synth.build import BY_KIND, WRAPPERS
from tinyv_stream.lab.synth.shape import bare
from tinyv_stream.verifiers.taxonomy import KINDS, Kind

_DRAWS: Final = 24
"""Tries of a form with a choice in it: enough to see each of a handful of outcomes."""
_LONGEST: Final = 400
"""Characters; longer answers are explained by nobody, and forms were not made for them."""


def classify(ground_truth: str, answer: str) -> Kind | None:
    """Return the kind of difference between two equivalent answers; None if no form explains it."""
    if max(len(ground_truth), len(answer)) > _LONGEST or ground_truth.strip() == answer.strip():
        return None
    if _tight(ground_truth) == _tight(answer):
        return KINDS["1.1"]
    goal, start = _plain(ground_truth), _plain(answer)
    if goal == start:
        return KINDS["1.3"]
    ours, theirs = _rewritten(ground_truth), _rewritten(answer)
    if found := ours.get(start) or theirs.get(goal):
        return KINDS[found]
    between = [(ours[text], theirs[text]) for text in sorted(ours.keys() & theirs.keys())]
    if between:  # a form of each meet: the kind that says more than formatting names the difference
        return KINDS[max(kind for pair in between for kind in pair)]
    return _by_numbers(goal, start)


def is_form_of(ground_truth: str, answer: str) -> bool:
    """Tell whether one form of the generator makes the answer out of the ground truth: then it is right.

    Narrower than `classify`, which is asked about answers that are known to be right and looks from both sides.
    """
    if max(len(ground_truth), len(answer)) > _LONGEST:
        return False
    start = _plain(answer)
    return _tight(ground_truth) == _tight(answer) or _plain(ground_truth) == start or start in _rewritten(ground_truth)


def _rewritten(text: str) -> dict[str, str]:
    """Return what the forms make of `text`, and the kind of each; wrappers come last."""
    rng = random.Random(0)  # noqa: S311 - the same draws each time
    found: dict[str, str] = {}
    for kind in sorted(BY_KIND, key=lambda k: (k in WRAPPERS, k)):
        for form in BY_KIND[kind]:
            for _ in range(_DRAWS):
                new = form.rewrite(text, rng)
                if new:
                    found.setdefault(_plain(new), kind)
    return found


def _by_numbers(first: str, second: str) -> Kind | None:
    """Two decimals that agree as far as the shorter goes are a rounding."""
    if not all(re.fullmatch(r"-?\d+(\.\d+)?", t) for t in (first, second)):
        return None
    places = min(len(t.partition(".")[2]) for t in (first, second))
    return KINDS["4.3"] if round(float(first), places) == round(float(second), places) else None


def _tight(text: str) -> str:
    return re.sub(r"\s", "", text)


def _plain(text: str) -> str:
    """Look through spacing and markup."""
    text = re.sub(r"\\left|\\right(?![a-z])|\\displaystyle|\\[,;! ]|\\quad", "", bare(text))
    text = re.sub(r"\\[dt]frac", r"\\frac", text)
    text = re.sub(r"\\(?:leqslant|le)(?![a-z])", r"\\leq", text)
    text = re.sub(r"([\^_])\{(\w)\}", r"\1\2", text)
    return re.sub(r"\\\(|\\\)|\s", "", text)
