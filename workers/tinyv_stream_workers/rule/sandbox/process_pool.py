"""A queue of checks and the runners that take from it, each with one process at a time.

- A runner sends a batch, and holds the deadline over each check in it from the moment the process begins it.
- Whatever happens to a process, each job of its batch is settled or goes back to the front of the queue.
- Where no process can be had because the graders do not load, checks are undecided: nobody knows when they will again.
- A runner ends by its queue's `stop` alone.
"""

import asyncio
import collections
import contextlib
import logging
import os
import time
from typing import Final

import msgspec

from tinyv_stream.errors import EngineStartError, InvalidInputError
from tinyv_stream.types import Outcome, Verdict
from tinyv_stream_workers.rule.sandbox.fork_server import ForkServer, receive
from tinyv_stream_workers.rule.sandbox.fork_server_child import HEADER, GraderHello, GraderReply, GraderTask

_log = logging.getLogger(__name__)

_BATCH: Final = 8
"""Most checks sent at a time: enough to hide the round trip, few enough that a killed one delays few others."""
_PAUSE_S: Final = 0.1
"""Between attempts to get a process that does not come."""
_LOST: Final = (OSError, asyncio.IncompleteReadError, TimeoutError)
"""How the loss of a process, or of the whole fork server, shows itself."""
_NO_GRADERS: Final = (EngineStartError, InvalidInputError)
"""How it shows itself that the fork server does not start again: edited code, a replaced environment."""


class Graded(msgspec.Struct, frozen=True):
    """A verdict and the seconds of work behind it, over all its attempts."""

    verdict: Verdict
    elapsed_s: float


class _Job:
    """A check on its way through a queue."""

    def __init__(self, task: GraderTask) -> None:
        self.task = task
        self.done: asyncio.Future[Graded] = asyncio.get_running_loop().create_future()


class OverdueError(Exception):
    """The check outlasted its queue, or asked for more patience than it has."""

    def __init__(self, elapsed_s: float) -> None:
        super().__init__(elapsed_s)
        self.elapsed_s = elapsed_s


class QueueFullError(Exception):
    """Too many checks wait for this queue: one more would only come too late."""


class ProcessQueue:
    """A queue and the runners that take from it, each with one process at a time."""

    def __init__(
        self,
        fork_server: ForkServer,
        name: str,
        *,
        processes: int,
        timeout_s: float,
        nice: int = 0,
        most_waiting: int = 1_000_000,
    ) -> None:
        self.fork_server = fork_server
        self.name = name
        self.processes = processes
        self.timeout_s = timeout_s
        self.nice = nice
        self.most_waiting = most_waiting
        self._queue: collections.deque[_Job] = collections.deque()
        self._wake = asyncio.Event()
        self._runners: list[asyncio.Task[None]] = []

    @property
    def waiting(self) -> int:
        """How many checks wait for a process."""
        return len(self._queue)

    def start(self) -> None:
        """Start the runners; processes start with them."""
        for index in range(self.processes):
            runner = _Runner(self)
            self._runners.append(asyncio.create_task(runner.run(), name=f"rule {self.name} {index}"))

    async def stop(self) -> None:
        """Cancel the runners and what waits."""
        for task in self._runners:
            task.cancel()
        await asyncio.gather(*self._runners, return_exceptions=True)
        self._runners.clear()
        for job in self._queue:
            job.done.cancel()
        self._queue.clear()

    async def grade(self, task: GraderTask) -> Graded:
        """Return the verdict; raise OverdueError if the check outlasts the queue, FullError if too many wait."""
        if len(self._queue) >= self.most_waiting:
            raise QueueFullError(self.name)
        job = _Job(task)
        self._queue.append(job)
        self._wake.set()
        return await job.done

    async def batch(self) -> list[_Job]:
        """Return the next jobs; waits for at least one."""
        while True:
            while self._queue and self._queue[0].done.done():
                self._queue.popleft()
            if self._queue:
                share = len(self._queue) // self.processes
                return [self._queue.popleft() for _ in range(min(len(self._queue), max(1, min(_BATCH, share))))]
            self._wake.clear()
            await self._wake.wait()

    def give_back(self, jobs: list[_Job]) -> None:
        """Put unstarted jobs back in front."""
        self._queue.extendleft(reversed(jobs))
        if jobs:
            self._wake.set()


