"""Every write of the gateway meets every error of a disk: posts are a 503 meanwhile, each reward comes once."""

import contextlib
import errno
import inspect
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_kit import subclasses
from gateway_kit import Http, gateway, rollout, workers

from tinyv_stream.gateway.journal import Journal
from tinyv_stream.testing import EmbeddedServer, wait_until

STREAM = "/v1/rewards?client=trainer"
WRITES = [
    name
    for name, method in vars(Journal).items()
    if inspect.isfunction(method) and name[0] != "_" and "_change" in method.__code__.co_names
]
"""What the gateway writes: read off the class, so that a new write gets its row."""
ERRORS: list[Exception] = [
    *(kind("injected") for kind in dict.fromkeys(subclasses(sqlite3.Error))),
    *(OSError(number, "injected") for number in (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EMFILE)),
]


class Disk:
    """Fails the writes of one method."""

    def __init__(self) -> None:
        self.write, self.error, self.left, self.worked = "", ERRORS[0], 0, 0


@contextlib.contextmanager
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk, change = Disk(), Journal._change

    @contextlib.contextmanager
    def changing(book: Journal) -> Iterator[sqlite3.Cursor]:
        with change(book) as run:
            yield run
            frame = inspect.currentframe()
            names = {f.f_code.co_name for f in _callers(frame)}
            if disk.left and disk.write in names:
                disk.left -= 1
                raise disk.error
            disk.worked += disk.write in names

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "_change", changing)
        yield disk


def _callers(frame: object) -> Iterator[object]:
    while frame is not None:
        yield frame
        frame = frame.f_back  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("write", WRITES)
async def test_each_reward_comes_once_whatever_the_disk_says(
    write: str, server: EmbeddedServer, pool_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = str(tmp_path / "book.db")
    seen: list[str] = []
    cursor = ""
    with failing(monkeypatch) as disk:
        async with workers(server.url, pool_name):
            for n, error in enumerate(ERRORS):
                async with gateway(server.url, pool_name, state=state, idle_s=0.4) as http:
                    disk.write, disk.error, disk.left = write, error, 2
                    disk.worked = 0
                    posts = {"rollouts": [rollout("rule:correct", 10 * n + i) for i in range(3)]}
                    await wait_until(lambda p=posts: accepted(http, p), 30, "the post to be taken")
                    lines = await http.take(f"{STREAM}&cursor={cursor}", 3)
                    cursor = lines[-1]["cursor"]
                    seen += [line["reward"]["rollout_id"] for line in lines]
                    assert {line["reward"]["value"] for line in lines} == {1.0}
                    if write == "end":  # a client that stays away is forgotten: then the next one begins anew
                        await wait_until(lambda: disk.worked, 30, "the client to be forgotten")
                        cursor = ""
    assert sorted(seen) == sorted(f"r{10 * n + i}" for n in range(len(ERRORS)) for i in range(3))


async def accepted(http: Http, posts: dict[str, object]) -> bool:
    status, body = await http.post("/v1/rollouts", posts | {"wait": False, "client": "trainer"})
    assert status in {202, 503}, body
    return status == 202
