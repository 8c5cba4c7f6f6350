"""One answer, graded where it is asked for: the rule stage's verdict without its processes."""

from typing import Final

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Outcome, Verdict

MOST_ANSWER_CHARS: Final = 2_000
"""As the rule stage's default, `rule.max_answer_chars`."""


def grade(model_answer: str, ground_truth: str, question: str = "", grader: str = "cascade") -> Verdict:
    """Return what `grader` says of one answer, in this process and without the sandbox.

    - `model_answer` is the answer itself, not the completion around it. `grader` is a built-in name, an entry point of
      `tinyv_stream.graders` or a `package.module:function`, whose code is then run here.
    - Nothing here protects from a hostile answer. In a pool a grader has a process of its own, which is killed at its
      deadline, gets so much memory and no more, and has no network, no files to write and no secrets. Here a comparison
      may take minutes or all memory, and nothing but the end of this process interrupts it. So grade what you trust,
      such as a labelled set; what a policy wrote belongs into a pool.
    - An answer over 2,000 characters is `incorrect` without a look, as in a pool, and `undecided` where the ground
      truth is long itself; `ground_truth` and `question` have no limit.
    - What a grader raises is `undecided`, with the error's name as the reason, as in a pool.

    Raises InvalidInputError for a grader that is not there, naming those that are; for one whose code does not load;
    and for a text that is none.
    """
    # Only here, so that whoever imports a neighbour of this module loads no grader.
    from tinyv_stream.verifiers.length import over_limit
    from tinyv_stream.verifiers.rules.graders import BUILTIN, Check, failed, load

    texts = {"model_answer": model_answer, "ground_truth": ground_truth, "question": question, "grader": grader}
    for field, text in texts.items():
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] (callers need not be typed)
            raise InvalidInputError(field, text, "give a str")
    found = load(grader)
    if len(model_answer) > MOST_ANSWER_CHARS:
        return over_limit(model_answer, ground_truth, grader)
    check = Check(model_answer, ground_truth, question)
    try:
        verdict = (found.fast(check) if grader in BUILTIN else None) or found.grade(check)
    except (Exception, SystemExit) as exc:  # noqa: BLE001 (whatever it is, as in the sandbox)
        return failed(grader, exc)
    return verdict or Verdict(outcome=Outcome.UNDECIDED, grader=grader, reason="the grader gave no verdict")
