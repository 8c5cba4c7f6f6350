"""Journal of a gateway, read after a kill: its clients' unrewarded rollouts, and the rewards they may read again.

- A reward is written before a reader can see it, so every cursor that was received stays good over a kill.
- An unrewarded rollout is kept whole: the next gateway with this book submits it again, under the same id.
- One gateway at a time: a second one that opens the book is refused.
- A file that is deleted under a running gateway is written anew, whole, before the next change.
- A disk that takes no more is no end: a change is made whole or not at all, and StateError says what to do.

A file of SQLite, in the user's own directory; without a path it is in memory, and ends with the gateway. Writes are
short and made on the loop. After a crash of the machine (not of the process) the last rewards may be missing; a
cursor among them is then refused, not answered wrongly.
"""

import errno
import os
import secrets
import sqlite3
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, cast

import msgspec

from tinyv_stream.errors import InvalidInputError, TinyVError
from tinyv_stream.types import Reward, Rollout

_TABLES: Final = """
create table if not exists one (client_id text);
create table if not exists feed (name text primary key, epoch text, last integer, read integer) without rowid;
create table if not exists rollout (id text primary key, feed text, body blob) without rowid;
create table if not exists reward (feed text, number integer, body blob, primary key (feed, number)) without rowid;
"""
_pack: Final = msgspec.msgpack.Encoder()
_rollout: Final = msgspec.msgpack.Decoder(Rollout)
_reward: Final = msgspec.msgpack.Decoder(Reward)


_NEVER: Final = {
    sqlite3.SQLITE_ERROR,  # other tables than ours
    sqlite3.SQLITE_BUSY,  # another gateway's
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
}
"""What is wrong with a file for good, so that the user has to name another; a full or failing disk is not among it."""
_NEVER_NUMBERS: Final = {
    errno.EACCES,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}


