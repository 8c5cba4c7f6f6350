"""Verifier of a worker that may pay: with `tinyv.require_check` no model answers that has not passed its check here.

- Asked where a worker opens its verifier, whoever started it, and again for each model that the pool is switched to.
- The check counts on the machine that computes: its record is beside the model's files, or in this machine's cache.
- A scripted engine is exempt, and so is a shadow: it pays nothing.
"""

from typing import Self

import msgspec

from tinyv_stream.config import TinyVConfig
from tinyv_stream.errors import EngineStartError, InvalidInputError
from tinyv_stream.lab.check.record import objection
from tinyv_stream.verifiers.tinyv.models import ModelRow
from tinyv_stream_workers.tinyv.engines.api import Engine
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier


class CheckedVerifier(TinyVVerifier):
    """A TinyVVerifier that asks for the check of whatever model it is to run."""

    def __init__(self, config: TinyVConfig, *, engine: Engine | None = None, row: ModelRow | None = None) -> None:
        super().__init__(config, engine=engine, row=row)
        self._as_configured = config
        self._switched: tuple[str, str] | None = None

    async def __aenter__(self) -> Self:
        """Start the engine; besides what TinyVVerifier raises, refuse a model that may not pay.

        InvalidInputError for the configured one, EngineStartError for one that the pool was switched to.
        """
        if self._switched:
            self._demand_check(*self._switched)
        elif found := self._fault(self._as_configured.model, self._as_configured.revision):
            raise InvalidInputError("tinyv.model", self._as_configured.model, ": ".join(found))
        return await super().__aenter__()

    def choose(self, model: str, revision: str) -> None:
        """Be opened with this model; see Switchable."""
        super().choose(model, revision)
        self._switched = model, revision

    async def fetch(self, model: str, revision: str) -> bool:
        """Bring the model here; raise EngineStartError where it may not pay: then everyone keeps theirs."""
        self._demand_check(model, revision)
        return await super().fetch(model, revision)

    def _demand_check(self, model: str, revision: str) -> None:
        if found := self._fault(model, revision):
            raise EngineStartError(*found)

    def _fault(self, model: str, revision: str) -> tuple[str, str] | None:
        config = msgspec.structs.replace(self._as_configured, model=model, revision=revision)
        if not config.require_check or config.engine.kind == "scripted":
            return None
        found = objection(config)
        name = config.row()[0]
        remedy = f"run `tinyv-stream verifier check {name}` on this machine, or set require_check = false"
        return (f"the verifier {name} may not pay rewards: {found}", remedy) if found else None
