"""Verifiers see the question, not the instructions that the policy was given."""

import time

import pytest

from tinyv_stream.verifiers.tinyv.question import QuestionRule

Q = "Find the value of $x$ if $2x = 6$."

SUFFIXES = [
    " Let's think step by step and output the final answer within \\boxed{}.",
    "\nLet's think step by step and output the final answer within \\boxed{}",
    "\n\nPlease reason step by step, and put your final answer within \\boxed{}.",
    " Please put your final answer within \\boxed{}.",
    "\nPresent the answer in LaTex format: \\boxed{Your answer}",
    '\n\nRemember to put your answer on its own line after "Answer:".',
    " Your final answer should be enclosed in \\boxed{}.",
    " Let's think step by step.",
    " Explain your reasoning briefly, then put the final answer in \\boxed{}.",
    " Please reason step by step. Put your final answer within \\boxed{}.",
]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_instruction_suffix_is_cut(suffix: str):
    assert QuestionRule().strip(Q + suffix) == Q


def test_openers_are_cut():
    opener = (
        "Solve the following math problem step by step. The last line of your response should be of the form "
        "Answer: $Answer.\n\n"
    )
    assert QuestionRule().strip(opener + Q) == Q
    assert QuestionRule().strip("Question: " + Q) == Q


@pytest.mark.parametrize(
    "question",
    [
        Q,
        "Show that step by step summation gives $n(n+1)/2$, then give $n$ for 55.",
        "Put 5 balls into 3 boxes. How many ways are there?",
        "What does \\boxed{3} denote?",
        "Show that $a=b$, then find $c$.",
        "Find $x$ and put it into \\boxed{x+1} to get $y$",
        "Let's think step by step and output the final answer within \\boxed{}.",
        "Please write the answer as a fraction.",
    ],
)
def test_questions_stay_whole(question: str):
    assert QuestionRule().strip(question) == question


def test_users_rule_comes_first():
    assert QuestionRule((r"Respond in XML\.",)).strip(Q + " Respond in XML.") == Q


def test_hostile_length_costs_no_time():
    began = time.process_time()
    QuestionRule().strip("please put " * 20_000 + "\\boxed{" * 1_000)
    assert time.process_time() - began < 5  # of CPU: a pattern that backtracks would need hours
