"""A look at a cluster's address before Ray's own: what is not there, is another program, or says nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tinyv_stream.scale import reach

SETTINGS = b"\0\0\6\4\0\0\0\0\0" + b"\0\4\0\0\xff\xff"


@contextmanager
def says(word: bytes | None) -> Iterator[str]:
    """A server that says one thing to one client; None: nothing, while it keeps the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            link, _ = server.accept()
            with link:
                if word is None:
                    over.wait(60)
                else:
                    link.sendall(word)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("form", ["{}", "ray://{}"])
def test_what_speaks_grpc_is_left_to_ray(form: str) -> None:
    with says(SETTINGS) as address:
        reach.check_answers(form.format(address))


@pytest.mark.parametrize("word", [b"", b"-ERR unknown command\r\n", b"HTTP/1.1 400 Bad Request\r\n"])
def test_another_program_is_no_cluster(word: bytes) -> None:
    with says(word) as address, pytest.raises(OSError, match=r"no Ray|reset"):
        reach.check_answers(address)


def test_silence_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_EACH_S", 0.2)
    with says(None) as address, pytest.raises(TimeoutError):
        reach.check_answers(address)


def test_a_closed_port_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            reach.check_answers(f"127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize("address", ["auto", "local", "nonsense", "host:port", "anyscale://x"])
def test_other_forms_are_ray_s_to_judge(address: str) -> None:
    reach.check_answers(address)
