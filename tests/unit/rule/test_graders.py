"""Every grader by name, and what each is known for."""

import pytest

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules.graders import BUILTIN, Check, load


def grade(grader: str, answer: str, gold: str, question: str = "") -> Verdict:
    verdict = load(grader).grade(Check(answer, gold, question))
    assert verdict is not None
    return verdict


def outcome(grader: str, answer: str, gold: str) -> Outcome:
    fast = load(grader).fast(Check(answer, gold))
    full = grade(grader, answer, gold)
    assert fast is None or fast.outcome is full.outcome
    return full.outcome


def yes_man(check: Check) -> bool:
    return check.model_answer == "yes"


def verbose(check: Check) -> Verdict:
    return Verdict(outcome=Outcome.CORRECT, grader="someone else", reason=check.question)


def confused(check: Check) -> str:
    return "maybe"


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_each_grader_signs_its_verdicts_and_knows_equal_from_unequal(name: str) -> None:
    assert grade(name, "42", "42").grader == name
    assert outcome(name, "42", "42") is Outcome.CORRECT
    assert outcome(name, "43", "42") is Outcome.INCORRECT


def test_exact_accepts_nothing_that_needs_algebra() -> None:
    assert outcome("exact", r"\frac{1}{2}", "0.5") is Outcome.CORRECT
    assert outcome("exact", "x+1", "1+x") is Outcome.INCORRECT


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        (r"\frac12", r"\frac{1}{2}", True),
        ("0.5", r"\frac{1}{2}", True),
        ("x=5", "5", True),
        (r"5\text{ cm}", "5", True),
        ("(1, 2)", "(1,2)", True),
        ("[1, 2)", "(1,2)", False),
        ("2/4", "1/2", False),  # not reduced
        ("0.4999999", "1/2", False),  # a number against a fraction is not looked at
        ("0.42", "42", True),  # a hundredth
        ("4200", "42", True),  # a hundredfold
        ("1e512_7", "5", False),  # its base cut off, it is no number: the reference raises, and its caller refuses
        ("42.001", "42", True),  # 1e-4
        ("42.1", "42", False),
        ("x+1", "1+x", True),
        (r"\{42\}", "42", False),  # a set to its parser
        ("32+0", "32", False),  # an integer wants an integer
        (r"2\pi", "6.28", True),  # pi as 3.14
        (r"2\pi", "6.2832", True),
        ("1,234", "1234", True),
        ("1{,}234", "1234", True),
        (r"\frac{x+1}{2}", r"x+\frac{1}{2}", True),  # the reference's flattening, kept
        ("", "5", False),
        ("1/0", "5", False),
    ],
)
def test_prime_keeps_the_verdicts_of_the_reference(answer: str, gold: str, *, expected: bool) -> None:
    assert (outcome("prime", answer, gold) is Outcome.CORRECT) is expected


def test_math_verify_wraps_a_bare_ground_truth() -> None:
    assert outcome("math_verify", r"\{1, 2\}", r"\{2, 1\}") is Outcome.CORRECT
    assert outcome("math_verify", "x^2+2x+1", "(x+1)^2") is Outcome.CORRECT


def test_a_users_function_is_a_grader_under_its_own_name() -> None:
    assert outcome(f"{__name__}:yes_man", "yes", "") is Outcome.CORRECT
    assert outcome(f"{__name__}:yes_man", "no", "") is Outcome.INCORRECT
    assert grade(f"{__name__}:verbose", "", "", "q").grader == f"{__name__}:verbose"
    assert outcome(f"{__name__}:confused", "", "") is Outcome.UNDECIDED


def test_cascade_leaves_slow_work_to_the_patient() -> None:
    check = Check(r"\int_0^1 2x dx", "1")
    assert load("cascade").grade(check, patient=False) is None
    assert outcome("cascade", r"\int_0^1 2x dx", "1") is Outcome.CORRECT


@pytest.mark.parametrize("name", ["no_such_grader", "no.such.module:f", "math:nothing", "math:pi"])
def test_an_unknown_grader_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(InvalidInputError, match=name):
        load(name)
