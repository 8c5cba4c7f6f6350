r"""Our own grader, and the default where TinyV looks afterwards: cheap and certain first, sympy last.

1. Fast path: equal text, equal numbers (on the event loop).
2. Structure: both texts are read into forms and compared by `verifiers.rules.answers`, without sympy. Where
   both are understood, that verdict stands.
3. Math-Verify in both directions, only for mathematics that step 2 cannot read (sums, integrals, piecewise functions).
   Words never get there: it would pick the numbers out of them.
It says `correct` only where it is sure, with the comparison as `reason` and the class of the difference as `taxonomy`.
"""

import re
from typing import Final

from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules import fast_path
from tinyv_stream.verifiers.rules.answers.asked_forms import fits
from tinyv_stream.verifiers.rules.answers.computations import is_asked
from tinyv_stream.verifiers.rules.answers.domains import domains
from tinyv_stream.verifiers.rules.answers.forms import Match
from tinyv_stream.verifiers.rules.answers.relations import label
from tinyv_stream.verifiers.rules.answers.same import compare
from tinyv_stream.verifiers.rules.answers.split import split
from tinyv_stream.verifiers.rules.extract import final_answer
from tinyv_stream.verifiers.rules.graders import Check
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.tree import Unreadable
from tinyv_stream.verifiers.rules.second_reader import left_over
from tinyv_stream.verifiers.rules.second_value import differ

_SYMPY_ONLY: Final = re.compile(r"\\(?:int|iint|oint|sum|prod|lim|det|log|ln|exp|frac)(?![A-Za-z])|\\begin")
"""What is worth sympy: notation that the structural reader has no rule for, inside of plain mathematics."""
_KNOWN_TO_SYMPY: Final = re.compile(
    r"(?:\\(?:frac|sqrt|int|iint|oint|sum|prod|lim|to|infty|pi|sin|cos|tan|cot|sec|csc|ln|log|exp|arcsin|arccos|arctan|sinh|"
    r"cosh|tanh|cdot|times|binom|det|alpha|beta|gamma|delta|theta|lambda|mu|sigma|varphi|omega|rightarrow)(?![A-Za-z])|"
    r"\\(?:begin|end)\s*\{[pbv]?matrix\}|\\\\|&|\\[{}]|(?<![A-Za-z])d?[A-Za-z](?![A-Za-z])|[\d\s+\-*/^_(){}\[\]=,.|])*"
)
"""All that may be in a text that Math-Verify is to read: what it does not know it leaves out, and says nothing."""
_COSTLY: Final = re.compile(
    r"[(\[]\s*[-+]?\s*\\infty|\\infty\s*[)\]]|\\forall|\\exists|!|\d{30}|\^[^,;]*\^[^,;]*\^|\^\s*\{?\s*\(?-?\d*\s*\^|\d{6}\s*\}|[({\[]{12}|[<>]|\\(?:pm|le|ge|ne)\b|"
    r"\^\s*\{?\s*-?\d{5}|\\binom(?!\s*\{[-+A-Za-z\d\s]{1,12}\}\s*\{[-+A-Za-z\d\s]{1,12}\})|\\binom[^}]*(?:\}[^}]*)?\d\s*\d\s*\d\s*\d"
)
"""Quantifiers and relations, which sympy half ignores; towers, factorials, large binomials, which it works out."""
_UNENDED: Final = re.compile(
    r"(?:[-+*/^_=|(\[{,.]|\\(?!infty|pi|alpha|beta|gamma|delta|theta|lambda|mu|sigma|varphi|omega)[A-Za-z]+)\s*\Z"
)
"""A sign or a function at the end, behind which something is missing: Math-Verify leaves it out."""
_MAX_CHARS: Final = 400
_IDENTICAL: Final = frozenset({"same text", "choice letter", "choice letters", "choice by its text", "words"})
"""What the second reader need not see: nothing is read there, so nothing can be left out."""


