"""Checks in warm, killable processes, with a deadline held from outside. asyncio all through; no thread, no executor.

- The clock of a check starts when a process begins it, not while it waits. At the deadline the process is killed.
- A killed or crashed check is `undecided`, with a reason; the others of its batch go to the next process.
- Two lanes: a check that outlasts the quick lane's slice moves, once, to the patient lane, whose processes run at low
  priority. So slow checks wait for one another, and not in the way of the many quick ones.
- `kill -9` of the worker leaves no process; leaving the `async with` leaves none either.
- A cancelled check is dropped from the queue, or its process is killed if it runs.
"""

import asyncio
import collections
import contextlib
import logging
import os
import socket
import sys
import time
from types import TracebackType
from typing import Final, Self

import msgspec

from tinyv_stream.errors import EngineStartError, InvalidInputError
from tinyv_stream.types import Outcome, Verdict
from workers.rule.graders import Check
from workers.rule.sandbox_child import FORK, HEADER, KILL, READY, REFUSED, Answer, Hello, Settings, Task

_log = logging.getLogger(__name__)

_BATCH: Final = 8
"""Most checks sent at a time: enough to hide the round trip, few enough that a killed one delays few others."""
_SLICE_S: Final = 0.15
"""Quick lane: nearly all checks end within it; the few that do not are worth a second start elsewhere."""
_START_S: Final = 60.0
"""Most time for importing the graders, on a busy machine."""
_PATIENT_NICE: Final = 10
_PAUSE_S: Final = 0.1
"""Between attempts to get a process that does not come."""
_LOST: Final = (OSError, asyncio.IncompleteReadError, TimeoutError, EngineStartError)
"""How the loss of a process, or of the whole nursery, shows itself."""


class Graded(msgspec.Struct, frozen=True):
    """A verdict and the seconds of work behind it, over all its attempts."""

    verdict: Verdict
    elapsed_s: float


class _Job:
    """A check on its way through a lane."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.done: asyncio.Future[Graded] = asyncio.get_running_loop().create_future()


class _TimedOutError(Exception):
    """The check outlasted its lane."""

    def __init__(self, elapsed_s: float) -> None:
        super().__init__(elapsed_s)
        self.elapsed_s = elapsed_s


class Sandbox:
    """A nursery and its two lanes. Opened by `async with`; `grade` may be called concurrently."""

    def __init__(self, *, graders: tuple[str, ...], processes: int, timeout_s: float, memory_mb: int) -> None:
        self._nursery = Nursery(Settings(graders, memory_mb, rss_mb=max(256, memory_mb // 4)))
        slice_s = min(_SLICE_S, timeout_s)
        self._quick = Lane(self._nursery, "quick", processes=processes, timeout_s=slice_s)
        self._patient = Lane(self._nursery, "patient", processes=1, timeout_s=timeout_s, nice=_PATIENT_NICE)
        self._timeout_s = timeout_s
        self.killed = 0
        """Checks that were killed at the deadline."""

    async def __aenter__(self) -> Self:
        """Start the nursery and the quick lane; raise InvalidInputError or EngineStartError if it cannot load."""
        await self._nursery.start()
        self._quick.start()
        self._patient.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Kill every process; open checks are cancelled."""
        await self._quick.stop()
        await self._patient.stop()
        await self._nursery.stop()

    async def grade(self, grader: str, check: Check) -> Graded:
        """Return the verdict of the grader called `grader`; undecided if it was killed, crashed or raised."""
        task = Task(grader, check)
        spent_s = 0.0
        for lane in (self._quick, self._patient):
            try:
                graded = await lane.grade(task)
            except _TimedOutError as exc:
                spent_s += exc.elapsed_s
            else:
                return Graded(graded.verdict, graded.elapsed_s + spent_s)
        self.killed += 1
        reason = f"killed after {self._timeout_s:g} s"
        return Graded(Verdict(outcome=Outcome.UNDECIDED, grader=grader, reason=reason), spent_s)


