"""Settings of an adapter, from keywords and environment. Times are seconds."""

import os
from collections.abc import Mapping
from typing import Final

import msgspec

from tinyv_stream.adapter_kit.reward_values import OnUndecided, Policy, policy_of
from tinyv_stream.embedded_server.discovery import find_running
from tinyv_stream.errors import InvalidInputError

ENVIRONMENT: Final[Mapping[str, str]] = {
    "redis_url": "TINYV_REDIS_URL",
    "run_id": "TINYV_RUN_ID",
    "pool": "TINYV_POOL",
    "on_undecided": "TINYV_ON_UNDECIDED",
    "data_source": "TINYV_DATA_SOURCE",
    "deadline_s": "TINYV_DEADLINE_S",
    "answer_s": "TINYV_ANSWER_S",
    "max_inflight": "TINYV_MAX_INFLIGHT",
    "record": "TINYV_RECORD",
}
"""Setting -> environment variable. A keyword comes before the variable, the variable before the default."""


class AdapterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an adapter reaches its pool, and what it does with a rollout that nobody decided."""

    redis_url: str = ""
    """The pool's broker; empty: the pool that this user runs on this machine."""
    run_id: str = "train"
    pool: str = "main"
    on_undecided: str | float = OnUndecided.ABSTAIN
    """abstain, rule, raise or a number; see `OnUndecided`."""
    data_source: str = "trainer_tinyv"
    """For samples that name none. `_tinyv` in it means: rules first, then TinyV."""
    deadline_s: float = 300.0
    """By when a rollout is rewarded, from its submission."""
    answer_s: float = 600.0
    """By when the trainer has an answer in any case, from its request: waiting for credit included."""
    max_inflight: int = 4096
    """Rollouts of one process that may be unrewarded; beyond it a submit waits."""
    record: str = ""
    """Directory of the durable record, texts included; empty: as the pool on this machine asks for (`up --board`)."""

    @property
    def policy(self) -> Policy:
        """What to do with a rollout that nobody decided."""
        return policy_of(self.on_undecided)


def read_settings(given: Mapping[str, object] | None = None, **defaults: object) -> AdapterSettings:
    """Return the settings from `given`, the environment, and a trainer's `defaults`; raise InvalidInputError."""
    variables = {key: os.environ[name] for key, name in ENVIRONMENT.items() if os.environ.get(name)}
    given = {key: value for key, value in (given or {}).items() if value is not None}
    try:
        made = msgspec.convert({**defaults, **variables, **given}, AdapterSettings, strict=False)
    except msgspec.ValidationError as exc:
        known = ", ".join(ENVIRONMENT)
        raise InvalidInputError("tinyv settings", str(exc), f"give {known}, each of its own type") from exc
    policy_of(made.on_undecided)
    return made


def broker_url(chosen: AdapterSettings) -> str:
    """Return the URL of the pool's broker; raise InvalidInputError if none was given and no pool runs here."""
    if chosen.redis_url:
        return chosen.redis_url
    found = find_running(chosen.pool)
    if found is None:
        raise InvalidInputError("TINYV_REDIS_URL", "", "give the pool's URL, or start `tinyv-stream up` here")
    return found.url


def record_of(chosen: AdapterSettings) -> str | None:
    """Return where to record: as set, or as the pool on this machine asks for (`up --board`)."""
    if chosen.record or chosen.redis_url:
        return chosen.record or None
    found = find_running(chosen.pool)
    return (found.record if found else "") or None
