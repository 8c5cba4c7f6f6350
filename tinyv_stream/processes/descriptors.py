"""Limits of open files: a program takes what it may have, and says at its start what it will lack."""

import logging
import resource

_log = logging.getLogger(__name__)


def raise_descriptors() -> int:
    """Raise the soft limit of open files to the hard one, and return it. For programs, not for a trainer's process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError) as exc:  # more than the kernel's own limit: the soft one stays
            _log.info("the limit of open files stays at %d: %s", soft, exc)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1_048_576 if soft == resource.RLIM_INFINITY else soft


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
