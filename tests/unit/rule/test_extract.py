"""Each step of the reference's answer extraction, and what `final_answer` does otherwise."""

from typing import Final

import pytest

from tinyv_stream.verifiers.rules.extract import final_answer, in_boxes, last_box, prime_answer
from tinyv_stream.verifiers.rules.extract.boxes import boxes
from tinyv_stream.verifiers.rules.extract.several import elements
from tinyv_stream.verifiers.rules.extract.spelled import spelled
from tinyv_stream.verifiers.rules.extract.turn import response
from tinyv_stream.verifiers.rules.extract.words import LANGUAGES, Language, nouns

NAMES: Final = {
    "en": ("Final answer", "ANSWER", "Ans", "ans", "The correct option", "The number we are looking for"),
    "es": ("Respuesta", "La solución final", "RESPUESTA"),
    "fr": ("Réponse", "RÉPONSE", "reponse", "le résultat cherché", "la valeur cherchée"),
    "de": ("Antwort", "Endergebnis", "Lösung", "ANTWORT"),
    "pt": ("Resposta", "a resposta final"),
    "ru": ("Ответ", "ОТВЕТ", "искомое число", "Искомая величина"),  # noqa: RUF001
    "ar": ("الجواب", "الإجابة النهائية"),
    "ur": ("جواب",),
    "hi": ("उत्तर", "अंतिम जवाब"),
    "bn": ("উত্তর",),
    "zh": ("答案", "答", "所求的值"),
    "ja": ("答え", "最終解答", "正解", "求める値"),
    "ko": ("정답", "최종 답", "답"),
    "it": ("Risposta",),
    "id": ("Jawaban", "Jawabannya"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        pytest.param("I add. Answer: 42", "42", id="after answer:"),
        pytest.param("So the ANSWER IS 42", "42", id="after answer is, any case"),
        pytest.param("The answers are 1, 2", "1, 2", id="after answers are"),
        pytest.param("answer: 1\nanswer: 2", "2", id="the last marker counts"),
        pytest.param("7 is the answer", "7", id="before is the answer"),
        pytest.param("1, 2 are the answers", "1, 2", id="before are the answers"),
        pytest.param("12 is answer", "12", id="before is answer"),
        pytest.param("1, 2 are answers", "1, 2", id="before are answers"),
        pytest.param("The answer: 3 is the answer", "3", id="behind one marker and before another"),
        pytest.param("answers are 1. The answer is 2. answer: 3", "3", id="markers in their turn"),
        pytest.param(r"\boxed{1} then \boxed{2}", "2", id="the last box"),
        pytest.param(r"\boxed{\frac{1}{2}}", r"\frac{1}{2}", id="nested braces"),
        pytest.param(r"\fbox{3}", "3", id="fbox"),
        pytest.param(r"\boxed{1} but \fbox{3}", "1", id="boxed before fbox"),
        pytest.param("We get 12. Then stop", "12", id="up to the last full stop"),
        pytest.param("it must be 5", "5", id="after be"),
        pytest.param("x = 3 and y = 4", "4", id="after the last ="),
        pytest.param(r"\boxed{x=3, y=4}", "4", id="after the last =, even in a box"),
        pytest.param("Total: 9", "9", id="after a colon"),
        pytest.param("we get 8", "8", id="after get"),
        pytest.param("the results are 4, 5", "4, 5", id="after are"),
        pytest.param("is 1 to be 2", "2", id="after be, then after is"),
        pytest.param("a = 2: 3 = 5", "5", id="the last of several ="),
        pytest.param("it must be\n5", "5", id="after be and a line end"),
        pytest.param("the result is\n6", "6", id="after is and a line end"),
        pytest.param("the results are\n6", "6", id="after are and a line end"),
        pytest.param("Total:\n9", "9", id="after a colon and a line end"),
        pytest.param("we get\n8", "8", id="after get and a line end"),
        pytest.param(r"the answer is \boxed{3}. Bye. See you", "3", id="a box before the full stop"),
        pytest.param(r"\boxed{} is 4", "4", id="an empty box is none"),
        pytest.param(r"\boxed{1} and \boxed{2", r"\boxed{1} and \boxed{2", id="a last box that never ends"),
        pytest.param(r"\boxed 5", r"\boxed 5", id="a box without braces"),
        pytest.param("nothing here", "nothing here", id="nothing matched"),
    ],
)
def test_prime_extraction_follows_each_step_of_the_reference(completion: str, answer: str) -> None:
    assert prime_answer(completion).text == answer


