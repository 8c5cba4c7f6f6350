"""A scripted engine: no model, verdicts by rule, for tests and soaks. It is never chosen unless asked for by name.

Says P(true) = 1 where the prompt's answer equals its reference, up to case and white space, and 0 otherwise; an
answer that holds `[[true]]`, `[[false]]` or `[[undecided]]` decides for itself. `TINYV_SCRIPTED_DELAY_S` is the
time of one reading, `TINYV_SCRIPTED_START_S` that of a start. A model whose name ends in `-missing` cannot be fetched,
one that ends in `-broken` does not start, and one that ends in `-slow` takes an hour for it.
"""

import asyncio
import os
import re
from collections import deque
from collections.abc import Callable
from typing import Final

from tinyv_stream.errors import EngineDiedError, EngineStartError
from tinyv_stream.verifiers.tinyv.read_out import Reading

DELAY_ENV: Final = "TINYV_SCRIPTED_DELAY_S"
START_ENV: Final = "TINYV_SCRIPTED_START_S"

_FIELDS: Final = re.compile(
    r"<ground_truth_answer>(.*?)</ground_truth_answer>\s*<model_answer>(.*?)</model_answer>", re.DOTALL
)
_MARKERS: Final[dict[str, float | None]] = {"[[true]]": 1.0, "[[false]]": 0.0, "[[undecided]]": None}


def by_rule(prompt: str) -> float | None:
    """Return P(true) of a prompt in TinyV's format, or None for undecided."""
    fields = _FIELDS.search(prompt)
    if fields is None:
        return None
    reference, answer = (" ".join(text.split()).casefold() for text in fields.groups())
    for marker, p_true in _MARKERS.items():
        if marker in answer:
            return p_true
    return 1.0 if answer == reference else 0.0


class ScriptedEngine:
    """Implements Engine by a rule; `kill` and `freeze` do to it what happens to real ones."""

    def __init__(
        self, rule: Callable[[str], float | None] = by_rule, *, capacity: int = 64, model: str = "scripted"
    ) -> None:
        self._rule = rule
        self._model = model
        self._capacity = capacity
        self._delay_s = float(os.environ.get(DELAY_ENV, "0"))
        self._start_s = float(os.environ.get(START_ENV, "0"))
        self._dead = asyncio.Event()
        self._frozen = False
        self.prompts: deque[str] = deque(maxlen=100_000)
        """The prompts that were read, in order."""
        self.starts = 0

    @property
    def capacity(self) -> int:
        """As given."""
        return self._capacity

    @property
    def markers(self) -> tuple[str, ...]:
        """None: there is no tokenizer."""
        return ()

    async def fetch(self) -> None:
        """Be there, unless the name says otherwise."""
        if self._model.endswith("-missing"):
            raise EngineStartError(f"no {self._model}", "check tinyv.model")

    async def start(self) -> None:
        """Come up, also after a kill or a freeze, unless the name says otherwise."""
        await self.fetch()
        await asyncio.sleep(3_600.0 if self._model.endswith("-slow") else self._start_s)
        if self._model.endswith("-broken"):
            raise EngineStartError(f"{self._model} cannot be loaded", "choose another tinyv.model")
        self._dead.clear()
        self._frozen = False
        self.starts += 1

    async def stop(self) -> None:
        """End as by a kill."""
        self.kill()

    async def sleep(self) -> None:
        """End, as an engine that frees everything."""
        self.kill()

    async def wake(self) -> None:
        """Start again."""
        await self.start()

    def kill(self) -> None:
        """Make reads raise at once."""
        self._dead.set()

    def freeze(self) -> None:
        """Stop answering without an error, as a stopped process does."""
        self._frozen = True

    async def read(self, prompt: str, *, priority: int = 0, fresh: bool = False) -> Reading:  # noqa: ARG002 - the protocol's
        """Apply the rule after the delay."""
        self.prompts.append(prompt)
        try:
            async with asyncio.timeout(None if self._frozen else self._delay_s):
                await self._dead.wait()
        except TimeoutError:
            value = self._rule(prompt)
            return Reading(p_true=value, prompt_tokens=len(prompt) // 4)
        raise EngineDiedError("the scripted engine died")

    async def forget(self) -> None:
        """Nothing: there is no cache."""

    async def beat(self) -> None:
        """Return at once, unless frozen or dead."""
        if self._frozen:
            await self._dead.wait()
        if self._dead.is_set():
            raise EngineDiedError("the scripted engine died")

    def describe(self) -> dict[str, str]:
        """Say that nothing was judged by a model."""
        return {"engine": "scripted", "version": "1", "model": self._model}
