"""Limits of a grader process, applied in the process itself before it reads the first hostile byte.

- Memory, CPU, file size, descriptors: rlimits. A violation ends that process alone.
- It dies with its parent (`die_with_parent`), so `kill -9` of a worker leaves nothing behind.
- `seal` adds what the kernel offers: no new privileges, no writing anywhere (Landlock), no network, no new programs or
  processes (seccomp). Where the kernel offers less, it returns what holds; nothing is pretended.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | 1  # EPERM
_LANDLOCK_CREATE: Final = 444
_LANDLOCK_RESTRICT: Final = 446
_LANDLOCK_WRITES: Final = sum(1 << bit for bit in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12))
"""Write a file, remove and make entries of any kind; reading stays free."""

_FORBIDDEN: Final = {
    "x86_64": (
        0xC000003E,
        (
            "41 42 43 49 50 53 56 57 58 59 62 101 165 175 200 234 246 272 288 307 310 311 313 321 322 323 "
            "424 425 426 427 434 435 438"
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            "40 97 104 105 117 129 130 131 198 199 200 201 202 203 220 221 242 269 270 271 273 280 281 282 "
            "424 425 426 427 434 435 438"
        ),
    ),
}
"""Sockets, clone/fork/exec, signals to others, tracing, mounts, modules, bpf, io_uring, pidfds."""

_libc: Final = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends; exit now if the parent is gone already."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def restrict(*, memory_mb: int, cpu_s: int) -> None:
    """Set the rlimits of this process, hard ones: it cannot raise them again."""
    memory = memory_mb * 1024 * 1024
    for what, wanted in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(what, (most, most))


def seal() -> frozenset[str]:
    """Give up writing, network and new processes for good; return which of `landlock`, `seccomp` the kernel applied."""
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return frozenset()
    applied = {name for name, apply in (("landlock", _no_writing), ("seccomp", _no_calls)) if apply()}
    return frozenset(applied)


def _no_writing() -> bool:
    handled = struct.pack("Q", _LANDLOCK_WRITES)
    rules = _libc.syscall(_LANDLOCK_CREATE, handled, len(handled), 0)
    if rules < 0:
        return False
    try:
        return _libc.syscall(_LANDLOCK_RESTRICT, rules, 0) == 0
    finally:
        os.close(rules)


def _no_calls() -> bool:
    known = _FORBIDDEN.get(platform.machine())
    if known is None:
        return False
    architecture, calls = known
    program = _filter(architecture, [int(call) for call in calls.split()])
    code = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    return _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.create_string_buffer(head, len(head)), 0, 0) == 0


def _filter(architecture: int, calls: list[int]) -> bytes:
    """Return a BPF program: another architecture or a listed call is refused with EPERM, the rest allowed."""

    def step(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    count = len(calls)
    steps = [step(load, 0, 0, 4), step(equal, 1, 0, architecture), step(answer, 0, 0, _REFUSE), step(load, 0, 0, 0)]
    steps.append(step(at_least, count + 1, 0, 0x40000000))  # the x32 twins of every call
    steps += [step(equal, count - index, 0, call) for index, call in enumerate(calls)]
    steps += [step(answer, 0, 0, _ALLOW), step(answer, 0, 0, _REFUSE)]
    return b"".join(steps)
