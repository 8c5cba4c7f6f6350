r"""Our own grader, and the default where TinyV looks afterwards: cheap and certain first, sympy last.

1. Fast path: equal text, equal numbers.
2. Math-Verify in both directions, for what is mathematics all through.
It says `correct` only where it is sure; everything else goes on to TinyV.
"""

from tinyv_stream.types import Outcome, Verdict
from workers.rule import fast_path
from workers.rule.extract import final_answer
from workers.rule.graders import Check


class Cascade:
    """Fast path, then Math-Verify both ways."""

    name = "cascade"

    def extract(self, completion: str) -> str:
        """Return the last box, or the worded answer."""
        return final_answer(completion)

    def fast(self, check: Check) -> Verdict | None:
        """Decide equal texts and plain numbers."""
        found = fast_path.decide(check.model_answer, check.ground_truth)
        return found and Verdict(outcome=found.outcome, grader=self.name, reason=found.reason, taxonomy=found.taxonomy)

    def grade(self, check: Check) -> Verdict:
        """Decide with everything there is."""
        found = self.fast(check)
        if found is not None:
            return found
        from workers.rule.graders.math_verify import agree, parsed

        gold, answer = parsed(check.ground_truth), parsed(check.model_answer)
        same = agree(gold, answer) or agree(answer, gold)
        outcome = Outcome.CORRECT if same else Outcome.INCORRECT
        return Verdict(outcome=outcome, grader=self.name, reason="math-verify")
