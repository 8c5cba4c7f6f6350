"""What every adapter shares: settings from keywords and environment, and one client per event loop.

- A trainer's process may have several loops, and may come and go by spawn or fork: a client belongs to the loop
  that asked first, and is never handed to another.
- No trainer tells a reward source that it is over, so nothing here needs closing: what a process leaves behind when
  it ends is ended in the pool by its deadlines. `close` is for those who can call it.
- Adapters translate names and shapes; who is asked and what it is worth is decided in the pool.
"""

import asyncio
import hashlib
import os
import threading
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Final, TypeVar

import msgspec

from tinyv_stream import InvalidInputError, RewardClient, Rollout
from tinyv_stream.adapter_kit.requests import Asker
from tinyv_stream.adapter_kit.reward_values import Judged, OnUndecided, Policy, fitted, needs_usual, policy_of
from tinyv_stream.embedded_server.discovery import find_running

T = TypeVar("T")

ENVIRONMENT: Final[Mapping[str, str]] = {
    "redis_url": "TINYV_REDIS_URL",
    "run_id": "TINYV_RUN_ID",
    "pool": "TINYV_POOL",
    "on_undecided": "TINYV_ON_UNDECIDED",
    "data_source": "TINYV_DATA_SOURCE",
    "deadline_s": "TINYV_DEADLINE_S",
    "answer_s": "TINYV_ANSWER_S",
    "max_inflight": "TINYV_MAX_INFLIGHT",
}
"""Setting -> environment variable. A keyword comes before the variable, the variable before the default."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an adapter reaches its pool, and what it does with a rollout that nobody decided."""

    redis_url: str = ""
    """The pool's broker; empty: the pool that this user runs on this machine."""
    run_id: str = "train"
    pool: str = "main"
    on_undecided: str | float = OnUndecided.ABSTAIN
    """abstain, rule, raise or a number; see `tinyv_stream.adapter_kit.reward_values`."""
    data_source: str = "trainer_tinyv"
    """For samples that name none. `_tinyv` in it means: rules first, then TinyV."""
    deadline_s: float = 300.0
    """By when a rollout is rewarded, from its submission."""
    answer_s: float = 600.0
    """By when the trainer has an answer in any case, from its question: waiting for credit included."""
    max_inflight: int = 4096
    """Rollouts of one process that may be unrewarded; beyond it a submit waits."""

    @property
    def policy(self) -> Policy:
        """What to do with a rollout that nobody decided."""
        return policy_of(self.on_undecided)


def settings(given: Mapping[str, object] | None = None, **defaults: object) -> Settings:
    """Return the settings from `given`, the environment, and a trainer's `defaults`; raise InvalidInputError."""
    said = {key: os.environ[name] for key, name in ENVIRONMENT.items() if os.environ.get(name)}
    given = {key: value for key, value in (given or {}).items() if value is not None}
    try:
        made = msgspec.convert({**defaults, **said, **given}, Settings, strict=False)
    except msgspec.ValidationError as exc:
        known = ", ".join(ENVIRONMENT)
        raise InvalidInputError("tinyv settings", str(exc), f"give {known}, each of its own type") from exc
    policy_of(made.on_undecided)
    return made


def broker_url(chosen: Settings) -> str:
    """Return the URL of the pool's broker; raise InvalidInputError if none was given and no pool runs here."""
    if chosen.redis_url:
        return chosen.redis_url
    found = find_running(chosen.pool)
    if found is None:
        raise InvalidInputError("TINYV_REDIS_URL", "", "give the pool's URL, or start `tinyv-stream up` here")
    return found.url


_askers: Final[dict[asyncio.AbstractEventLoop, dict[Settings, asyncio.Future[Asker]]]] = {}


async def asker(chosen: Settings) -> Asker:
    """Return the running loop's asker for these settings; the first call opens its client.

    Raises BrokerError if the broker cannot be used (the next call tries again), InvalidInputError for a bad URL.
    """
    loop = asyncio.get_running_loop()
    mine = _askers.setdefault(loop, {})
    opening = mine.get(chosen)
    if opening is None:
        for ended in [other for other in list(_askers) if other.is_closed()]:
            _askers.pop(ended, None)
        opening = mine[chosen] = asyncio.ensure_future(_open(chosen))
    try:
        return await asyncio.shield(opening)
    except BaseException:  # a failed opening is forgotten, so that the next call tries again
        if opening.done():
            mine.pop(chosen, None)
        raise


async def close() -> None:
    """Close the running loop's clients; their unrewarded rollouts are withdrawn."""
    mine = _askers.pop(asyncio.get_running_loop(), {})
    for opening in mine.values():
        found = await opening
        await found.__aexit__(None, None, None)
        await found.client.__aexit__(None, None, None)


async def ask(chosen: Settings, rollout: Rollout, *, needs_number: bool = False) -> Judged:
    """Return the reward of one rollout within `answer_s`; see `Asker.ask`. Too long a completion keeps its end.

    `needs_number` is for trainers that have no word for "undecided".
    """
    needs_number = needs_number and needs_usual(chosen.policy)
    return await (await asker(chosen)).ask(fitted(rollout), needs_number=needs_number)


async def ask_all(chosen: Settings, rollouts: Iterable[Rollout], *, needs_number: bool = False) -> list[Judged]:
    """Return the rewards of rollouts, in order, as `ask` does for one."""
    needs_number = needs_number and needs_usual(chosen.policy)
    return await (await asker(chosen)).ask_all([fitted(rollout) for rollout in rollouts], needs_number=needs_number)


async def _open(chosen: Settings) -> Asker:
    client = RewardClient(
        broker_url(chosen),
        run_id=chosen.run_id,
        pool=chosen.pool,
        max_inflight=chosen.max_inflight,
        deadline_s=chosen.deadline_s,
    )
    return Asker(await client.__aenter__(), answer_s=chosen.answer_s)


def group_key(*parts: object) -> str:
    """Return a group id for trainers that give none: equal for equal parts."""
    return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def field(row: Mapping[str, Any], *names: str) -> Any:  # noqa: ANN401 a data set's cell
    """Return the first of `names` that `row` has; raise InvalidInputError naming them all."""
    for name in names:
        if row.get(name) is not None:
            return row[name]
    raise InvalidInputError(names[0], sorted(row), f"give the data set a column {' or '.join(names)}")


class Background:
    """A loop in a daemon thread, for trainers that ask from synchronous code; starts at first use, after a fork too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run `work` on the loop; return at once."""
        return asyncio.run_coroutine_threadsafe(work, self._running())

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
                threading.Thread(target=self._loop.run_forever, name="tinyv-stream", daemon=True).start()
            return self._loop


background: Final = Background()
"""The process's one background loop."""
