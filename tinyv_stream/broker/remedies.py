"""Remedies for what a broker, or the way to it, may answer: one sentence each, for a message. Pure.

This table decides no behaviour: what it does not know is retried like the rest, with the last sentence.
"""

import errno
from typing import Final

from tinyv_stream.errors import BrokerError, UnsupportedServerError

_RIGHTS: Final = "give the user its rights again: `tinyv-stream acl` prints them"
_USER: Final = "check user and password of the URL"
_REPLICA: Final = "a replica answers: wait for the failover, or give the URL of the primary"
_SCRIPTS: Final = "the server forgets scripts while they run: is something flushing them?"
_MEMORY: Final = "the server is out of memory: raise its maxmemory"
_CLUSTER: Final = "the cluster lacks a primary: see its state (CLUSTER INFO)"

_ANSWERS: Final = (
    ("NOPERM", _RIGHTS),
    ("NoPermission", _RIGHTS),
    ("WRONGPASS", _USER),
    ("NOAUTH", _USER),
    ("Authentication", _USER),
    ("Authorization", _USER),
    ("already authenticated", _USER),
    ("refused us", "check user, password and rights: `tinyv-stream acl` prints them"),
    ("WRONGTYPE", "another program uses a key of this pool: delete that key, or use another pool name"),
    ("MISCONF", "the server cannot write its disk: make room there, and see its log"),
    ("make room", "make room on that disk"),
    ("READONLY", _REPLICA),
    ("ReadOnly", _REPLICA),
    ("MASTERDOWN", _REPLICA),
    ("MasterDown", _REPLICA),
    ("NOREPLICAS", "too few replicas are there: bring them back, or lower the server's min-replicas-to-write"),
    ("NOSCRIPT", _SCRIPTS),
    ("NoScript", _SCRIPTS),
    ("OOM", _MEMORY),
    ("OutOfMemory", _MEMORY),
    ("out of memory", _MEMORY),
    ("LOADING", "the server loads its data: it answers when it is done"),
    ("BusyLoading", "the server loads its data: it answers when it is done"),
    ("CLUSTERDOWN", _CLUSTER),
    ("ClusterDown", _CLUSTER),
    ("max number of clients", "raise the server's maxclients"),
    ("unexpected answer", "is another release of tinyv-stream, or another server, behind that URL?"),
    ("Protocol", "is that a Redis or Valkey server? check host, port and TLS of the URL"),
    ("InvalidResponse", "is that a Redis or Valkey server? check host, port and TLS of the URL"),
)
"""What an error's text or type may hold -> its remedy; the first that fits. redis-py has types in place of codes."""

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
    """Return what a user can do about `exc`: by the first of it and its causes that has a known number or text."""
    seen: BaseException | None = exc
    for _ in range(8):  # a chain of causes is short
        if seen is None:
            break
        if isinstance(seen, OSError) and seen.errno in _NUMBERS:
            return _NUMBERS[seen.errno]
        text = f"{type(seen).__name__}: {seen}"
        if found := next((remedy for word, remedy in _ANSWERS if word in text), None):
            return found
        seen = seen.__cause__ or seen.__context__
    return _ELSE


def explained(exc: BaseException) -> str:
    """Return what a broker's error says, with its remedy where it gives none."""
    text, remedy = str(exc), remedy_for(exc)
    is_bare = isinstance(exc, BrokerError) and not isinstance(exc, UnsupportedServerError)
    is_bare = is_bare and remedy not in text and (remedy != _ELSE or exc.__cause__ is not None)
    return f"{text}; {remedy}" if is_bare else text