class _Runner:
    """One process at a time, one batch at a time."""

    def __init__(self, queue: ProcessQueue) -> None:
        self.queue = queue
        self.hello: GraderHello | None = None
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self) -> None:
        try:
            while True:
                with contextlib.suppress(Exception):  # work() tries again, and says what is wrong
                    await self.ensure()
                await self.work(await self.queue.batch())
        finally:
            self.drop()

    async def ensure(self) -> None:
        """Have a process, started ahead of the work."""
        if self.streams is None:
            reader, writer, self.hello = await self.queue.fork_server.fork()
            self.streams = reader, writer
            with contextlib.suppress(OSError):
                nice = os.getpriority(os.PRIO_PROCESS, 0) + self.queue.nice
                os.setpriority(os.PRIO_PROCESS, self.hello.pid, nice)

    async def work(self, jobs: list[_Job]) -> None:
        """Send a batch and settle each job as its answer comes; what was not begun goes back."""
        jobs = [job for job in jobs if not job.done.done()]
        left = collections.deque(jobs)
        try:
            await self.ensure()
            await self.send([job.task for job in jobs])
            while left:
                if await self.settle(left[0]):
                    left.popleft()
                    break
                left.popleft()
        except _LOST as exc:  # between checks: nobody's check was running
            _log.warning("no grader process in queue %s (%r); trying again", self.queue.name, exc)
            self.drop()
            await asyncio.sleep(_PAUSE_S)
        except _NO_GRADERS:  # the fork server has said why
            self.give_up(left, "the graders do not load")
            await asyncio.sleep(_PAUSE_S)
        except Exception:  # noqa: BLE001 (whatever it is, these checks are undecided and the queue goes on)
            _log.exception("queue %s could not grade a batch", self.queue.name)
            self.drop()
            self.give_up(left, "the sandbox failed")
        finally:
            self.queue.give_back(list(left))

    async def settle(self, job: _Job) -> bool:
        """Await one answer; say whether the process is gone afterwards."""
        started = time.monotonic()
        job.done.add_done_callback(self.on_settled)
        try:
            async with asyncio.timeout(self.queue.timeout_s):
                answer = await self.receive()
        except TimeoutError:
            self.drop()
            self.finish(job, OverdueError(time.monotonic() - started))
            return True
        except (OSError, asyncio.IncompleteReadError):
            self.drop()
            verdict = Verdict(outcome=Outcome.UNDECIDED, grader=job.task.grader, reason="the grader process died")
            self.finish(job, Graded(verdict, time.monotonic() - started))
            return True
        finally:
            job.done.remove_done_callback(self.on_settled)
        spent_s = time.monotonic() - started
        self.finish(job, OverdueError(spent_s) if answer.verdict is None else Graded(answer.verdict, spent_s))
        if answer.leaving:
            self.drop()
        return answer.leaving

    def give_up(self, left: collections.deque[_Job], reason: str) -> None:
        while left:
            job = left.popleft()
            verdict = Verdict(outcome=Outcome.UNDECIDED, grader=job.task.grader, reason=reason)
            self.finish(job, Graded(verdict, 0.0))

    def on_settled(self, done: asyncio.Future[Graded]) -> None:
        """Kill the process when the caller gives up the check that it is working on."""
        if done.cancelled():
            self.drop()

    def finish(self, job: _Job, result: Graded | OverdueError) -> None:
        if job.done.done():
            return
        if isinstance(result, Graded):
            job.done.set_result(result)
        else:
            job.done.set_exception(result)

    def drop(self) -> None:
        """Kill the process, if there is one."""
        if self.hello is not None:
            self.queue.fork_server.kill(self.hello.pid)
        if self.streams is not None:
            self.streams[1].close()
        self.hello = self.streams = None

    async def send(self, tasks: list[GraderTask]) -> None:
        if self.streams is None:
            raise ConnectionError("no process")
        body = msgspec.msgpack.encode(tasks)
        self.streams[1].write(HEADER.pack(len(body)) + body)
        await self.streams[1].drain()

    async def receive(self) -> GraderReply:
        if self.streams is None:
            raise ConnectionError("no process")
        return msgspec.msgpack.decode(await receive(self.streams[0]), type=GraderReply)