def test_prime_counts_an_answer_only_if_it_holds_a_digit() -> None:
    assert prime_answer("the answer is 4").matched
    assert not prime_answer("the answer is blue").matched
    assert not prime_answer("42 apples").matched  # no marker, no box


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        (r"thus \boxed{x=3, y=4}.", "x=3, y=4"),
        (r"\boxed{1} answer is unclear", "1"),
        (r"<think>\boxed{9}</think> So \boxed{7}", "7"),
        (r"<think>\boxed{9}</think> The answer is 7.", "7"),
        ("**Answer:** x = 3, y = 4.\n\nLet me check.", "x = 3, y = 4"),
        ("Thus it is 3.14.", "3.14"),
        (r"\boxed{} ", ""),
    ],
)
def test_cascade_reads_a_boxed_answer_whole(completion: str, answer: str) -> None:
    assert final_answer(completion) == answer


@pytest.mark.parametrize("text", [r"\boxed{42", r"\boxed", r"}\boxed", r"\boxed}{", "", r"\boxed{" + "{" * 9000])
def test_a_box_that_never_ends_is_no_box(text: str) -> None:
    assert last_box(text) is None


@pytest.mark.parametrize(
    ("truth", "count"),
    [
        ("5", 1), ("1,234", 1), ("1, 2", 2), ("1,2", 2), (r"\{1,2,3\}", 3), ("(3,4)", 2), ("(1,2), (2,1)", 2),
        ("3;4", 2),
        ("1 and 2", 2), (r"1 \text{ or } 2", 2), (r"\pm 3", 2), ("x=1, y=2", 2), ("f(x, y)", 1), (r"\frac{1,5}{2}", 1),
        ("1, 2, and 3", 3), ("", 1), ("$12{,}345$", 1),
    ],
)  # fmt: skip
def test_a_truth_is_a_list_by_what_separates_it_outside_of_brackets(truth: str, count: int) -> None:
    assert elements(truth) == count


@pytest.mark.parametrize(
    ("truth", "answer"),
    [("5, 6", "5, 6"), ("6", "6"), ("", "6"), ("5, 6, 7", "5, 6")],
)
def test_the_truth_decides_only_whether_boxes_of_sub_questions_are_one_answer(truth: str, answer: str) -> None:
    assert final_answer(r"(a) We add, so \boxed{5}. (b) We multiply, so \boxed{6}.", truth) == answer


@pytest.mark.parametrize("truth", ["41", "42", "41, 42", ""])
def test_boxes_with_only_separators_between_them_are_a_list_whatever_the_truth(truth: str) -> None:
    assert final_answer(r"\boxed{41} or \boxed{42}", truth) == "41, 42"


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        (r"so $-\boxed{5}$", "-5"),
        (r"$\boxed{n}^2$", "n^2"),
        (r"$2\cdot\boxed{a+b}$", r"2\cdot(a+b)"),
        (r"- \boxed{5}", "5"),
        (r"$f(x) \ge \boxed{5}$", "5"),
        (r"It is \boxed{7}, not \boxed{5}.", "7"),
        (r"Is it \boxed{5}? No.", ""),
        (r"$x \neq \boxed{5}$", ""),
    ],
)
def test_what_stands_around_a_box_belongs_to_it(completion: str, answer: str) -> None:
    assert final_answer(completion) == answer


