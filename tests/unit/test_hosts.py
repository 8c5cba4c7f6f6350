"""What a further host is told to type, and what is shown of a pool's hosts."""

import io
import subprocess

import pytest
from rich.console import Console

from tinyv_stream import InvalidInputError
from tinyv_stream.broker.operator import WorkerInfo
from tinyv_stream.cli.hosts_table import hosts_of, hosts_table
from tinyv_stream.cli.join_line import join_line
from tinyv_stream.types import Stage

VARIABLES = {"TINYV_REDIS_PASSWORD": "one", "TINYV_REDIS_PASSWORD_2": "two", "HOME": "/not/me"}


def typed(line: str) -> str:
    """The URL that `join` sees where a shell reads the line."""
    words = f'tinyv-stream() {{ printf %s "$TINYV_REDIS_URL"; }}; {line}'
    done = subprocess.run(["bash", "-c", words], env=VARIABLES, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("rediss://w:SECRET@host:6380/0", "rediss://w:one@host:6380/0"),
        ("redis://:SECRET@10.0.0.7:6379/0", "redis://:one@10.0.0.7:6379/0"),
        ("redis://SECRET@b", "redis://one@b"),
        ("redis://w:@b", "redis://w:@b"),
        ("redis://b:1/0?password=SECRET&username=w", "redis://b:1/0?password=one&username=w"),
        ("redis://b?password=a%2CSECRET", "redis://b?password=one"),
        ("rediss://b?ssl_password=SECRET&ssl_certfile=/a%20b", "rediss://b?ssl_password=one&ssl_certfile=/a%20b"),
        ("redis+sentinel://w:SECRET@a:1,b:2/main/0", "redis+sentinel://w:one@a:1,b:2/main/0"),
        (
            "redis+sentinel://w:SECRET@a/main?sentinel_username=s&sentinel_password=SECRET2",
            "redis+sentinel://w:one@a/main?sentinel_username=s&sentinel_password=two",
        ),
        (
            "redis://w:SECRET@a:1/0,redis+sentinel://w:SECRET2@b:2,c:3/main,redis://v:SECRET@d",
            "redis://w:one@a:1/0,redis+sentinel://w:two@b:2,c:3/main,redis://v:one@d",
        ),
        ("redis://`id`$HOME$(id)\"'\\!:SECRET@b", "redis://`id`$HOME$(id)\"'\\!:one@b"),
        ("redis+sentinel://a/$(id)`id`", "redis+sentinel://a/$(id)`id`"),
    ],
)
def test_the_line_holds_no_password_and_no_code(url: str, seen: str) -> None:
    line = join_line(url, "p1")
    assert "SECRET" not in line
    assert typed(line) == seen
    assert line.endswith(" tinyv-stream join --pool p1 --rule-workers 1 --tinyv-workers 1")


@pytest.mark.parametrize(
    "place",
    [
        "localhost:6379",
        "LOCALHOST",
        "a.localhost.",
        "localhost.localdomain",
        "ip6-localhost",
        "127.0.0.1:1",
        "127.3.2.1",
        "127.1",
        "0.0.0.0",
        "0",
        "[::1]:1",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:0:0:1]",
    ],
)
@pytest.mark.parametrize(
    "form", ["redis://u:secret@{}", "redis+sentinel://u:secret@a:1,{}/main", "redis://a,redis://{}"]
)
def test_a_server_that_others_cannot_reach_is_refused(place: str, form: str) -> None:
    with pytest.raises(InvalidInputError, match="other hosts cannot reach") as caught:
        join_line(form.format(place), "main")
    assert "secret" not in str(caught.value)


def test_a_socket_is_no_place_for_others() -> None:
    with pytest.raises(InvalidInputError, match="other hosts cannot reach"):
        join_line("unix:///run/s?password=secret", "main")


@pytest.mark.parametrize("place", ["10.0.0.7", "[2001:db8::1]", "localhost-7", "notlocalhost", "128.0.0.1"])
def test_other_places_may_be_reached(place: str) -> None:
    assert typed(join_line(f"redis://{place}:6379", "main")) == f"redis://{place}:6379"


def worker(host: str, stage: Stage, state: str = "ready", **about: str) -> WorkerInfo:
    return WorkerInfo(name=f"{stage}-{host}", stage=stage, pid=1, host=host, state=state, held=2, done=10, about=about)


def test_hosts_show_their_workers_and_what_is_not_the_same_everywhere() -> None:
    workers = [
        worker("b", "rule", release="1.0", settings_version="3"),
        worker("a", "rule", release="1.0", settings_version="3"),
        worker("a", "tinyv", "lost", release="0.8", settings_version="2"),
        worker("d", "tinyv", release="0.9", settings_version="4"),
        worker("[red]c", "tinyv"),
    ]
    hosts = hosts_of(workers)
    assert [(h.host, h.ready, h.workers, h.held, h.done) for h in hosts][1:3] == [
        ("a", {"rule": 1, "tinyv": 0}, {"rule": 1, "tinyv": 1}, 4, 20),
        ("b", {"rule": 1}, {"rule": 1}, 2, 10),
    ]
    out = Console(file=io.StringIO(), width=80)
    out.print(hosts_table("pool main", hosts))
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert "[red]c" in text
    assert "not the same everywhere: release 0.9, 1.0\n" in text, "a lost worker goes by no release"
    assert "not the same everywhere: settings 3, 4\n" in text


def test_a_long_name_goes_on_below_where_the_terminal_is_narrow() -> None:
    name = "pool-rule-" + "7f9c" * 20
    out = io.StringIO()
    Console(file=out, width=80).print(hosts_table("pool main", hosts_of([worker(name, "rule")])))
    lines = out.getvalue().splitlines()
    assert "…" not in out.getvalue() and name in "".join(line.split()[0] for line in lines)
