"""What a URL of each form means, and which are refused."""

import pytest
from redis.asyncio import SSLConnection
from redis.asyncio.connection import parse_url

from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.topology import LocatedConnection
from tinyv_stream.broker.url import parse, redact, servers_of
from tinyv_stream.errors import InvalidInputError

SECRET = "hunter2"


def test_sentinels_have_their_own_ports_and_users() -> None:
    found = parse(
        f"redis+sentinel://me:p%40ss@a,b:26380,[::1]:1/mine/3?sentinel_username=watch&sentinel_password={SECRET}"
    )
    assert (found.kind, found.name) == ("sentinel", "mine")
    assert found.hosts == (("a", 26379), ("b", 26380), ("::1", 1))
    server, sentinel = parse_url(found.server("h", 6379)), parse_url(found.sentinel("::1", 1))
    assert server == {"username": "me", "password": "p@ss", "host": "h", "port": 6379, "db": 3}
    assert sentinel == {"username": "watch", "password": SECRET, "host": "::1", "port": 1}


def test_sentinels_without_a_password_are_asked_without() -> None:
    found = parse(f"redis+sentinel://:{SECRET}@a/mine")
    assert parse_url(found.sentinel("a", 1)) == {"host": "a", "port": 1}
    assert parse_url(found.server("b", 2)) == {"host": "b", "port": 2, "password": SECRET}


def test_tls_holds_for_sentinels_nodes_and_servers_alike() -> None:
    for url in ("rediss+sentinel://a/mine?ssl_certfile=%2Fc.pem&db=2", "rediss+cluster://a?ssl_certfile=%2Fc.pem"):
        found = parse(url)
        for plain in (found.server("h", 1), found.sentinel("h", 1)):
            options = parse_url(plain)
            assert (options["connection_class"], options["ssl_certfile"]) == (SSLConnection, "/c.pem")
        pool = connect(url).connection_pool
        assert issubclass(pool.connection_class, LocatedConnection) and issubclass(pool.connection_class, SSLConnection)


def test_nodes_of_a_cluster_have_the_usual_port_and_one_database() -> None:
    assert parse("redis+cluster://a,b:7001").hosts == (("a", 6379), ("b", 7001))
    assert parse("redis+cluster://a/0?db=0").kind == "cluster"


@pytest.mark.parametrize(
    "url",
    [
        f"redis+sentinel://:{SECRET}@a,b",
        f"redis+sentinel://:{SECRET}@a/",
        f"redis+sentinel://:{SECRET}@/mine",
        f"redis+sentinel://:{SECRET}@a,,b/mine",
        f"redis+sentinel://:{SECRET}@a:port/mine",
        f"redis+sentinel://:{SECRET}@a/mine/first",
        f"redis+sentinel://:{SECRET}@a/mine?socket_timeout=1",
        f"redis+sentinel://a/mine?ssl_password={SECRET}",
        f"redis+cluster://:{SECRET}@a/1",
        f"redis+cluster://:{SECRET}@a?db=1",
        f"redis+cluster://a?sentinel_password={SECRET}",
        f"redis+cluster://:{SECRET}@",
        f"redis+cloud://:{SECRET}@a",
        f"unix+cluster://:{SECRET}@a",
        f"redis://a:1,b:2?password={SECRET}",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        connect(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"redis+sentinel://me:{SECRET}@a:1,b:2/mine", "redis+sentinel://***@a:1,b:2/mine"),
        (f"rediss+cluster://:{SECRET}@a,b", "rediss+cluster://***@a,b"),
        (
            f"redis+sentinel://a/mine?sentinel_password={SECRET}&sentinel_username=w",
            "redis+sentinel://a/mine?sentinel_password=***&sentinel_username=***",
        ),
    ],
)
def test_passwords_of_servers_and_sentinels_are_not_shown(url: str, shown: str) -> None:
    assert redact(url) == shown


@pytest.mark.parametrize(
    "urls",
    [
        ("redis://a",),
        ("redis://u:p@a:1/0", "rediss://b:2"),
        ("redis+sentinel://a:1,b:2/main", "redis+sentinel://c:1,d:2/main"),
        ("unix:///run/a.sock?db=1", "unix:///run/b.sock"),
        ("redis://u:a%2Credis%3A%2F%2Fb@c:1", "redis://d"),
    ],
)
def test_several_servers_are_told_apart_by_their_schemes_and_show_no_password(urls: tuple[str, ...]) -> None:
    assert servers_of(",".join(urls)) == urls
    assert redact(",".join(urls)) == ",".join(map(redact, urls))
    assert "p@" not in redact(",".join(urls))


def test_one_of_several_that_cannot_be_used_hides_what_it_is() -> None:
    assert redact("redis://u:secret@a:1,redis://u:se#cret@b") == "redis://***@a:1,redis://***"
    with pytest.raises(InvalidInputError) as caught:
        servers_of("redis://u:secret@a:1,redis://u:se#cret@b")
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("between", [", ", " ,", ";", "; ", " ", ", ,", ",\n"])
def test_servers_that_are_parted_otherwise_are_told_so(between: str) -> None:
    with pytest.raises(InvalidInputError, match="part several servers by a comma alone") as caught:
        servers_of(f"redis://u:secret@a:1/0{between}rediss://u:secret@b")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["redis://a,redis://b,", "redis://a,", "redis+sentinel://a,b/main, "])
def test_a_comma_at_the_end_is_told_so(url: str) -> None:
    with pytest.raises(InvalidInputError, match="none at the end"):
        servers_of(url)
