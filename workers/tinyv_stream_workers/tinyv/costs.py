"""Costs of verdicts: calls of the engine and tokens, counted where they are asked for."""

import msgspec

from tinyv_stream.verifiers.tinyv.read_out import Reading


class Costs(msgspec.Struct):
    """Sums since the start, or since they were taken."""

    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    reply_tokens: int = 0
    mass: float = 0.0
    """Of one-token readings: probability of all the verdict's words together."""
    masses: int = 0
    """How many of those there were."""

    def add(self, reading: Reading) -> None:
        """Count one call."""
        self.calls += 1
        self.prompt_tokens += reading.prompt_tokens
        self.cached_tokens += reading.cached_tokens
        self.reply_tokens += reading.reply_tokens
        if reading.mass is not None:
            self.mass += reading.mass
            self.masses += 1
