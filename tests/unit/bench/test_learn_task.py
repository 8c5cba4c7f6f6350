"""The tasks hold what the benchmark says of them: many right spellings, an exact oracle, rules that refuse some."""

import random

import pytest

from bench.learn.amounts import Amounts, number_words
from bench.learn.faulty import AnyOf, RestIgnored
from bench.learn.grpo import GradedText
from bench.learn.rewards import Behind, ByForm, HalfOfPairs, Oracle, Rules, completion_of
from bench.learn.roots import Roots
from bench.learn.task import OR, TaskFamily, is_right, problems, taught
from tinyv_stream.verifiers.in_process import grade

FAMILIES = [Amounts(), Roots()]


def spelled(family: TaskFamily, count: int = 6) -> list[GradedText]:
    """Every spelling of some right and near values."""
    rng = random.Random(1)
    told: list[GradedText] = []
    for one in problems(family, count, 1):
        for form in family.forms:
            right = "".join(family.spell(one.value, form))
            wrong = "".join(family.spell(family.near_miss(one.value, rng), form))
            told += [GradedText(one, right, is_right(family, one, right)), GradedText(one, wrong, right=False)]
    return told


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
class TestFamily:
    def test_the_oracle_reads_every_spelling_of_its_value_and_of_no_other(self, family: TaskFamily) -> None:
        rng = random.Random(2)
        for one in problems(family, 30, 3):
            for form in family.forms:
                assert family.read("".join(family.spell(one.value, form))) == (one.value, form)
                assert not is_right(family, one, "".join(family.spell(family.near_miss(one.value, rng), form)))

    def test_a_reference_is_a_right_answer_to_its_own_question(self, family: TaskFamily) -> None:
        assert all(is_right(family, one, one.reference) for one in problems(family, 40, 4))

    def test_a_text_around_a_right_answer_makes_it_wrong(self, family: TaskFamily) -> None:
        one = problems(family, 1, 5)[0]
        right = "".join(family.spell(one.value, "plain"))
        for text in ("", f"{right} ", f" {right}", f"{right}1", f"{right}{OR}{right}", f"{right}, {right}", "?"):
            assert not is_right(family, one, text), text

    def test_the_same_seed_draws_the_same_questions_and_another_seed_others(self, family: TaskFamily) -> None:
        assert problems(family, 20, 1) == problems(family, 20, 1)
        assert problems(family, 20, 1) != problems(family, 20, 2)
        assert len({one.question for one in problems(family, 60, 1)}) == 60

    def test_prompts_and_lessons_fit_the_lengths_that_the_family_names(self, family: TaskFamily) -> None:
        rng = random.Random(6)
        for one in problems(family, 40, 6):
            assert len(one.prompt) + 1 == family.prompt_tokens
            lessons = [taught(family, one.value, rng, right=0.5, hedge=0.3) for _ in range(40)]
            assert max(map(len, lessons)) < family.answer_tokens
            assert {token for lesson in [*lessons, one.prompt] for token in lesson} <= set(family.tokens)
        assert len(set(family.tokens)) == len(family.tokens)

    def test_difficulty_is_a_parameter(self, family: TaskFamily) -> None:
        rng = random.Random(7)
        value = problems(family, 1, 7)[0].value
        near, far = type(family)(1), type(family)(4)
        misses = [{f.near_miss(value, rng) for _ in range(400)} for f in (near, far)]
        assert len(misses[0]) < len(misses[1])

    def test_rules_refuse_some_right_spellings_and_accept_no_near_miss_of_the_same_spelling(
        self, family: TaskFamily
    ) -> None:
        for name in ("prime", "cascade"):
            answers = spelled(family)
            paid = Rules(name)(answers, 0)
            right = [p for a, p in zip(answers, paid, strict=True) if a.right]
            assert 0 < sum(p == 1 for p in right) < len(right), name

    def test_rules_here_say_what_the_product_says(self, family: TaskFamily) -> None:
        answers = spelled(family, 2)
        for a, paid in zip(answers, Rules("cascade")(answers, 0), strict=True):
            verdict = grade(a.text, a.problem.reference, a.problem.question)
            assert (paid == 1) == (verdict.outcome.value == "correct"), a

    def test_a_blind_oracle_refuses_one_spelling_and_a_gullible_one_pays_it_whatever_it_says(
        self, family: TaskFamily
    ) -> None:
        answers = spelled(family)
        for value in (0.0, 1.0):
            for a, paid in zip(answers, ByForm(family, "plain", value)(answers, 0), strict=True):
                read = family.read(a.text)
                assert paid == (value if read and read[1] == "plain" else float(a.right))

    def test_half_of_the_pairs_of_spellings_are_known_and_no_wrong_answer_in_them_is_paid(
        self, family: TaskFamily
    ) -> None:
        by_reference = {family.read(one.reference)[1]: one for one in problems(family, 60, 9)}  # type: ignore[index]
        answers = [
            GradedText(one, "".join(family.spell(one.value, form)), right=True)
            for one in by_reference.values()
            for form in family.forms
        ]
        assert len(answers) == len(family.forms) ** 2
        assert sum(HalfOfPairs(family)(answers, 0)) == len(answers) // 2
        assert not any(HalfOfPairs(family)([GradedText(a.problem, a.text, right=False) for a in answers], 0))

    def test_the_faulty_graders_pay_a_hedge_and_no_plain_mistake(self, family: TaskFamily) -> None:
        one = problems(family, 1, 8)[0]
        right = "".join(family.spell(one.value, "plain"))
        wrong = "".join(family.spell(family.near_miss(one.value, random.Random(1)), "plain"))
        texts = {
            right: 1,
            wrong: 0,
            f"{wrong}{OR}{right}": 1,
            f"{right}{OR}{wrong}": 1,
            f"{wrong}{OR}{wrong}": 0,
            "": 0,
        }
        answers = [GradedText(one, text, text == right) for text in texts]
        assert AnyOf(family)(answers, 0) == list(texts.values())
        assert RestIgnored()(answers, 0) == [1, 0, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("family", "value", "right", "wrong"),
    [
        (
            FAMILIES[0],
            (83,),
            ["they cost 83c", r"they cost \$0.83", "eighty-three", "they cost eighty three cents", "83"],
            ["83.0", r"\$83", "0.83", "083", "they cost ", "they cost they cost 83", "eighty-three 83", "83 cents c"],
        ),
        (
            FAMILIES[1],
            (7, 8),
            ["7,8", "8, 7", r"the roots are 7\text{ and }8", "x is 8, 7", r"\{7, 8\}", r"roots: \{8,7\}"],
            ["7", "7, 7", "7,8,", r"\{7,8", "7 8", "x is 7, ", "78", "7, 8, 9", "07,8", r"\{7\text{ and }8\}"],
        ),
    ],
    ids=["amounts", "roots"],
)
def test_the_oracle_knows_mixtures_of_forms_and_no_fragments(
    family: TaskFamily, value: tuple[int, ...], right: list[str], wrong: list[str]
) -> None:
    for text in right:
        read = family.read(text)
        assert read is not None and read[0] == value, text
    for text in wrong:
        read = family.read(text)
        assert read is None or read[0] != value, text


