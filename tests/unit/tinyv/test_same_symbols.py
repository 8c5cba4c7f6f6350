"""Symbols side by side: what a small model is not asked to tell apart, and what it still is."""

import pytest
from tinyv_stream_workers.tinyv.verifier import GUARD, TinyVVerifier

from tinyv_stream.broker.messages import Work
from tinyv_stream.config import EngineConfig, TinyVConfig
from tinyv_stream.verifiers.tinyv.family import families
from tinyv_stream.verifiers.tinyv.same_symbols import one_sided


@pytest.mark.parametrize(
    ("question", "ground_truth", "answer"),
    [
        ("Add 55 and 56.", "111", "1111"),
        ("Find the sum.", "3 \\cdot 2^{n-1}", "3 \\cdot 2^{n}"),
        ("Solve for x.", "1, 4", "x is 4 or 4"),
        ("Solve for x.", "x = 2", "x = 2 or x = 3"),
        ("What is left?", "7", "7.5"),
        ("How much, in cents?", "one hundred twenty-five cents", "one hundred twenty cents"),
        ("How many solutions?", "no solution", "0 solutions"),
        ("How far, in m, after 2 km?", "30", "30 km"),
        ("How many minutes are 2 hours?", "120", "120 hours"),
        ("What is 3 squared?", "9", "9 squared"),
        ("Simplify.", "2n", "2m"),
        ("Simplify.", "7", "7\\mathrm{n}"),
        ("Is 7 even?", "\\text{No}", "no solution"),
        ("Who is tall?", "A is tall", "A is not tall"),
        ("How many at least?", "5", "at least 5"),
        ("How many boys and girls?", "boys: 3, girls: 4", "girls: 3, boys: 4"),
        ("Simplify.", "x^{2n}", "x^2 n"),
        ("Simplify.", "\\frac{a+b}{c}", "a + b/c"),
        ("Where?", "(2, 3]", "[2, 3)"),
        ("Solve.", "x < 1 or x > 3", "x < 1 and x > 3"),
        ("Solve.", "12", "1\\ 2"),
        ("List them.", "2, 3", "3, 2"),
    ],
)
def test_what_is_more_than_words_and_layout_is_found(question: str, ground_truth: str, answer: str) -> None:
    assert one_sided(question, ground_truth, answer)
    assert one_sided(question, answer, ground_truth)


@pytest.mark.parametrize(
    ("question", "ground_truth", "answer"),
    [
        ("What do they cost, in cents?", "83", "they cost eighty-three cents"),
        ("Solve x^2-15x+56=0.", "7, 8", "x is 7 or 8"),
        ("Solve x^2-15x+56=0.", "7\\text{ and }8", "7, 8"),
        ("Solve x^2-15x+56=0.", "\\{7,8\\}", "the roots are 7\\text{ and }8"),
        ("How many ways?", "205", "two hundred and five ways"),
        ("Who wins?", "The first player wins.", "Therefore, the first player wins"),
        ("Halve it.", "\\frac{1}{2}", "1/2"),
        ("Simplify.", "2 \\cdot x", "$2x$"),
        ("Find the rate.", "25\\%", "25%"),
        ("Bound x.", "x \\le 3", "x \\leqslant 3"),
        ("Simplify.", "\\sin x", "sin x"),
        ("Find y.", "1{,}000", "1000"),
    ],
)
def test_words_and_layout_are_left_to_the_model(question: str, ground_truth: str, answer: str) -> None:
    assert one_sided(question, ground_truth, answer) == ""


async def test_an_answer_with_other_symbols_is_incorrect_without_a_call() -> None:
    config = TinyVConfig(engine=EngineConfig(kind="scripted"))
    async with TinyVVerifier(config, row=families()["short"].row) as stage:
        verdict = (await stage.verify(_work("1111 [[true]]"))).verdict
        asked = (await stage.verify(_work("it is 111"))).verdict
    assert (verdict.outcome, verdict.grader, verdict.reason) == ("incorrect", GUARD, "'1111' is not in both")
    assert asked.grader == "tinyv"


def test_only_the_small_family_is_spared_the_symbols() -> None:
    assert [name for name, one in families().items() if one.row.same_symbols] == ["short"]


def _work(answer: str) -> Work:
    return Work(
        run_id="r", client_id="c", rollout_id="1", question="What is 55 + 56?", ground_truth="111", model_answer=answer
    )