class StateError(TinyVError):
    """The state file cannot be written now; the gateway goes on by itself when it can."""

    def __init__(self, path: str, reason: object) -> None:
        where = path or "(in memory)"
        super().__init__(f"the gateway's state {where} cannot be written ({reason}); make room there (--state)")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one client: rewards with their numbers in order, and rollouts without a reward."""

    name: str
    epoch: str
    last: int
    read: int
    rewards: list[tuple[int, Reward, int]]
    """Number, reward, and its bytes here."""
    open: list[Rollout]


class Journal:
    """Opened by the constructor; close it.

    Raises InvalidInputError for a file that cannot be had or is no book, StateError where its disk takes no more.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        with _usable(path), ExitStack() as stack:
            self._base = _opened(path)
            stack.callback(self._base.close)
            self._file = Path(path).stat() if path else None
            self.client_id = self._client_id() if path else None
            """Of the pool's client: a fixed one, so that the pool goes on while the gateway is away. None in memory."""
            stack.pop_all()

    def close(self) -> None:
        """Give the file free."""
        self._base.close()

    def pages(self) -> list[Page]:
        """Return what is known of every client; raise InvalidInputError for a book that is damaged or not like ours."""
        run = self._base.execute
        with _usable(self._path):
            return [
                self._page(name, epoch, last, read)
                for name, epoch, last, read in run("select name, epoch, last, read from feed").fetchall()
            ]

    def begin(self, feed: str, epoch: str) -> None:
        """Note a new client."""
        with self._change() as run:
            run.execute("insert or replace into feed values (?, ?, 0, 0)", (feed, epoch))

    def admit(self, feed: str, rollouts: list[Rollout]) -> None:
        """Note rollouts before they are submitted."""
        with self._change() as run:
            run.executemany(
                "insert or replace into rollout values (?, ?, ?)",
                [(rollout.rollout_id, feed, _pack.encode(rollout)) for rollout in rollouts],
            )

    def withdraw(self, rollout_ids: list[str]) -> None:
        """Forget rollouts that were not submitted after all."""
        with self._change() as run:
            run.executemany("delete from rollout where id = ?", [(rollout_id,) for rollout_id in rollout_ids])

    def add(self, feed: str, number: int, reward: Reward) -> int:
        """Note the reward with this number; its rollout is not needed any more. Returns its bytes here."""
        body = _pack.encode(reward)
        with self._change() as run:
            run.execute("insert or replace into reward values (?, ?, ?)", (feed, number, body))
            run.execute("delete from rollout where id = ?", (reward.rollout_id,))
            run.execute("update feed set last = ? where name = ?", (number, feed))
        return len(body)

    def read(self, feed: str, number: int, oldest: int) -> None:
        """Note that a reader has the rewards up to `number`, and forget those before `oldest`."""
        with self._change() as run:
            run.execute("update feed set read = ? where name = ?", (number, feed))
            run.execute("delete from reward where feed = ? and number < ?", (feed, oldest))

    def end(self, feed: str) -> None:
        """Forget a client."""
        with self._change() as run:
            for table, column in (("feed", "name"), ("rollout", "feed"), ("reward", "feed")):
                run.execute(f"delete from {table} where {column} = ?", (feed,))  # noqa: S608 names of our own

    def _page(self, name: str, epoch: str, last: int, read: int) -> Page:
        run = self._base.execute
        rewards = run("select number, body from reward where feed = ? order by number", (name,)).fetchall()
        rollouts = run("select body from rollout where feed = ?", (name,)).fetchall()
        return Page(
            name=name,
            epoch=epoch,
            last=last,
            read=read,
            rewards=[(number, _reward.decode(body), len(body)) for number, body in rewards],
            open=[_rollout.decode(body) for (body,) in rollouts],
        )

    def _client_id(self) -> str:
        with self._change() as run:
            found = run.execute("select client_id from one").fetchone()
            if found is not None:
                return cast("str", found[0])
            made = f"gateway-{secrets.token_hex(6)}"
            run.execute("insert into one values (?)", (made,))
            return made

    @contextmanager
    def _change(self) -> Generator[sqlite3.Cursor]:
        """All of the block, or none of it; raise StateError where the file takes it not."""
        try:
            self._stay_at_path()
            cursor = self._base.cursor()
            cursor.execute("begin")
            try:
                yield cursor
                cursor.execute("commit")
            finally:  # half a change is taken back, whatever stopped it: also a commit that failed
                if self._base.in_transaction:
                    cursor.execute("rollback")
        except (sqlite3.Error, OSError) as exc:
            raise StateError(self._path, exc) from exc

    def _stay_at_path(self) -> None:
        """Write the file anew if it is gone; raise OSError for another one in its place: that may be somebody's."""
        if self._file is None:
            return
        try:
            if os.path.samestat(Path(self._path).stat(), self._file):
                return
        except FileNotFoundError:
            pass
        else:
            raise OSError(errno.ESTALE, "another file was put there: move it away")
        # By way of memory: the old one, as it is closed, would delete the new one's log by its name.
        held = sqlite3.connect(":memory:", isolation_level=None)
        self._base.backup(held)
        self._base.close()
        self._base = held  # whatever goes wrong from here on, nothing is lost, and the next change tries again
        made = _opened(self._path)
        held.backup(made)
        self._base, self._file = made, Path(self._path).stat()
        held.close()


@contextmanager
def _usable(path: str) -> Generator[None]:
    """Whatever is wrong with the file within the block is the user's file, and no fault of ours."""
    try:
        yield
    except StateError as exc:
        if isinstance(exc.__cause__, (OSError, sqlite3.Error)) and _is_for_good(exc.__cause__):
            raise _unusable(path, exc.__cause__) from exc
        raise
    except (OSError, sqlite3.Error) as exc:
        if not _is_for_good(exc):
            raise StateError(path, exc) from exc
        raise _unusable(path, exc) from exc
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError) as exc:
        raise _unusable(path, exc) from exc


def _unusable(path: str, exc: Exception) -> InvalidInputError:
    remedy = "give a file of your own, of this release, that no other gateway uses"
    if getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        remedy = "it is damaged, or no gateway's: move it away (what its clients have not read is lost with it)"
    return InvalidInputError("--state", path, f"{remedy} ({exc})")


def _is_for_good(exc: OSError | sqlite3.Error) -> bool:
    if isinstance(exc, OSError):
        return exc.errno in _NEVER_NUMBERS
    code = getattr(exc, "sqlite_errorcode", None)  # none where Python itself found fault with the statement
    return code is None or code & 0xFF in _NEVER


def _opened(path: str) -> sqlite3.Connection:
    if path:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    base = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=1.0)
    try:
        base.execute("pragma locking_mode = exclusive")
        base.execute("pragma journal_mode = wal")
        base.execute("pragma synchronous = normal")
        base.executescript(_TABLES)
    except sqlite3.Error:
        base.close()
        raise
    return base
