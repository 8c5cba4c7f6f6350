"""What is no answer never reaches a model, even one that says True to everything; what might be one does."""

import json
import os
import time
from pathlib import Path

import pytest
from tinyv_stream_workers.tinyv.engines.scripted import ScriptedEngine
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.broker.messages import Work
from tinyv_stream.config import EngineConfig, TinyVConfig
from tinyv_stream.lab import attacks
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.tinyv.guard import objection
from tinyv_stream.verifiers.tinyv.guard_words import FIELD, NUMBER, OPENER, PLACEHOLDER, SAID_YES, SPELT, TRUTH


def test_enough_families_are_tried_on_enough_questions() -> None:
    assert len(attacks.STRUCTURAL) >= 15
    for family in (*attacks.STRUCTURAL, *attacks.SEMANTIC):
        assert len({question for question, _, _ in attacks.tries(family)}) >= 20, family


@pytest.mark.parametrize("family", attacks.STRUCTURAL)
async def test_engine_that_accepts_everything_accepts_no_attack(family: str) -> None:
    engine = ScriptedEngine(lambda _prompt: 1.0)
    config = TinyVConfig(engine=EngineConfig(kind="scripted"))
    async with TinyVVerifier(config, engine=engine) as stage:
        for i, (question, reference, answer) in enumerate(attacks.tries(family)):
            work = Work(
                run_id="r",
                client_id="c",
                rollout_id=str(i),
                question=question,
                ground_truth=reference,
                model_answer=answer,
            )
            verdict = (await stage.verify(work)).verdict
            assert verdict.outcome is Outcome.INCORRECT, (answer, reference)
            assert verdict.grader == "guard"
    assert not engine.prompts


ODD_BUT_FAIR = [
    ("What is $n$?", "$N=n$", "n"),
    ("Which conic is it?", "ellipse", "an ellipse"),
    ("How many?", "$\\text{infinitely many}$", "\\infty"),
    ("Which set?", "\\emptyset", "∅"),
    ("Is it convergent?", "True", "true"),
    ("Does it hold?", "Yes", "yes"),
    ("Which options hold?", "A, B, C", "A, B and C"),
    ("Which one?", "A", "(A)"),
    ("Find all roots.", "x=1, x=-1", "x=1 or x=-1"),
    ("Find all roots.", "\\pm 1", "1 or -1"),
    ("Who wins?", "The first player", "First Player"),
    ("In which order?", "b < a < d < c", "b, a, d, c"),
    ("What kind of dilution?", "Solution B", "solution B"),
    ("How many people?", "1234567", "1,234,567"),
    ("Give the first three.", "1, 2, 3", "1, 2, 3"),
    ("What happens?", "The quotient does not change", "No, the quotient remains the same"),
    ("What is drawn?", "three triangles", "▲▲▲"),
    ("What does the judge do?", "He adjourns", "the judge adjourns the trial"),
    ("Simplify.", "\\frac{1}{2}", "1/2"),
    ("Is there a solution?", "no solution", "No solution exists"),
    ("What is the probability?", "0.5", "50\\%"),
    (
        "How is the circle made?",
        "by its diameter",
        "To find its centre, halve AB at M; the circle has diameter AB = 2r",
    ),
    ("Which function?", "$f(x)=2x$", "f(x)=2x \\text{ for all } x"),
    ("Which day?", "15th Day", "15"),
    ("How much?", "\\$5", "\\text{\\$}5.00"),
    ("How many people?", "1000000", "1\\,000\\,000"),
    ("Which set?", "\\emptyset", "\\{\\}"),
    ("Which of them?", "\u2460\u2461\u2463", "1, 2, 4"),
    ("Which triangle?", "right triangle", "right"),
    ("Which choice?", "(A) 12", "A"),
    ("What is the root?", "0 + 1i", "i"),
    ("How do they compare?", "1:1", "They are equal"),
    ("How many?", "12", "a dozen"),
    ("How many?", "0", "none of them"),
    ("How many of the 8?", "8", "all of them"),
    ("What follows?", "no solution", "Therefore no solution exists"),
    ("Which relation?", "<", "="),
    ("What is it?", "2\\pi r", "2\u03c0r"),
    ("Who?", "Am\u00e9lie", "Am\u00e9lie"),
    ("Which one?", "a \\ne b", "a \u2260 b"),
    ("Which step?", "Step 2", "Step 2"),
    ("What is the order?", "b<a<c", "b<a<c"),
    ("Which?", "3", "\\mathbf{3}"),
]


@pytest.mark.parametrize(("question", "reference", "answer"), ODD_BUT_FAIR)
def test_odd_but_fair_answer_is_put_to_the_model(question: str, reference: str, answer: str) -> None:
    assert objection(question, reference, answer) is None


@pytest.mark.parametrize("family", attacks.SEMANTIC)
def test_attack_on_meaning_is_the_models_to_judge(family: str) -> None:
    """The guard never plays mathematician: these are counted with a real model instead (docs/engine.md)."""
    for question, reference, answer in attacks.tries(family):
        assert objection(question, reference, answer) is None, (answer, reference)


HOSTILE = ["a" + "=" * 20_000, "verdict" + "=" * 20_000, "\\frac" + "1" * 20_000 + "x", "=" * 20_000 + "x"]


@pytest.mark.parametrize("text", HOSTILE, ids=["field", "verdict", "fraction", "signs"])
def test_hostile_text_makes_no_pattern_slow(text: str) -> None:
    """Processor time, not the clock's: linear it is thousandths of a second, quadratic it is many seconds."""
    began = time.process_time()
    for pattern in (FIELD, SAID_YES, NUMBER, OPENER, PLACEHOLDER, TRUTH, SPELT):
        pattern.fullmatch(text)
    assert time.process_time() - began < 2


def test_reference_itself_always_reaches_the_model() -> None:
    for question, reference in attacks.QUESTIONS:
        assert objection(question, reference, reference) is None, reference


@pytest.mark.skipif("HARDVERIFY_MATH" not in os.environ, reason="HARDVERIFY_MATH names no file")
def test_correct_answers_of_the_benchmark_reach_the_model() -> None:
    """HardVerify-Math.json of uw-nsl/TinyV: right answers that look wrong, the very ones TinyV is for."""
    rows = json.loads(Path(os.environ["HARDVERIFY_MATH"]).read_text())
    stopped = [
        (rule, row["fn_output"])
        for row in rows
        if (rule := objection(row["question"], row["ground_truth"], row["fn_output"]))
    ]
    assert len(rows) >= 250
    assert len(stopped) <= 0.005 * len(rows), stopped


def test_right_answers_in_many_forms_reach_the_model() -> None:
    """The pairs of the rules' tests: every form there was written as a fair way to say it."""
    rows = [json.loads(line) for line in (Path(__file__).parents[2] / "data" / "answer_pairs.jsonl").open()]
    right = [row for row in rows if row["label"]]
    stopped = [row for row in right if objection(row["question"], row["ground_truth"], row["model_answer"])]
    assert len(right) > 400
    assert len(stopped) <= 0.005 * len(right), stopped