class Cascade:
    """Fast path, structure, Math-Verify."""

    name = "cascade"

    def extract(self, completion: str, ground_truth: str = "") -> str:
        """Return the last box, or the worded answer."""
        return final_answer(completion, ground_truth)

    def fast(self, check: Check) -> Verdict | None:
        """Decide equal texts and plain numbers."""
        found = fast_path.decide(check.model_answer, check.ground_truth)
        if found is None:
            return None
        if found.outcome is Outcome.CORRECT and not fits(check.model_answer, check.ground_truth, check.question):
            return self._verdict(Outcome.INCORRECT, "not certain to be the same (another form is asked)")
        return self._verdict(found.outcome, found.reason, found.taxonomy)

    def grade(self, check: Check, *, patient: bool = True) -> Verdict | None:
        """Decide with everything there is; None where it needs sympy and is not to wait for it."""
        found = self.fast(check)
        if found is not None:
            return found
        texts = check.ground_truth, check.model_answer, check.question
        try:
            match = compare(check.model_answer, check.ground_truth, check.question)
        except Unreadable as exc:
            if not _is_for_sympy(check):
                return self._verdict(Outcome.INCORRECT, f"not certain to be the same ({exc})")
            return self._with_sympy(check) if patient else None
        return self._compared(match, *texts)

    def _compared(self, match: Match | None, *texts: str) -> Verdict:
        if match is None:
            return self._verdict(Outcome.INCORRECT, "not certain to be the same")
        if not match.same:
            return self._verdict(Outcome.INCORRECT, match.reason)
        if match.reason not in _IDENTICAL and (left := left_over(*texts)):
            return self._verdict(Outcome.INCORRECT, f"not certain to be the same ({left} is left over)")
        if match.reason == "same value" and not _is_below(texts[2]) and differ(*texts[:2]):
            return self._verdict(Outcome.INCORRECT, "not certain to be the same (another reading differs)")
        return self._verdict(Outcome.CORRECT, match.reason, match.taxonomy or "formatting")

    def _with_sympy(self, check: Check) -> Verdict:
        from tinyv_stream.verifiers.rules.graders.math_verify import agree, is_whole, parsed

        gold, answer = parsed(check.ground_truth), parsed(check.model_answer)
        if not (is_whole(gold, check.ground_truth) and is_whole(answer, check.model_answer)):
            return self._verdict(Outcome.INCORRECT, "not certain to be the same (Math-Verify read a part of it)")
        if agree(gold, answer) or agree(answer, gold):
            if not self._left_side_holds(check):
                return self._verdict(Outcome.INCORRECT, "not certain to be the same (another computation)")
            return self._verdict(Outcome.CORRECT, "math-verify", "expression")
        return self._verdict(Outcome.INCORRECT, "math-verify")

    def _left_side_holds(self, check: Check) -> bool:
        r"""Say whether `\int_0^2 x\,dx = 2` has the question's own computation on its left, or one with this value."""
        from tinyv_stream.verifiers.rules.graders.math_verify import agree, parsed

        left, sign, right = clean(check.model_answer).rpartition("=")
        if not sign or label(left) or is_asked(left, check.question) or left in clean(check.ground_truth):
            return True
        value, computed = parsed(right), parsed(left)
        return bool(value and computed) and agree(value, computed)

    def _verdict(self, outcome: Outcome, reason: str, taxonomy: str | None = None) -> Verdict:
        return Verdict(outcome=outcome, grader=self.name, reason=reason, taxonomy=taxonomy)


def _is_below(question: str) -> bool:
    """Say whether a letter has an upper bound, where the second reading's points may lie outside of its domain."""
    return any(domain.high is not None for domain in domains(question).values())


def _is_for_sympy(check: Check) -> bool:
    texts = check.model_answer, check.ground_truth
    return any(_SYMPY_ONLY.search(text) for text in texts) and all(_is_mathematics(text) for text in texts)


def _is_mathematics(text: str) -> bool:
    """Say whether sympy may see this text: one value, no words, no chain of equations, nothing that explodes."""
    plain = clean(text)
    if not plain.isascii() or not plain.isprintable() or not any(c.isalnum() for c in plain):
        return False
    if len(plain) > _MAX_CHARS or plain.count("=") > 1 or _COSTLY.search(plain):
        return False
    if not _KNOWN_TO_SYMPY.fullmatch(plain) or _UNENDED.search(plain) or "phantom" in text:
        return False
    try:
        return "\\begin" in plain or len(split(plain, frozenset({"or", "and", ";"}))[0]) == 1
    except Unreadable:
        return False
