"""Bad input is refused at the boundary, naming the field; hostile text only travels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyv_stream import InvalidInputError, Rollout
from tinyv_stream.broker.messages import decode_work, encode, work_of
from tinyv_stream.types import MAX_ROLLOUT_BYTES, validate_name, validate_rollout

GOOD = {"question": "1+1?", "completion": "2", "ground_truth": "2"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("question", ""),
        ("ground_truth", " "),
        ("rollout_id", "a\nb"),
        ("rollout_id", "x" * 129),
        ("group_id", "\x00"),
        ("group_size", 0),
        ("deadline_s", 0.0),
        ("deadline_s", float("nan")),
        ("deadline_s", 1e306),
        ("ground_truth", [42]),
        ("data_source", None),
        ("completion", None),
        ("deadline_s", "5"),
        ("group_size", "8"),
        ("completion", "x" * (MAX_ROLLOUT_BYTES + 1)),
    ],
)
def test_the_error_names_the_field(field: str, value: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        validate_rollout(Rollout(**(GOOD | {field: value})))  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "{tag}", "a/b"])
def test_a_name_that_would_break_keys_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="run_id"):
        validate_name("run_id", name)


@given(st.text(st.characters(codec=None), max_size=200))
def test_any_completion_survives_the_wire(text: str) -> None:
    rollout = Rollout(question="q", ground_truth="1", completion=text, rollout_id="r")
    work = decode_work(encode(work_of(rollout, run_id="run", client_id="c")))
    assert work.completion == text.encode("utf-8", "replace").decode()
    assert work.uid.startswith("run/r#")
