"""Remedies for what a broker, or the way to it, may answer: one sentence each, for a message. Pure.

This table decides no behaviour: what it does not know is retried like the rest, with the last sentence.
"""

import errno
from typing import Final

_ANSWERS: Final = (
    ("NOPERM", "give the user its rights again: `tinyv-stream acl` prints them"),
    ("WRONGPASS", "check user and password of the URL"),
    ("NOAUTH", "check user and password of the URL"),
    ("refused us", "check user, password and rights: `tinyv-stream acl` prints them"),
    ("WRONGTYPE", "another program uses a key of this pool: delete that key, or use another pool name"),
    ("MISCONF", "the server cannot write its disk: make room there, and see its log"),
    ("make room", "make room on that disk"),
    ("READONLY", "a replica answers: wait for the failover, or give the URL of the primary"),
    ("NOSCRIPT", "the server forgets scripts while they run: is something flushing them?"),
    ("OOM", "the server is out of memory: raise its maxmemory"),
    ("max number of clients", "raise the server's maxclients"),
    ("unexpected answer", "is another release of tinyv-stream, or another server, behind that URL?"),
    ("Protocol", "is that a Redis or Valkey server? check host, port and TLS of the URL"),
    ("InvalidResponse", "is that a Redis or Valkey server? check host, port and TLS of the URL"),
)
"""What an error's text may hold -> its remedy; the first that fits."""

_NUMBERS: Final = {
    errno.EMFILE: "raise the limit of open files of this process (ulimit -n)",
    errno.ENFILE: "raise the limit of open files of this machine (fs.file-max)",
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room in your quota",
    errno.EROFS: "that file system is mounted read-only: choose another directory",
    errno.EACCES: "give this user the right to that file or address",
    errno.ENOENT: "that file is gone: was the package moved or replaced? install it again, or start again",
    errno.ENOMEM: "free memory on this machine",
    errno.ECONNREFUSED: "is the server running there? check host and port",
    errno.EHOSTUNREACH: "is the network up? check the host",
    errno.ENETUNREACH: "is the network up? check the host",
}
_ELSE: Final = "is the server up and reachable? see its log, and docs/reliability.md"


def remedy_for(exc: BaseException) -> str:
    """Return what a user can do about `exc`: by the system's number in it or in its cause, else by its text."""
    seen: BaseException | None = exc
    for _ in range(8):  # a chain of causes is short
        if seen is None:
            break
        if isinstance(seen, OSError) and seen.errno in _NUMBERS:
            return _NUMBERS[seen.errno]
        seen = seen.__cause__ or seen.__context__
    text = f"{type(exc).__name__}: {exc}"
    return next((remedy for word, remedy in _ANSWERS if word in text), _ELSE)
