"""Checks in warm, killable processes, with a deadline held from outside. asyncio all through; no thread, no executor.

- The clock of a check starts when a process begins it, not while it waits. At the deadline the process is killed.
- A killed or crashed check is `undecided`, with a reason; the others of its batch go to the next process.
- Two queues: a check that needs sympy, or outlasts the quick queue's slice, moves once to the patient queue, whose
  processes run at low priority. So slow checks wait for one another, and not in the way of the many quick ones; where
  too many wait, the next is undecided at once.
- `kill -9` of the worker leaves no process; leaving the `async with` leaves none either.
- A cancelled check is dropped from the queue, or its process is killed if it runs.
"""

from types import TracebackType
from typing import Final, Self

from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules.graders import Check
from tinyv_stream_workers.rule.sandbox.fork_server import ForkServer
from tinyv_stream_workers.rule.sandbox.fork_server_child import GraderTask, SandboxSettings
from tinyv_stream_workers.rule.sandbox.process_pool import Graded, OverdueError, ProcessQueue, QueueFullError

_SLICE_S: Final = 0.15
"""Quick queue: nearly all checks end within it; the few that do not are worth a second start elsewhere."""
_PATIENT_NICE: Final = 10
_MOST_SLOW: Final = 64
"""Slow checks that may wait: at the worst this many deadlines, some two minutes; TinyV is sooner there."""


class Sandbox:
    """A fork server and its two queues. Opened by `async with`; `grade` may be called concurrently."""

    def __init__(self, *, graders: tuple[str, ...], processes: int, timeout_s: float, memory_mb: int) -> None:
        self._fork_server = ForkServer(SandboxSettings(graders, memory_mb, rss_mb=max(256, memory_mb // 4)))
        slice_s = min(_SLICE_S, timeout_s)
        self._quick = ProcessQueue(self._fork_server, "quick", processes=processes, timeout_s=slice_s)
        self._patient = ProcessQueue(
            self._fork_server, "patient", processes=1, timeout_s=timeout_s, nice=_PATIENT_NICE, most_waiting=_MOST_SLOW
        )
        self._timeout_s = timeout_s
        self.killed = 0
        """Checks that were killed at the deadline."""

    @property
    def waiting(self) -> int:
        """How many checks wait for a process, in both queues."""
        return self._quick.waiting + self._patient.waiting

    async def __aenter__(self) -> Self:
        """Start the fork server and the quick queue; raise InvalidInputError or EngineStartError if it cannot load."""
        await self._fork_server.start()
        self._quick.start()
        self._patient.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Kill every process; open checks are cancelled."""
        await self._quick.stop()
        await self._patient.stop()
        await self._fork_server.stop()

    async def grade(self, grader: str, check: Check) -> Graded:
        """Return the verdict of the grader called `grader`; undecided if it was killed, crashed or raised."""
        texts = (check.model_answer, check.ground_truth, check.question)
        check = Check(*(_encodable(text) for text in texts))
        spent_s = 0.0
        for queue, patient in ((self._quick, False), (self._patient, True)):
            try:
                graded = await queue.grade(GraderTask(grader, check, patient=patient))
            except OverdueError as exc:
                spent_s += exc.elapsed_s
            except QueueFullError:
                return Graded(_undecided(grader, "too many slow checks are waiting"), spent_s)
            else:
                return Graded(graded.verdict, graded.elapsed_s + spent_s)
        self.killed += 1
        return Graded(_undecided(grader, f"killed after {self._timeout_s:g} s"), spent_s)


def _undecided(grader: str, reason: str) -> Verdict:
    return Verdict(outcome=Outcome.UNDECIDED, grader=grader, reason=reason)


def _encodable(text: str) -> str:
    """Return `text` with lone surrogates replaced: they cannot travel as UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
