"""Descriptors of a program: it takes as many as it may have, and says at its start what it will lack.

Nothing but standard input, output and error is ever at 0, 1 and 2 (`open_standard_streams`).
"""

import logging
import os
import resource
import sys
from typing import Final

_UNLIMITED: Final = 1_048_576

_log = logging.getLogger(__name__)


def open_standard_streams() -> None:
    """Put /dev/null where a program was started without its input, output or error (`>&-`); before anything is opened.

    What is opened next would get that number, be written to by whatever prints, and be lost to libuv, which aborts.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest that is free: this one
            os.set_inheritable(opened, True)  # noqa: FBT003 its only parameter beside the number
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 as long as the program
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def raise_descriptors() -> int:
    """Raise the soft limit of open files to the hard one, and return it. For programs, not for a trainer's process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError) as exc:  # more than the kernel's own limit: the soft one stays
            _log.info("the limit of open files stays at %d: %s", soft, exc)
    return limits()[0]


CLIENT: Final = 96
"""Files of a client and its program: connections are shared by all its rollouts, so its credits cost none."""
_PER_WORKER: Final = 40
"""Of a pool per worker: its connections to the server (which is our child, with our limit), its log, its pipes."""


def pool_files(workers: int) -> int:
    """Return how many files a pool's launcher, server and each worker may have open, at most."""
    return 2 * CLIENT + _PER_WORKER * workers


def gateway_files(requests: int = 4096, waiting: int = 128) -> int:
    """Return how many files a gateway of so many requests, and connections without one, may have open.

    The defaults are those of its settings, which need not be installed where this is asked.
    """
    return 128 + requests + waiting


def limits() -> tuple[int, int]:
    """Return how many files may be open: now, and after `raise_descriptors`."""
    soft, hard = (_UNLIMITED if n == resource.RLIM_INFINITY else n for n in resource.getrlimit(resource.RLIMIT_NOFILE))
    return soft, hard


def say_if_short(allowed: int, needed: int, what: str, setting: str) -> None:
    """Log once what cannot be served with `allowed` open files."""
    if allowed < needed:
        _log.warning(
            "%d files may be open, and %s needs %d: what is beyond is refused; raise the hard limit (ulimit -Hn) or"
            " lower %s",
            allowed,
            what,
            needed,
            setting,
        )
