"""What a further host is told to type, and what is shown of a pool's hosts."""

import io

import pytest
from rich.console import Console

from tinyv_stream import InvalidInputError
from tinyv_stream.broker.operator import WorkerInfo
from tinyv_stream.cli.hosts_table import hosts_of, hosts_table
from tinyv_stream.cli.join_line import join_line
from tinyv_stream.types import Stage


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("rediss://w:secret@host:6380/0", "rediss://w:$TINYV_REDIS_PASSWORD@host:6380/0"),
        ("redis://:secret@10.0.0.7:6379/0", "redis://:$TINYV_REDIS_PASSWORD@10.0.0.7:6379/0"),
        ("redis+sentinel://w:s%40cret@a:1,b:2/main/0", "redis+sentinel://w:$TINYV_REDIS_PASSWORD@a:1,b:2/main/0"),
        (
            "redis://w:one@a:1/0,redis+sentinel://w:two@b:2,c:3/main",
            "redis://w:$TINYV_REDIS_PASSWORD@a:1/0,redis+sentinel://w:$TINYV_REDIS_PASSWORD@b:2,c:3/main",
        ),
    ],
)
def test_the_line_holds_no_password(url: str, where: str) -> None:
    line = join_line(url, "p1")
    assert line == f'TINYV_REDIS_URL="{where}" tinyv-stream join --pool p1 --rule-workers 1 --tinyv-workers 1'


@pytest.mark.parametrize("url", ["unix:///run/s", "redis://localhost:6379", "redis://u:secret@127.0.0.1:1/0"])
def test_a_server_that_others_cannot_reach_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="other hosts cannot reach") as caught:
        join_line(url, "main")
    assert "secret" not in str(caught.value)


def worker(host: str, stage: Stage, state: str = "ready", **about: str) -> WorkerInfo:
    return WorkerInfo(name=f"{stage}-{host}", stage=stage, pid=1, host=host, state=state, held=2, done=10, about=about)


def test_hosts_show_their_workers_and_what_is_not_the_same_everywhere() -> None:
    workers = [
        worker("b", "rule", release="1.0", settings_version="3"),
        worker("a", "rule", release="1.0", settings_version="3"),
        worker("a", "tinyv", "lost", release="0.9", settings_version="2"),
        worker("[red]c", "tinyv"),
    ]
    hosts = hosts_of(workers)
    assert [(h.host, h.ready, h.workers, h.held, h.done) for h in hosts][1:] == [
        ("a", {"rule": 1, "tinyv": 0}, {"rule": 1, "tinyv": 1}, 4, 20),
        ("b", {"rule": 1}, {"rule": 1}, 2, 10),
    ]
    out = Console(file=io.StringIO(), width=80)
    out.print(hosts_table("pool main", hosts))
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert "[red]c" in text
    assert "not the same everywhere: release 0.9, 1.0" in text
    assert "not the same everywhere: settings 2, 3" in text
