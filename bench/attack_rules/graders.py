"""Graders under attack, each behind one function of an answer, a ground truth and a question: ours and those of others.

Ours run in this process. A peer is imported late and may be missing. Each call has a deadline; what is not accepted by
then counts as not accepted.
"""

# pyright: basic
# The peers have no types, and may not be here.

import contextlib
import importlib
import importlib.util
import io
import logging
import os
import pathlib
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.in_process import MOST_ANSWER_CHARS
from tinyv_stream.verifiers.length import over_limit
from tinyv_stream.verifiers.rules.graders import Check
from tinyv_stream.verifiers.rules.graders import load as load_grader

Accepts = Callable[[str, str, str], bool]
"""(answer, ground truth, question) -> whether the grader says correct."""

OURS: Final = ("cascade", "prime", "math_verify")
PEERS: Final = ("peer_math_verify", "verl_prime", "verl_math_reward", "trl")
DEADLINE_S = 2.0
"""CPU time of one check."""


class NotInstalledError(Exception):
    """A peer that is not in this environment."""


class _Late(BaseException):
    """The deadline of one check has passed; no Exception, so that no grader swallows it."""


class Ours:
    """One of our graders, asked as a pool asks it: at once, without patience, then with it (second readers, sympy)."""

    def __init__(self, name: str) -> None:
        self.grader = load_grader(name)
        self.patient = 0
        """Checks that were not decided without patience."""
        self.crashed = 0
        """Checks at which the grader raised, which a pool calls undecided."""

    def __call__(self, answer: str, gold: str, question: str) -> bool:
        """Return whether the answer is correct."""
        if len(answer) > MOST_ANSWER_CHARS:
            return over_limit(answer, gold, self.grader.name).outcome is Outcome.CORRECT
        try:
            verdict = self._verdict(Check(answer, gold, question))
        except Exception:  # noqa: BLE001 (whatever it is, as in the sandbox)
            self.crashed += 1
            return False
        return verdict is not None and verdict.outcome is Outcome.CORRECT

    def _verdict(self, check: Check) -> Verdict | None:
        verdict = self.grader.fast(check) or self.grader.grade(check, patient=False)
        if verdict is None:
            self.patient += 1
            verdict = self.grader.grade(check, patient=True)
        return verdict


class Peer:
    """A peer's grader; a crash of it accepts nothing, as in its own trainer, and is counted."""

    def __init__(self, accepts: Accepts) -> None:
        self._accepts = accepts
        self.crashed = 0
        """Checks at which the peer raised."""

    def __call__(self, answer: str, gold: str, question: str) -> bool:
        """Return whether the answer is correct."""
        try:
            return bool(self._accepts(answer, gold, question))
        except Exception:  # noqa: BLE001 (whatever a peer raises)
            self.crashed += 1
            return False


def load(name: str, peer_path: pathlib.Path | None) -> "Ours | Peer":
    """Return a grader; raises NotInstalledError where a peer is not there."""
    return Ours(name) if name in OURS else Peer(_PEERS[name](peer_path))


def accepted(accepts: Accepts, answer: str, gold: str, question: str) -> bool | None:
    """Return whether the answer is accepted; None past the deadline. What the grader raises is the caller's."""
    with _deadline(DEADLINE_S):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                return bool(accepts(answer, gold, question))
        except _Late:
            return None


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    def late(_signal: int, _frame: FrameType | None) -> None:
        raise _Late

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _math_verify(_path: pathlib.Path | None) -> Accepts:
    try:
        from math_verify import parse, verify
    except ImportError as missing:
        raise NotInstalledError from missing
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    return lambda answer, gold, _question: bool(verify(parse(f"${gold}$"), parse(f"\\boxed{{{answer}}}")))


def _trl(_path: pathlib.Path | None) -> Accepts:
    try:
        reward = importlib.import_module("trl.rewards").accuracy_reward
    except ImportError as missing:
        raise NotInstalledError from missing

    def accepts(answer: str, gold: str, _question: str) -> bool:
        content = f"The final answer is \\boxed{{{answer}}}."
        return reward([[{"role": "assistant", "content": content}]], [f"${gold}$"])[0] == 1.0

    return accepts


def _verl(module: str) -> Callable[[pathlib.Path | None], Accepts]:
    def work(path: pathlib.Path | None) -> Accepts:
        found = _verl_module(module, path)

        def accepts(answer: str, gold: str, _question: str) -> bool:
            score = found.compute_score(f"The final answer is \\boxed{{{answer}}}", gold)
            return bool(score[0] if isinstance(score, tuple | list) else score)

        return accepts

    return work


def _verl_module(name: str, path: pathlib.Path | None):  # noqa: ANN202
    """Import verl's pure grader without the rest of verl, whose import needs ray and torch."""
    root = path
    if root is None:
        spec = importlib.util.find_spec("verl")
        if spec is None or not spec.submodule_search_locations:
            raise NotInstalledError
        root = pathlib.Path(spec.submodule_search_locations[0])
    from types import ModuleType

    for package in ("verl", "verl.utils", "verl.utils.reward_score"):
        stub = ModuleType(package)
        stub.__path__ = [os.path.join(root, *package.split(".")[1:])]  # noqa: PTH118
        sys.modules[package] = stub
    metric = ModuleType("verl.utils.metric")
    setattr(metric, "Metric", object)  # noqa: B010 (a stand-in for a module that needs torch)
    sys.modules["verl.utils.metric"] = metric
    try:
        return importlib.import_module(f"verl.utils.reward_score.{name}")
    except ImportError as missing:
        raise NotInstalledError from missing


_PEERS: Final[dict[str, Callable[[pathlib.Path | None], Accepts]]] = {
    "peer_math_verify": _math_verify,
    "trl": _trl,
    "verl_prime": _verl("prime_math"),
    "verl_math_reward": _verl("math_reward"),
}
