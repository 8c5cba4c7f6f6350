"""Answers over a limit: a short ground truth has no such answer, so nobody needs to read it.

A policy must not turn a wrong answer into none by writing more of it: no verdict is no reward, and no penalty either.
"""

from typing import Final

from tinyv_stream.types import Outcome, Verdict

SHARE: Final = 4
"""How many times as long as the ground truth an answer over the limit has to be at least."""
TOO_LONG: Final = "the answer is too long"


def over_limit(model_answer: str, ground_truth: str, grader: str) -> Verdict:
    """Return the verdict on an answer over a limit of length: incorrect, but where the ground truth is long itself.

    Spaces do not count, so that nobody makes an answer long without saying more.
    """
    said, expected = (len("".join(text.split())) for text in (model_answer, ground_truth))
    outcome = Outcome.INCORRECT if said > SHARE * expected else Outcome.UNDECIDED
    return Verdict(outcome=outcome, grader=grader, reason=TOO_LONG)