def test_an_oracle_errs_at_the_rates_it_was_given() -> None:
    one = problems(Amounts(), 1, 1)[0]
    rights = [GradedText(one, one.reference, right=True)] * 4000
    wrongs = [GradedText(one, "", right=False)] * 4000
    spoiled = Oracle(3, fn=0.6, fp=0.05)
    assert sum(spoiled(rights, 0)) / 4000 == pytest.approx(0.4, abs=0.04)  # five deviations
    assert sum(spoiled(wrongs, 0)) / 4000 == pytest.approx(0.05, abs=0.018)
    assert Oracle(3)([*rights, *wrongs], 0) == [1.0] * 4000 + [0.0] * 4000


def test_an_add_on_is_asked_about_what_the_rules_refused_and_nothing_else() -> None:
    one = problems(Amounts(), 1, 1)[0]
    answers = [GradedText(one, text, right=False) for text in ("paid", "refused", "unknown")]
    asked: list[str] = []

    def rules(given: list[GradedText], step: int) -> list[float | None]:
        return [{"paid": 1.0, "refused": 0.0, "unknown": None}[a.text] for a in given]

    def second(given: list[GradedText], step: int) -> list[float | None]:
        asked.extend(a.text for a in given)
        return [1.0, None]

    assert Behind(rules, second)(answers, 0) == [1.0, 1.0, None]
    assert asked == ["refused", "unknown"]


def test_words_of_numbers_join_to_english() -> None:
    told = {7: "seven", 20: "twenty", 83: "eighty-three", 100: "one hundred", 119: "one hundred nineteen"}
    assert {n: "".join(number_words(n)) for n in told} == told
    assert len({"".join(number_words(n)) for n in range(200)}) == 200


def test_a_completion_has_its_answer_in_a_box() -> None:
    assert completion_of("83") == r"\boxed{83}"
