"""Engine protocol of the TinyV stage: one prompt in, one reading out. Nothing heavy is imported here.

- A reading carries evidence (a probability or a text), never a verdict: `decision` makes that.
- An engine that dies under a request raises EngineDiedError; an aborted request is a reading without evidence.
- An engine does not restart itself: `supervisor` does.
"""

from typing import Protocol

from tinyv_stream.errors import EngineError
from tinyv_stream.verifiers.tinyv.read_out import Reading


class PromptTooLongError(EngineError):
    """The prompt and its reply do not fit into the model's context."""

    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(f"prompt of {tokens} tokens, {limit} fit")
        self.tokens = tokens
        self.limit = limit


class Engine(Protocol):
    """One model being served. `start` and `stop` may alternate; `read` may be called concurrently in between."""

    @property
    def capacity(self) -> int:
        """How many prompts it works on together."""
        ...

    @property
    def markers(self) -> tuple[str, ...]:
        """Special tokens of the model's tokenizer, which no answer may contain; known after `start`."""
        ...

    async def fetch(self) -> None:
        """Bring the model onto this disk, so that `start` is short; raise EngineStartError if there is none.

        Takes no memory that a running engine needs. `describe` knows the revision afterwards.
        """
        ...

    async def start(self) -> None:
        """Load the model; raise EngineStartError naming the setting to change.

        A cancellation kills what was started.
        """
        ...

    async def sleep(self) -> None:
        """Free what `tinyv.engine.sleep` says, while nothing is being read; `wake` or `stop` follows."""
        ...

    async def wake(self) -> None:
        """Take reads again; raise EngineStartError or EngineDiedError if that fails."""
        ...

    async def stop(self) -> None:
        """Stop, by force where asking does not help; in-flight reads raise EngineDiedError. Idempotent."""
        ...

    def kill(self) -> None:
        """End the engine's processes now; `stop` still has to follow."""
        ...

    async def read(self, prompt: str, *, priority: int = 0, fresh: bool = False) -> Reading:
        """Return the reading of a user turn; a lower priority number is served first.

        `fresh` keeps the prefix cache out of it, where the engine can.

        Raises PromptTooLongError before any work, and EngineDiedError when the engine went away. A cancellation
        aborts the request inside the engine.
        """
        ...

    async def beat(self) -> None:
        """Return when the engine gives a sign of life; raise EngineDiedError if it is known to be dead.

        A frozen engine does not return: the caller brings the timeout.
        """
        ...

    def describe(self) -> dict[str, str]:
        """Say engine, version and model (with its revision)."""
        ...