@pytest.mark.parametrize(
    ("completion", "spoken"),
    [
        ("<think>a", ""),
        ("a</think>b", "b"),
        ("<think>a</think>b<think>c", ""),
        ("<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc", "b"),
        ("b\nUser: c", "b\n"),
        (r"\boxed{1}" + "\n\nProblem: c", r"\boxed{1}" + "\n\n"),
        ("Problem: c\nSolution: b", "Problem: c\nSolution: b"),
        ("Problem 1: the answer is 2\nProblem 2: b", "Problem 1: the answer is 2\nProblem 2: b"),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>", "b"),
        ("<|channel|>analysis<|message|>a", ""),
    ],
)
def test_only_what_is_said_to_the_reader_is_read(completion: str, spoken: str) -> None:
    assert response(completion) == spoken


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_name_of_the_answer_is_found_by_its_stem(language: Language) -> None:
    for name in NAMES[language.name]:
        assert language.name in {noun.language.name for noun in nouns(f"{name}: 5", 0, 3)}
        assert final_answer(f"3 + 2 = 5\n{name}: 5") == "5"


def test_a_box_that_is_only_mentioned_is_none() -> None:
    text = r"Use \boxed . So \boxed 5, \framebox[2cm][c]{6}, \bbox[red]{7} and \fbox{8"
    assert [box.inside for box in boxes(text)] == ["5", "6", "7", None]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"x": 3, "y": 2}', "(x, y) = (3, 2)"),
        ("{'y': 0, 'x': 3}", "(x, y) = (3, 0)"),
        ('{"x": 3, "value": 9.50}', "(x, value) = (3, 9.50)"),
        ('{"min": 1, "max": 4, "closed": true}', "[1, 4]"),
        ('{"min": 1, "max": 4, "closed": false}', '{"min": 1, "max": 4, "closed": false}'),
        ('{"lower": 0, "upper": 7, "lower_inclusive": false, "upper_inclusive": true}', "(0, 7]"),
        ('{"type": "open", "from": 1, "to": 4}', "(1, 4)"),
        ('{"from": 1, "to": 4}', "(from, to) = (1, 4)"),
        ('{"point": [3, 6]}', "(3, 6)"),
        ('{"interval": "[2, 5)"}', "[2, 5)"),
        ('{"x": 1, "x": 2}', '{"x": 1, "x": 2}'),
        ('{"x": true, "y": 2}', '{"x": true, "y": 2}'),
        ('{"x": [1, 2], "y": 2}', '{"x": [1, 2], "y": 2}'),
        (r"2\*a\*b", "2*a*b"),
        (r"\*\*42\*\*", "42"),
        (r"x\*\*3", "x^{3}"),
        ("x**(n+1)", "x^{(n+1)}"),
        ("x**y**2", "x**y**2"),
        ("5 **cm**", "5 **cm**"),
        (r"\{1, 2\}", r"\{1, 2\}"),
    ],
)
def test_what_is_spelled_for_a_program_is_read_as_mathematics(text: str, answer: str) -> None:
    assert spelled(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"So it is \[ \boxed{7} \]", "7"),
        (r"\boxed{2}, \boxed{3}", "2, 3"),
        (r"\boxed{1} papers and \boxed{2} bins", "1, 2"),
        (r"First \boxed{1}. Then \boxed{2}", "2"),
        (r"\boxed{7", r"\boxed{7"),
        ("7", "7"),
    ],
)
def test_a_text_that_still_has_its_boxes_is_read_by_all_that_are_one_answer(text: str, answer: str) -> None:
    assert in_boxes(text) == answer


def test_an_interval_in_a_box_is_no_part_of_a_list() -> None:
    assert final_answer(r"It starts at \boxed{2}. The domain is \boxed{[2, 5)}.", "[2, 5)") == "[2, 5)"