class Nursery:
    """Handle of the process that forks grader processes; restarts it if it dies."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Start the process and wait until its graders are loaded."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "workers.rule.sandbox_child",
                str(theirs.fileno()),
                msgspec.json.encode(self._settings).decode(),
                env=_clean_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._control = ours
        try:
            async with asyncio.timeout(_START_S):
                said = await asyncio.get_running_loop().sock_recv(ours, 8192)
        except (TimeoutError, OSError) as exc:
            await self.stop()
            raise EngineStartError(f"the graders did not load ({exc!r})", "see `tinyv-stream doctor`") from exc
        if said[:1] == REFUSED:
            await self.stop()
            raise InvalidInputError("grader", ", ".join(self._settings.graders), said[1:].decode())
        if said != READY:
            await self.stop()
            raise EngineStartError("the grader process ended at once", "see `tinyv-stream doctor`")

    async def stop(self) -> None:
        """Kill the process; the kernel kills its children with it."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None

    async def fork(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, Hello]:
        """Return the streams of a fresh grader process; raise OSError if there is none to be had."""
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                _log.warning("the grader nursery died; starting another")
                await self.stop()
                await self.start()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs:
                if self._control is None:
                    raise ConnectionError("the nursery is closed")
                socket.send_fds(self._control, [FORK], [theirs.fileno()])
            reader, writer = await asyncio.open_unix_connection(sock=ours)
        except BaseException:
            ours.close()
            raise
        try:
            async with asyncio.timeout(_START_S):
                hello = msgspec.msgpack.decode(await receive(reader), type=Hello)
        except BaseException:
            writer.close()
            raise
        return reader, writer, hello

    def kill(self, pid: int) -> None:
        """Have the group of a grader process killed."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.send(KILL + str(pid).encode())


class Lane:
    """A queue and the runners that take from it, each with one process at a time."""

    def __init__(self, nursery: Nursery, name: str, *, processes: int, timeout_s: float, nice: int = 0) -> None:
        self.nursery = nursery
        self.name = name
        self.processes = processes
        self.timeout_s = timeout_s
        self.nice = nice
        self._queue: collections.deque[_Job] = collections.deque()
        self._wake = asyncio.Event()
        self._runners: list[asyncio.Task[None]] = []

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

    async def grade(self, task: Task) -> Graded:
        """Return the verdict; raise _TimedOutError if the check outlasts the lane."""
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

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.hello: Hello | None = None
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self) -> None:
        try:
            while True:
                with contextlib.suppress(*_LOST):  # work() tries again, and says what is wrong
                    await self.ensure()
                await self.work(await self.lane.batch())
        finally:
            self.drop()

    async def ensure(self) -> None:
        """Have a process, started ahead of the work."""
        if self.streams is None:
            reader, writer, self.hello = await self.lane.nursery.fork()
            self.streams = reader, writer
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.hello.pid, self.lane.nice)

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
            _log.warning("no grader process in lane %s (%r); trying again", self.lane.name, exc)
            self.drop()
            await asyncio.sleep(_PAUSE_S)
        finally:
            self.lane.give_back(list(left))

    async def settle(self, job: _Job) -> bool:
        """Await one answer; say whether the process is gone afterwards."""
        started = time.monotonic()
        job.done.add_done_callback(self.on_settled)
        try:
            async with asyncio.timeout(self.lane.timeout_s):
                answer = await self.receive()
        except TimeoutError:
            self.drop()
            self.finish(job, _TimedOutError(time.monotonic() - started))
            return True
        except (OSError, asyncio.IncompleteReadError):
            self.drop()
            verdict = Verdict(outcome=Outcome.UNDECIDED, grader=job.task.grader, reason="the grader process died")
            self.finish(job, Graded(verdict, time.monotonic() - started))
            return True
        finally:
            job.done.remove_done_callback(self.on_settled)
        self.finish(job, Graded(answer.verdict, time.monotonic() - started))
        if answer.leaving:
            self.drop()
        return answer.leaving

    def on_settled(self, done: asyncio.Future[Graded]) -> None:
        """Kill the process when the caller gives up the check that it is working on."""
        if done.cancelled():
            self.drop()

    def finish(self, job: _Job, result: Graded | _TimedOutError) -> None:
        if job.done.done():
            return
        if isinstance(result, Graded):
            job.done.set_result(result)
        else:
            job.done.set_exception(result)

    def drop(self) -> None:
        """Kill the process, if there is one."""
        if self.hello is not None:
            self.lane.nursery.kill(self.hello.pid)
        if self.streams is not None:
            self.streams[1].close()
        self.hello = self.streams = None

    async def send(self, tasks: list[Task]) -> None:
        if self.streams is None:
            raise ConnectionError("no process")
        body = msgspec.msgpack.encode(tasks)
        self.streams[1].write(HEADER.pack(len(body)) + body)
        await self.streams[1].drain()

    async def receive(self) -> Answer:
        if self.streams is None:
            raise ConnectionError("no process")
        return msgspec.msgpack.decode(await receive(self.streams[0]), type=Answer)


async def receive(reader: asyncio.StreamReader) -> bytes:
    """Return the next frame; raise IncompleteReadError at the end."""
    (size,) = HEADER.unpack(await reader.readexactly(HEADER.size))
    return await reader.readexactly(size)


def _clean_environment() -> dict[str, str]:
    """Return the whole environment of a grader process: where Python finds code, and no secret."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
    }
