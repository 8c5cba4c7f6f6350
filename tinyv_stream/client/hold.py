"""A named client's hold on its name: two live processes under one `client_id` would each take the other's rewards.

- A client that lives renews its hold. A second one is refused while it enters.
- It is refused, too, while the first one is merely blocked, where that can be known: its process on this machine lives.
  After a kill on this machine nobody waits.
- Of a process elsewhere nothing is known but its renewals: the name is free once there was none for `LAPSE_S`, by the
  clock of whoever waits for it.
- A client that was silent for longer (or whose broker lost data) takes its hold again, unless another one has it by
  then: that is in its log, and every rollout still gets its reward by its deadline.
"""

import asyncio
import logging
import os
import secrets
import socket
import time
import weakref
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.trainer import Holder, TrainerApi
from tinyv_stream.errors import InvalidInputError

_log = logging.getLogger(__name__)

RENEW_S: Final = 2.0
LAPSE_S: Final = 30.0
"""Longer than a checkpoint may block a trainer's loop, as a rule; a restart on another machine has to wait for it."""
_KEPT_S: Final = 3600.0
"""How long the broker remembers a hold that nobody renews: who has it is asked, not for how long it is set."""
_LOOK_S: Final = 0.25


class Process(msgspec.Struct, frozen=True):
    """Which process it is, on which machine since its start, in which container."""

    host: str
    machine: str
    pid: int
    started: str


class Hold:
    """One client's hold. `take` it, `renew` it every `RENEW_S`, `give_up` at the end."""

    def __init__(self, run_id: str, client_id: str) -> None:
        self._name = (run_id, client_id)
        self._token = secrets.token_hex(8)
        self._about = msgspec.json.encode(this_process())
        self._limit = LogLimit()

    async def take(self, link: TrainerApi) -> None:
        """Return once the name is ours; raise InvalidInputError if a live process has it, and BrokerError."""
        # Before the broker says that it is ours: to another client of this process it would look like one that left.
        _held.add(self)
        try:
            await self._wait_for(link)
        except BaseException:  # whatever it was, a cancellation too: nobody uses the name by this hold
            _held.discard(self)
            raise

    async def _wait_for(self, link: TrainerApi) -> None:
        clock = asyncio.get_running_loop().time
        first: Holder | None = None
        since, dead = clock(), ""
        while other := await link.hold(*self._name, self._token, self._about, lapse_s=_KEPT_S, dead=dead):
            first = first or other
            if other != first or _lives(other):
                raise InvalidInputError("client_id", self._name[1], _in_use(other))
            dead = other.token if _is_over(other) or clock() - since > LAPSE_S else ""
            await asyncio.sleep(0.0 if dead else _LOOK_S)

    async def renew(self, link: TrainerApi) -> None:
        """Say that this client lives."""
        other = await link.hold(*self._name, self._token, self._about, lapse_s=_KEPT_S)
        if other and self._limit.is_due():
            _log.error("client_id %r: %s", self._name[1], _in_use(other))

    async def give_up(self, link: TrainerApi) -> None:
        """Leave the name to the next one."""
        _held.discard(self)
        await link.hold(*self._name, self._token, self._about, lapse_s=0.0)

    @property
    def token(self) -> str:
        """Which hold it is, among all that there ever were."""
        return self._token


_held: Final[weakref.WeakSet[Hold]] = weakref.WeakSet()
"""The holds of this process's clients."""


def this_process() -> Process:
    """Return what tells this process from every other."""
    return Process(socket.gethostname(), _machine(), os.getpid(), _started(os.getpid()))


def is_gone(about: bytes) -> bool:
    """Whether the process of a hold has ended for certain: only its own machine and container can tell."""
    holder = _read(about)
    return holder is not None and holder.machine == _machine() and _started(holder.pid) != holder.started


def _is_over(other: Holder) -> bool:
    """Whether nobody can use the name by this hold any more: its process ended, or has left it.

    A client of this process that is no longer open may have left while the broker was away.
    """
    holder = _read(other.about)
    is_ours = holder is not None and (holder.machine, holder.pid) == (_machine(), os.getpid())
    return is_gone(other.about) or (is_ours and not _lives(other))


def _lives(other: Holder) -> bool:
    """Whether a hold is that of a client or process on this machine that lives, though it may be blocked."""
    holder = _read(other.about)
    if holder is None or holder.machine != _machine():
        return False
    if holder.pid == os.getpid():
        return any(hold.token == other.token for hold in _held)
    return _started(holder.pid) == holder.started


def _in_use(other: Holder) -> str:
    holder = _read(other.about)
    who = f"process {holder.pid} on {holder.host}" if holder else "another process"
    return f"{who} uses it now; give each process of a run its own, or end that one"


def _read(about: bytes) -> Process | None:
    try:
        return msgspec.json.decode(about, type=Process)
    except msgspec.MsgspecError:
        return None  # of another release: it is waited for


def _machine() -> str:
    """Return this boot of this machine and this container, as far as the system tells; else something of its own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{socket.gethostname()} {time.time():.0f}"


def _started(pid: int) -> str:
    """Return when a process started, as the kernel counts; empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
