"""Shadow verifier: judges a share of what the live one judged, and counts where they differ. Nothing else comes of it.

- Off the way of rewards: work is offered after its verdict, never waited for, and dropped where too much is waiting.
- Its faults are its own: a server that is away is tried again with pauses, and no rollout hears of it.
- Which rollouts are in the share depends on their texts alone, so that every worker draws the same.
- Counts go to `count_into`'s sink each second: what is new, so that a restarted worker repeats nothing.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Final, Self

import msgspec

from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.messages import Work
from tinyv_stream.errors import BrokerError, EngineDiedError, EngineStartError
from tinyv_stream.types import Outcome, Verdict
from tinyv_stream_workers.verifier import Verifier

_log: Final = logging.getLogger(__name__)

Sink = Callable[[Mapping[str, int]], Awaitable[None]]

_TOGETHER: Final = 8
"""Requests under way: a shadow is in no hurry, and its server may be somebody else's."""
_FLUSH_S: Final = 1.0
_AGAIN_S: Final = 30.0
"""Pause before a shadow that did not start is tried again."""
_DECIDED: Final = frozenset({Outcome.CORRECT, Outcome.INCORRECT})


class Shadow:
    """Opened and closed with the live verifier; opening waits for nothing."""

    def __init__(self, verifier: Verifier, *, share: float, most_waiting: int, again_s: float = _AGAIN_S) -> None:
        self._verifier = verifier
        self._share = share
        self._again_s = again_s
        self._waiting: asyncio.Queue[tuple[Work, Verdict]] = asyncio.Queue(most_waiting)
        self._fresh: Counter[str] = Counter()
        self._sink: Sink | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.counts: Counter[str] = Counter()
        """Since the start: shadow_agree, shadow_accepts and shadow_refuses (where the live one did not), and others."""

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._serve(), name="shadow"),
            asyncio.create_task(self._flush(), name="shadow counts"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await cancel_all(self._tasks)

    def count_into(self, sink: Sink) -> None:
        """Give counts to `sink` from here on; what it does not take, raising BrokerError, is given again."""
        self._sink = sink

    def offer(self, work: Work, verdict: Verdict) -> None:
        """Take a rollout with its live verdict, if it is in the share and there is room. Never blocks."""
        if not is_in_share(work, self._share):
            return
        try:
            self._waiting.put_nowait((work, verdict))
        except asyncio.QueueFull:
            self._count("shadow_dropped")

    def describe(self) -> str:
        """Say what judges, in which state, and how often it differed."""
        about = self._verifier.describe()
        same, differ = self.counts["shadow_agree"], self.counts["shadow_accepts"] + self.counts["shadow_refuses"]
        return f"{about.get('model', '')} ({about.get('state', '')}), {differ} of {same + differ} differ"

    async def _serve(self) -> None:
        """Keep the verifier open, and judge."""
        while True:
            try:
                async with self._verifier, asyncio.TaskGroup() as group:
                    for n in range(_TOGETHER):
                        group.create_task(self._judge(), name=f"shadow {n}")
            except EngineStartError as exc:
                _log.warning("the shadow verifier is not there, rewards go on without it: %s", exc)
            except Exception:  # noqa: BLE001 (whatever it is, it is no business of rewards)
                _log.exception("the shadow verifier failed, rewards go on without it")
            await asyncio.sleep(self._again_s)

    async def _judge(self) -> None:
        while True:
            work, live = await self._waiting.get()
            await self._verifier.ready()
            try:
                found = (await self._verifier.verify(work)).verdict
            except EngineDiedError:
                self._count("shadow_failed")
                continue
            self._count(compared(live, found))

    def _count(self, name: str) -> None:
        self.counts[name] += 1
        self._fresh[name] += 1

    async def _flush(self) -> None:
        log_limit = LogLimit()
        while True:
            await asyncio.sleep(_FLUSH_S)
            if self._sink is None or not self._fresh:
                continue
            taken, self._fresh = self._fresh, Counter()
            try:
                await self._sink(taken)
            except BrokerError as exc:
                self._fresh.update(taken)
                if log_limit.is_due():
                    _log.warning("the shadow's counts wait: %s", exc)


def compared(live: Verdict, shadow: Verdict) -> str:
    """Return the name under which a pair of verdicts is counted."""
    if live.outcome not in _DECIDED or shadow.outcome not in _DECIDED:
        return "shadow_undecided"
    if live.outcome is shadow.outcome:
        return "shadow_agree"
    return "shadow_accepts" if shadow.outcome is Outcome.CORRECT else "shadow_refuses"


def is_in_share(work: Work, share: float) -> bool:
    """Tell whether a question with its answer is in the share that is judged twice."""
    text = msgspec.json.encode((work.question, work.ground_truth, work.model_answer))
    place = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())
    return place < share * 2**64
