"""Graders by name. One protocol, one file each; a user's own by entry point or dotted path.

- A grader's `fast` runs on the event loop: microseconds, no sympy, no regex that can backtrack. None: cannot tell.
- Its `grade` runs in a killable process, and may be slow, hang or crash.
- Neither may say `correct` where it is not sure: that poisons training; `incorrect` costs one question to TinyV.
- Code of a user's grader is never imported into the worker itself, only into its killable processes.
"""

import importlib
import importlib.metadata
import sysconfig
import traceback
from collections.abc import Callable
from typing import Final, Protocol, cast

import msgspec

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules.extract import final_answer

ENTRY_POINTS: Final = "tinyv_stream.graders"

BUILTIN: Final = {
    "cascade": "tinyv_stream.verifiers.rules.graders.cascade:Cascade",
    "exact": "tinyv_stream.verifiers.rules.graders.exact:Exact",
    "math_verify": "tinyv_stream.verifiers.rules.graders.math_verify:MathVerify",
    "prime": "tinyv_stream.verifiers.rules.graders.prime:Prime",
}
_FORMS: Final = (
    f"use one of {', '.join(sorted(BUILTIN))}, a `package.module:function`, or an entry point of {ENTRY_POINTS} that is"
    " installed here"
)
"""What a grader's name may be."""

_NOT_THEIRS: Final = frozenset({__file__, importlib.__file__})
_LIBRARIES: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
"""Where the cause is only if no other file is in the traceback."""


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a grader is given. All three texts are hostile."""

    model_answer: str
    ground_truth: str
    question: str = ""


class Grader(Protocol):
    """Compares one model answer with one ground truth."""

    @property
    def name(self) -> str:
        """What `Verdict.grader` says."""
        ...

    def extract(self, completion: str, ground_truth: str = "") -> str:
        """Return the answer inside a completion; the truth says only whether several boxes may be one list."""
        ...

    def fast(self, check: Check) -> Verdict | None:
        """Decide without sympy, or return None."""
        ...

    def grade(self, check: Check, *, patient: bool = True) -> Verdict | None:
        """Decide; whatever it raises becomes `undecided`. None, only where not `patient`: this needs slow work."""
        ...


class FunctionGrader:
    """A user's function `Check -> Verdict | bool | None`; None is undecided."""

    def __init__(self, name: str, function: Callable[[Check], object]) -> None:
        self.name = name
        self._function = function

    def extract(self, completion: str, ground_truth: str = "") -> str:
        """Return the answer as `cascade` reads it."""
        return final_answer(completion, ground_truth)

    def fast(self, check: Check) -> Verdict | None:
        """Say nothing: user code runs in killable processes only."""
        del check
        return None

    def grade(self, check: Check, *, patient: bool = True) -> Verdict:
        """Call the function; anything but Verdict, bool or None is undecided."""
        del patient
        found = self._function(check)
        if isinstance(found, Verdict):
            return msgspec.structs.replace(found, grader=self.name)
        if isinstance(found, bool):
            outcome = Outcome.CORRECT if found else Outcome.INCORRECT
            return Verdict(outcome=outcome, grader=self.name, reason="user grader")
        reason = "user grader could not tell" if found is None else f"user grader returned {type(found).__name__}"
        return Verdict(outcome=Outcome.UNDECIDED, grader=self.name, reason=reason)


def failed(name: str, exc: BaseException) -> Verdict:
    """Return the verdict of a grader that raised: undecided, with the kind of error as the reason."""
    if isinstance(exc, MemoryError):
        reason = "over the memory limit"
    elif isinstance(exc, RecursionError):
        reason = "nested too deeply"
    else:
        reason = f"{type(exc).__name__} in the grader"
    return Verdict(outcome=Outcome.UNDECIDED, grader=name, reason=reason)


def described(exc: BaseException) -> str:
    """Return an error of a grader's code with the place that it came from: `KeyError: 'x' in /a/file.py, line 3`."""
    if isinstance(exc, SyntaxError):
        return f"{type(exc).__name__}: {exc.msg} in {exc.filename}, line {exc.lineno}"
    text = f"{type(exc).__name__}: {exc}"
    frames = [
        f for f in traceback.extract_tb(exc.__traceback__) if f.filename not in _NOT_THEIRS and f.filename[0] != "<"
    ]
    own = [f for f in frames if not f.filename.startswith(_LIBRARIES)]
    for frame in (own or frames)[-1:]:
        return f"{text} in {frame.filename}, line {frame.lineno}"
    return text


def check_name(field: str, name: str) -> None:
    """Raise InvalidInputError naming `field` for what can be no grader here; a user's code is not imported for that."""
    if name not in BUILTIN and not all(
        part.isidentifier() for part in _path_of(name, field).replace(":", ".").split(".")
    ):
        raise InvalidInputError(field, name, _FORMS)


def stand_in(name: str) -> Grader:
    """Return what the worker itself may use of a grader: built-in ones whole, a user's without its code."""
    return load(name) if name in BUILTIN else FunctionGrader(name, lambda _check: None)


def load(name: str) -> Grader:
    """Import and make the grader called `name`; raise InvalidInputError if there is none or its code raises."""
    path = BUILTIN.get(name) or _path_of(name)
    try:
        found = _import(path)
    except (Exception, SystemExit) as exc:  # a file that was just edited may raise anything
        raise InvalidInputError("grader", name, f"its code does not import ({described(exc)})") from exc
    if isinstance(found, type):
        try:
            return cast("Grader", found())
        except (Exception, SystemExit) as exc:
            raise InvalidInputError("grader", name, f"it cannot be made ({described(exc)})") from exc
    if callable(found):
        return FunctionGrader(name, cast("Callable[[Check], object]", found))
    raise InvalidInputError("grader", name, "point it at a function of one Check")


def _path_of(name: str, field: str = "grader") -> str:
    if ":" in name:
        return name
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS, name=name):
        return point.value
    raise InvalidInputError(field, name, _FORMS)


def _import(path: str) -> object:
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)
