"""Faults by class, made from what Python and the libraries can raise; and their injection at the broker's boundary."""

import asyncio
import builtins
import contextlib
import contextvars
import errno
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from redis import exceptions as redis_errors

from tinyv_stream.broker.connections import ConnectionPool
from tinyv_stream.broker.redis_client import _Client
from tinyv_stream.broker.trainer import TrainerApi

NUMBERS = (
    *("EMFILE", "ENFILE", "ENOENT", "EACCES", "EPERM", "ENOSPC", "EDQUOT", "EROFS", "EIO", "ENOMEM", "ECONNREFUSED"),
    *("ECONNRESET", "ECONNABORTED", "EPIPE", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "ETIMEDOUT", "EADDRNOTAVAIL"),
    *("EAGAIN", "EINTR", "EBADF", "ENOTCONN", "EINVAL", "ENOBUFS"),
)
WORDS = (
    *("ERR", "NOPERM", "WRONGTYPE", "WRONGPASS", "NOAUTH", "MISCONF", "OOM", "READONLY", "LOADING", "MASTERDOWN"),
    *("NOREPLICAS", "NOSCRIPT", "NOGROUP", "BUSY", "BUSYGROUP", "EXECABORT", "CLUSTERDOWN", "CROSSSLOT", "TRYAGAIN"),
    *("UNBLOCKED", "UNKILLABLE", "BUSYKEY", "NOPROTO", "INPROG"),
)


def subclasses(kind: type) -> Iterator[type]:
    yield kind
    for sub in kind.__subclasses__():
        yield from subclasses(sub)


def made(kind: type, *arguments: object) -> BaseException | None:
    """Return an error of a class, or None for a class that cannot be made like that."""
    with contextlib.suppress(TypeError, ValueError, IndexError):
        error = kind(*arguments)
        return error if isinstance(error, BaseException) else None
    return None


def families() -> dict[str, list[object]]:
    """Return what may come in place of an answer: errors to raise, and (as `Answer`) wrong answers."""
    of_python = [k for k in vars(builtins).values() if isinstance(k, type) and issubclass(k, Exception)]
    redis_kinds = list(dict.fromkeys(subclasses(redis_errors.RedisError)))
    return {
        "os": [OSError(getattr(errno, name), name) for name in NUMBERS],
        "python": [e for kind in of_python if (e := made(kind, "injected"))],
        "redis": [e for kind in redis_kinds if (e := made(kind, "1 127.0.0.1:1") or made(kind, "injected"))],
        "response": [redis_errors.ResponseError(f"{word} injected") for word in WORDS],
        "answer": [Answer(a) for a in (b"", b"OK", b"\xff", "x", 1.5, [], [None], [[]], {}, {b"a": b"b"}, True, None)],
        "cancelled": [asyncio.CancelledError("a library's own")],
    }


class Answer:
    """A wrong answer."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"answer {self.value!r}"


def operations(side: type) -> list[str]:
    """Return what a side of the broker is asked to do."""
    return [name for name, m in vars(side).items() if inspect.iscoroutinefunction(m) and name[0] != "_"]


OPERATIONS = operations(TrainerApi)
"""What the trainer's side asks of a broker: read off the class, so that a new operation gets its row."""

ANY = "*"
"""Stands for whatever operation comes next."""

_now: contextvars.ContextVar[str] = contextvars.ContextVar("operation", default="")


class Fault:
    """Armed for one operation, it comes in place of the next answers to that."""

    def __init__(self) -> None:
        self.operation = ""
        self.what: object = None
        self.left = 0
        self.fired = 0

    def arm(self, operation: str, what: object, *, times: int) -> None:
        self.operation, self.what, self.left, self.fired = operation, what, times, 0

    async def instead(self, ask: Callable[..., Any], *words: object, **more: object) -> object:
        if self.left <= 0 or not (_now.get() == self.operation or (_now.get() and self.operation == ANY)):
            return await ask(*words, **more)
        self.left -= 1
        self.fired += 1
        if isinstance(self.what, Answer):
            return self.what.value
        assert isinstance(self.what, BaseException)
        raise self.what


@contextlib.asynccontextmanager
async def injected(monkeypatch: pytest.MonkeyPatch, *sides: type) -> AsyncIterator[Fault]:
    """Put a fault where commands go out, below everything that classifies errors; by default for the trainer's side."""
    fault = Fault()
    with monkeypatch.context() as patched:
        for kind, name in ((ConnectionPool, "ask"), (_Client, "execute_command")):
            ask = getattr(kind, name)

            async def asking(self: object, *words: object, ask: Callable[..., Any] = ask, **more: object) -> object:
                return await fault.instead(ask, self, *words, **more)

            patched.setattr(kind, name, asking)
        for side in sides or (TrainerApi,):
            for operation in operations(side):
                patched.setattr(side, operation, _named(operation, getattr(side, operation)))
        yield fault


def _named(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    async def named(self: object, *arguments: object, **more: object) -> object:
        token = _now.set(name)
        try:
            return await method(self, *arguments, **more)
        finally:
            _now.reset(token)

    return named
