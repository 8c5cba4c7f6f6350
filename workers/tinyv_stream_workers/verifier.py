"""Verifier protocol of a worker. Both stages run the same `Worker` with another one of these."""

from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import msgspec

from tinyv_stream.broker.messages import Work
from tinyv_stream.types import Stage, Verdict


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with what the stage learned on the way."""

    verdict: Verdict
    model_answer: str | None = None
    """The answer cut out of the completion; the rule stage sets it, and TinyV is asked about it."""
    elapsed_s: float = 0.0
    """Work time alone: waiting for a free process or for the engine's turn is not in it."""


class Verifier(Protocol):
    """Gives verdicts, many at a time. Opened by `async with`; its `verify` may be called concurrently."""

    @property
    def stage(self) -> Stage:
        """Which queue it reads."""
        ...

    @property
    def slots(self) -> int:
        """How many rollouts it wants to hold at once; read before every claim."""
        ...

    async def __aenter__(self) -> Self:
        """Start what it needs; raise EngineStartError if it cannot."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Stop what it started, and kill what does not stop."""
        ...

    async def ready(self) -> None:
        """Return once it can take work; waits while an engine is being restarted."""
        ...

    async def verify(self, work: Work) -> Finding:
        """Return the finding for one work.

        A timeout, a crash of a grader or an unreadable reply is the outcome `undecided`, not an error.
        Raises EngineDiedError when the engine went away under it: the worker gives the work back uncounted.
        A cancellation stops the work and leaves nothing running for it.
        """
        ...

    def describe(self) -> dict[str, str]:
        """Say what it is, for `status`: engine, version, model, state."""
        ...


@runtime_checkable
class Counting(Protocol):
    """A verifier that counts what a pool's status should show."""

    def count_into(self, sink: Callable[[Mapping[str, int]], Awaitable[None]]) -> None:
        """Give counts to `sink` from here on: names with what was added since the last time."""
        ...


@runtime_checkable
class Switchable(Verifier, Protocol):
    """A verifier whose model can be changed, and sent to sleep, while its worker runs and holds nothing."""

    def choose(self, model: str, revision: str) -> None:
        """Be opened with this model in place of the configured one."""
        ...

    async def fetch(self, model: str, revision: str) -> bool:
        """Prepare for `switch` while the present model goes on judging; False if it is the present one.

        Raises EngineStartError if there is no such model. A cancellation leaves everything as it is.
        """
        ...

    async def switch(self) -> None:
        """Judge with the model that was fetched.

        Raises EngineStartError if it does not start; then the present one judges again, or `ready` raises.
        A cancellation leaves no engine: the verifier is to be closed.
        """
        ...

    async def sleep(self) -> None:
        """Free what can be freed; until `wake`, `ready` waits."""
        ...

    async def wake(self) -> None:
        """Judge again; raise EngineStartError if the engine was given up."""
        ...
