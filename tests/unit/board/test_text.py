"""Foreign text in a page: escaped, cut, and what cannot be seen is named."""

import html
import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tinyv_stream.board.text import against, shown

_TAG = re.compile(r"</?(?:span|mark|i)(?: (?:class|title)=\"[^\"<>]*\")*>")


@given(st.text(st.characters(codec=None), max_size=300))
def test_nothing_of_a_text_is_markup_and_nothing_in_it_is_unseen(text: str) -> None:
    said = str(shown(text))
    rest = _TAG.sub("", said)
    assert "<" not in rest and ">" not in rest and '"' not in rest and "'" not in rest
    for char in html.unescape(rest):
        assert char in " \n\t" or unicodedata.category(char)[0] not in "CZ"


def test_what_turns_hides_or_moves_is_a_box_with_its_name() -> None:
    said = shown("\u202e\u2066\u200b\x1b[31m\x00\ufeff\u00a0")
    for name in ("U+202E", "U+2066", "U+200B", "ESC", "NUL", "U+FEFF", "U+00A0"):
        assert f">{name}</span>" in said


def test_two_megabytes_are_cut_before_they_are_escaped() -> None:
    said = shown("<b>" * 700_000, 8000)
    assert len(said) < 60_000 and "2,092,000 characters are not shown" in said
    assert said.startswith("&lt;b&gt;") and said.endswith("&lt;b&gt;")


def test_what_differs_is_marked_where_the_texts_are_near() -> None:
    ours, theirs = against(r"3\cdot 2^{n-1}", r"3\cdot 2^{n}")
    assert "<mark>-1</mark>" in ours and "<mark>" not in theirs
    assert "<mark>" not in against("x", "something else <b>")[1]
    assert "&lt;b&gt;" in against("something else <i>", "something else <b>")[1].replace("<mark>", "").replace(
        "</mark>", ""
    )
