"""A named client's hold on its name: two live processes under one `client_id` would each take the other's rewards.

- A client that lives renews its hold. The second one is refused while it enters.
- After a kill nobody waits where that can be known: the holder's process on this machine is gone. Elsewhere the name
  is free once the hold has lapsed.
- A client whose hold lapsed (its loop was blocked, its broker lost data) takes it again; if another one has it by then,
  both are told by their logs, and every rollout still gets its reward by its deadline.
"""

import asyncio
import logging
import os
import secrets
import socket
import time
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.trainer import Holder, TrainerApi
from tinyv_stream.errors import InvalidInputError

_log = logging.getLogger(__name__)

RENEW_S: Final = 2.0
LAPSE_S: Final = 10.0
"""Longer than a checkpoint may block a trainer's loop, as a rule; a restart elsewhere may have to wait for it."""
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
        seen: Holder | None = None
        dead = ""
        while other := await link.hold(*self._name, self._token, self._about, lapse_s=LAPSE_S, dead=dead):
            dead = other.token if is_gone(other.about) else ""
            if seen and seen != other:
                raise InvalidInputError("client_id", self._name[1], _in_use(other))
            seen = other
            await asyncio.sleep(0.0 if dead else _LOOK_S)

    async def renew(self, link: TrainerApi) -> None:
        """Say that this client lives."""
        other = await link.hold(*self._name, self._token, self._about, lapse_s=LAPSE_S)
        if other and self._limit.is_due():
            _log.error("client_id %r: %s", self._name[1], _in_use(other))

    async def give_up(self, link: TrainerApi) -> None:
        """Leave the name to the next one."""
        await link.hold(*self._name, self._token, self._about, lapse_s=0.0)


def this_process() -> Process:
    """Return what tells this process from every other."""
    return Process(socket.gethostname(), _machine(), os.getpid(), _started(os.getpid()))


def is_gone(about: bytes) -> bool:
    """Whether the process of a hold has ended for certain: only its own machine and container can tell."""
    holder = _read(about)
    return holder is not None and holder.machine == _machine() and _started(holder.pid) != holder.started


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
