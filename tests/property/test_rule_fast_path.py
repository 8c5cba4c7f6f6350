"""The fast path never contradicts arithmetic, whatever the spelling."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.rules.extract import final_answer, prime_answer
from tinyv_stream.verifiers.rules.fast_path import decide, number

_fractions = st.fractions(min_value=-10_000, max_value=10_000, max_denominator=500)


def spellings(value: Fraction) -> list[str]:
    top, bottom = value.numerator, value.denominator
    sign = "-" if top < 0 else ""
    texts = [
        f"{top}/{bottom}",
        f"\\frac{{{top}}}{{{bottom}}}",
        f"{sign}\\dfrac{{{abs(top)}}}{{{bottom}}}",
        f"${top}/{bottom}$",
    ]
    if bottom == 1:
        texts += [str(top), f"{top:,}", f"{top}.0", f"\\left{top}\\right"]
    return texts


@given(_fractions, st.data())
def test_every_spelling_of_a_number_is_that_number(value: Fraction, data: st.DataObject) -> None:
    one, other = data.draw(st.sampled_from(spellings(value))), data.draw(st.sampled_from(spellings(value)))
    found = decide(one, other)
    assert found is not None
    assert found.outcome is Outcome.CORRECT


@given(_fractions, _fractions, st.data())
def test_two_numbers_are_never_taken_for_one_another(left: Fraction, right: Fraction, data: st.DataObject) -> None:
    found = decide(data.draw(st.sampled_from(spellings(left))), data.draw(st.sampled_from(spellings(right))))
    if left != right:
        assert found is None or found.outcome is Outcome.INCORRECT


MARKS = (
    r"\boxed{", r"\boxed ", "}", "{", "$", r"\[", r"\]", "answer: ", "The answer is ", " is the answer", "#### ",
    "<answer>", "</answer>", '{"answer": "', '"}', "\n", "\n\n", ". ", "?", " or ", " not ", "5", "x", "**", "- ",
    "### Final Answer\n", "答案是", "उत्तर ", "<think>", "</think>", "<|im_end|>", "User: ", "Problem: ", "(", ")",
    ", because ", "; ", "\\", "-", "^2",
)  # fmt: skip


@given(st.lists(st.sampled_from(MARKS), max_size=30).map("".join), st.sampled_from(["5", "5, x", ""]))
def test_any_mixture_of_marks_gives_a_text_without_a_box_and_no_more_than_it_held(text: str, truth: str) -> None:
    answer = final_answer(text, truth)
    assert "\\boxed" not in answer
    assert sum(map(answer.count, "5x")) <= sum(map(text.count, "5x"))


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_survived(one: str, other: str) -> None:
    found = decide(one, other)
    assert found is None or found.reason
    number(one)
    final_answer(one + r"\boxed{" + other)
    assert isinstance(prime_answer(one).text, str)
