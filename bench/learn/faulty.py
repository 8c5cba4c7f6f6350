r"""Named faulty graders: what a rule verifier did wrong once, kept to show what a policy makes of it.

`any_of` is the kind of fault that `cascade` had in its first release (`A` was equal to `A. and B.`, `3` to
`3\text{ not}`): text is read, and then ignored. It accepts an answer of which one stated value is right. It is frozen
here and depends on no grader of the product, so that a mended product does not change what is measured.
"""

from collections.abc import Sequence

from bench.learn.grpo import Answered
from bench.learn.task import OR, Family


class AnyOf:
    """Pays an answer when one of the values it names is right: a hedge is as good as its better half."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def __call__(self, answers: Sequence[Answered], step: int) -> list[float | None]:
        """Return 1 for an answer one of whose parts is right."""
        del step
        return [float(any(self._is_right(a, part) for part in a.text.split(OR))) for a in answers]

    def _is_right(self, answer: Answered, part: str) -> bool:
        read = self._family.read(part)
        return read is not None and read[0] == answer.problem.value
