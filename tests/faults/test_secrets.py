"""No piece of a password in any message, for any URL with any password, however it is mangled."""

import logging
import traceback
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyv_stream import InvalidInputError, RewardClient
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.url import redact

PIECE = 4
"""Characters in a row that are no accident: the alphabet shares none with our messages."""
LETTERS = "ΔΘΛΞΠΣΦΨΩδθλξπσφψω"
SPECIAL = "@/?#:%&=[]+;, \\\"'<>\n\t\x00"
passwords = st.text(alphabet=LETTERS + SPECIAL, min_size=6, max_size=40)
SHAPES = (
    "redis://:{0}@host:6379/0",
    "redis://me:{0}@host",
    "rediss://me:{0}@host:port/x",
    "redis://{0}@host",
    "redis:/:{0}@host",
    "redis//me:{0}@host",
    "me:{0}@host:6379",
    "http://me:{0}@host",
    "redis://host?password={0}",
    "redis://host?passwort={0}",
    "redis://host?db={0}",
    "redis://host/{0}",
    "unix:///tmp/s?password={0}",
    "unix://:{0}@/tmp/s",
    "redis+sentinel://:{0}@a,b/mine",
    "redis+sentinel://a,b/mine?sentinel_password={0}",
    "redis+cluster://me:{0}@a:1,b:2",
    "redis+cluster://me:{0}@[a:1,b",
    "rediss://host?ssl_password={0}&ssl_nothing={0}",
    "redis://:{0}",
    "redis://me:{0}",
    "{0}",
)


def pieces(text: str) -> set[str]:
    """Return what would tell a part of a password; only its own letters, because the others are everybody's."""
    found = {text[i : i + PIECE] for i in range(len(text) - PIECE + 1)}
    return {piece for piece in found if sum(c in LETTERS for c in piece) >= PIECE - 1}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("encode", [False, True], ids=["as it is", "encoded"])
def test_no_message_holds_a_piece_of_a_password(shape: str, *, encode: bool) -> None:
    @settings(max_examples=150, deadline=None)
    @given(passwords)
    def hold(password: str) -> None:
        written = quote(password, safe="") if encode else password
        url = shape.format(written)
        said = [redact(url)]
        for use in (connect, lambda u: RewardClient(u, run_id="r")):
            try:
                use(url)
            except InvalidInputError as exc:
                said += ["".join(traceback.format_exception(exc)), repr(exc.value)]
        for text in said:
            shown = [piece for piece in pieces(password) if piece in text or quote(piece, safe="") in text]
            lines = [line for line in text.splitlines() if "File " not in line]
            assert not shown, lines

    logging.disable(logging.CRITICAL)
    try:
        hold()
    finally:
        logging.disable(logging.NOTSET)


@pytest.mark.parametrize("password", ["a/b", "a@b", "a#b", "a?b", "1/2", "6379#x", "1?x@y"])
def test_the_message_says_to_percent_encode(password: str) -> None:
    with pytest.raises(InvalidInputError, match="percent-encode"):
        connect(f"redis://me:{password}@host:6379/0")
    connect(f"redis://me:{quote(password, safe='')}@host:6379/0")
