"""Strings and exact numbers, nothing else: the strictest grader, and the only one without a slow half."""

from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules import fast_path
from tinyv_stream.verifiers.rules.extract import final_answer
from tinyv_stream.verifiers.rules.graders import Check


class Exact:
    """Equal after cosmetics, or equal as exact numbers."""

    name = "exact"

    def extract(self, completion: str, ground_truth: str = "") -> str:
        """Return the last box, or the worded answer."""
        return final_answer(completion, ground_truth)

    def fast(self, check: Check) -> Verdict:
        """Decide; there is always an answer."""
        found = fast_path.decide(check.model_answer, check.ground_truth)
        if found is None:
            return Verdict(outcome=Outcome.INCORRECT, grader=self.name, reason="different text")
        return Verdict(outcome=found.outcome, grader=self.name, reason=found.reason, taxonomy=found.taxonomy)

    def grade(self, check: Check, *, patient: bool = True) -> Verdict:
        """Decide as `fast` does."""
        del patient
        return self.fast(check)
