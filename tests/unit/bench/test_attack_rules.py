"""The attack's oracle against labelled pairs and exact fractions, its reach, and a faulty grader that it catches."""

import importlib.util
import json
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from bench.attack_rules import command, graders
from bench.attack_rules.attack import attack, loaded
from bench.attack_rules.context import Context
from bench.attack_rules.exact import computed, exact
from bench.attack_rules.families import FAMILIES
from bench.attack_rules.findings import REACHED_BY
from bench.attack_rules.mutants import Mutant, drawn, mutants, truths
from bench.attack_rules.oracle import judge
from bench.attack_rules.spelling import spelling
from bench.attack_rules.tree import TreeNode, add, const, dec, div, fn, mul, neg, num, of, power, sqrt, sym
from bench.attack_rules.writer import write

REAL, POSITIVE, NATURAL, OPEN = Context("real"), Context("positive"), Context("natural"), Context("open")
PLAIN_VALUE, EXACT, DEGREES = Context(), Context(exact=True), Context(measured=True)
n, x, y, a = sym("n"), sym("x"), sym("y"), sym("a")
e, i, pi = const("e"), const("i"), const("pi")


def val(name: str, value: int) -> TreeNode:
    return of("val", num(value), name=name)


def half(node: TreeNode, by: int = 2) -> TreeNode:
    return div(node, num(by))


JUDGED = [
    # numbers
    (num(12), num(21), PLAIN_VALUE, "different"),
    (div(num(1), num(2)), dec("0.5"), PLAIN_VALUE, "equal"),
    (div(num(2), num(4)), div(num(1), num(2)), PLAIN_VALUE, "equal"),
    (div(num(1), num(3)), dec("0.333333"), PLAIN_VALUE, "unsure"),
    (div(num(1), num(3)), dec("0.333333"), EXACT, "different"),
    (dec("12.25"), dec("12.2536"), EXACT, "different"),
    (dec("12.25"), dec("12.2536"), PLAIN_VALUE, "unsure"),
    (of("rep", name="0.(3)"), div(num(1), num(3)), PLAIN_VALUE, "equal"),
    (of("mixed", num(1), num(1), num(2)), half(num(3)), PLAIN_VALUE, "equal"),
    (of("mixed", num(1), num(1), num(2)), half(num(1)), PLAIN_VALUE, "different"),
    (power(num(2), power(num(3), num(2))), num(512), PLAIN_VALUE, "equal"),
    (power(num(2), power(num(3), num(2))), power(power(num(2), num(3)), num(2)), PLAIN_VALUE, "different"),
    # small, large, far apart
    (div(pi, power(num(2), num(200))), div(pi, power(num(2), num(201))), PLAIN_VALUE, "different"),
    (power(e, neg(num(100))), num(0), PLAIN_VALUE, "different"),
    (add(num(1), neg(power(e, neg(num(100))))), num(1), PLAIN_VALUE, "different"),
    (div(num(1), of("fact", num(2004))), div(num(1), of("fact", num(2006))), PLAIN_VALUE, "different"),
    (power(num(2), num(100)), power(num(4), num(50)), PLAIN_VALUE, "equal"),
    # roots and functions: rounding is no difference
    (sqrt(num(12)), mul(num(2), sqrt(num(3))), PLAIN_VALUE, "equal"),
    (mul(sqrt(num(2)), sqrt(num(2))), num(2), PLAIN_VALUE, "equal"),
    (fn("sin", pi), num(0), PLAIN_VALUE, "equal"),
    (fn("sin", div(pi, num(6))), half(num(1)), PLAIN_VALUE, "equal"),
    (div(fn("ln", num(2)), num(2)), fn("ln", num(1)), PLAIN_VALUE, "different"),
    (of("floor", of("log", num(2), num(8))), num(3), PLAIN_VALUE, "equal"),
    # complex
    (add(num(3), mul(num(2), i)), add(num(2), mul(num(3), i)), PLAIN_VALUE, "different"),
    (mul(num(2), e), num(2), PLAIN_VALUE, "different"),
    (power(e, mul(pi, i)), neg(num(1)), PLAIN_VALUE, "equal"),
    # letters
    (power(add(x, num(1)), num(2)), add(power(x, num(2)), mul(num(2), x), num(1)), OPEN, "equal"),
    (add(x, num(1)), add(x, neg(num(1))), OPEN, "different"),
    (of("abs", a), a, REAL, "different"),
    (of("abs", a), a, POSITIVE, "equal"),
    (sqrt(power(a, num(2))), of("abs", a), REAL, "equal"),
    (sqrt(div(num(1), x)), div(num(1), sqrt(x)), POSITIVE, "equal"),
    (of("max", x, y), x, REAL, "different"),
    (fn("ln", power(x, num(2))), mul(num(2), fn("ln", x)), POSITIVE, "equal"),
    (add(power(fn("sin", x), num(2)), power(fn("cos", x), num(2))), num(1), REAL, "equal"),
    (add(a, x, y), add(a, x, y, num(1)), REAL, "different"),
    (sym("x'"), x, REAL, "different"),
    # whole numbers
    (of("ceil", half(n)), add(of("floor", half(n)), num(1)), NATURAL, "different"),
    (of("ceil", half(n)), of("floor", half(add(n, num(1)))), NATURAL, "equal"),
    (add(n, neg(of("floor", half(n)))), of("ceil", half(n)), NATURAL, "equal"),
    (power(neg(num(1)), n), num(1), NATURAL, "different"),
    (fn("cos", mul(n, pi)), power(neg(num(1)), n), NATURAL, "equal"),
    (of("gcd", n, sym("m")), n, NATURAL, "different"),
    (of("fact", add(n, num(1))), mul(add(n, num(1)), of("fact", n)), NATURAL, "equal"),
    (of("sum", num(1), n, sym("k"), name="k"), half(mul(n, add(n, num(1)))), NATURAL, "equal"),
    # a letter such as n is whole wherever it turns up
    (num(3), mul(num(3), power(neg(num(1)), mul(num(2), n))), PLAIN_VALUE, "equal"),
    (mul(pi, power(num(3), num(4))), mul(pi, power(mul(num(3), power(neg(num(1)), n)), num(4))), PLAIN_VALUE, "equal"),
    (num(3), mul(num(3), power(neg(num(1)), n)), PLAIN_VALUE, "different"),
    (of("pm", num(1), i), of("pm", num(1), mul(power(neg(num(1)), n), i, power(neg(num(1)), n))), PLAIN_VALUE, "equal"),
    # shapes
    (of("time", num(12), num(5)), of("ratio", num(12), num(5)), PLAIN_VALUE, "unsure"),
    (of("time", num(12), num(5)), of("ratio", num(12), num(6)), PLAIN_VALUE, "different"),
    (of("set", num(1), num(2)), of("list", num(2), num(1)), PLAIN_VALUE, "equal"),
    (of("set", num(1), num(2)), of("set", num(1)), PLAIN_VALUE, "different"),
    (of("tuple", num(1), num(2)), of("tuple", num(2), num(1)), PLAIN_VALUE, "different"),
    (of("tuple", num(1), num(2)), of("list", num(2), num(1)), PLAIN_VALUE, "unsure"),
    (of("pm", num(1), num(2)), of("list", num(3), neg(num(1))), PLAIN_VALUE, "equal"),
    (of("pm", num(0), num(5)), num(5), PLAIN_VALUE, "different"),
    (of("interval", num(1), num(2), name="()"), of("set", num(1), num(2)), PLAIN_VALUE, "different"),
    (of("interval", num(0), num(1), name="[)"), of("interval", num(0), num(1), name="(]"), PLAIN_VALUE, "different"),
    (of("named", val("x", 1), val("y", 2)), of("named", val("y", 2), val("x", 1)), PLAIN_VALUE, "equal"),
    (of("named", val("x", 1), val("y", 2)), of("named", val("y", 1), val("x", 2)), PLAIN_VALUE, "different"),
    (of("list", num(1), num(234)), num(1234), PLAIN_VALUE, "different"),
    (of("ratio", num(1), num(2)), of("ratio", num(2), num(4)), PLAIN_VALUE, "equal"),
    (of("ratio", num(1), num(2)), of("ratio", num(2), num(1)), PLAIN_VALUE, "different"),
    (of("time", num(11), num(15)), of("time", num(22), num(30)), PLAIN_VALUE, "different"),
    (of("unit", num(30), name="m"), of("unit", num(30), name="km"), DEGREES, "different"),
    (of("unit", num(30), name="m"), of("unit", dec("0.03"), name="km"), DEGREES, "equal"),
    (of("unit", num(30), name="m"), num(30), DEGREES, "unsure"),
    (num(120), of("unit", num(120), name="h"), Context(asked_unit="min", measured=True), "different"),
    (num(7), of("unit", num(7), name="kg"), PLAIN_VALUE, "different"),
    (num(2), of("deg", num(2)), Context(asked_unit="rad", measured=True), "different"),
    (of("deg", num(60)), num(60), DEGREES, "unsure"),
    (of("pct", num(25)), dec("0.25"), DEGREES, "equal"),
    (of("pct", num(25)), num(25), DEGREES, "unsure"),
    (num(75), of("pct", num(75)), PLAIN_VALUE, "different"),
    # relations
    (of("equation", add(mul(num(2), x), y), num(4)), of("equation", y, add(num(4), mul(num(-2), x))), OPEN, "equal"),
    (of("equation", add(mul(num(2), x), y), num(4)), of("equation", y, add(num(4), mul(num(2), x))), OPEN, "different"),
    (of("equation", add(x, y), num(0)), of("equation", power(add(x, y), num(2)), num(0)), OPEN, "equal"),
    (of("equation", add(x, y), num(0)), of("equation", of("abs", add(x, y)), num(0)), OPEN, "equal"),
    (of("less", x, num(3)), of("lesseq", x, num(3)), OPEN, "different"),
    (of("less", x, num(3)), of("less", num(3), x), OPEN, "different"),
    (of("less", x, num(3)), of("less", mul(num(2), x), num(6)), OPEN, "equal"),
    (
        of("antiderivative", power(x, num(2)), name="x"),
        of("antiderivative", add(power(x, num(2)), num(1)), name="x"),
        POSITIVE,
        "equal",
    ),
    (
        of("antiderivative", power(x, num(2)), name="x"),
        of("antiderivative", power(x, num(3)), name="x"),
        POSITIVE,
        "different",
    ),
    (of("words", name="\\text{Yes}"), of("words", name="Yes"), PLAIN_VALUE, "equal"),
    (of("words", name="\\text{Yes}"), of("words", name="No"), PLAIN_VALUE, "different"),
]


@pytest.mark.parametrize(
    ("truth", "answer", "context", "label"), JUDGED, ids=lambda v: write(v) if isinstance(v, TreeNode) else ""
)
def test_oracle_knows_the_difference(truth: TreeNode, answer: TreeNode, context: Context, label: str) -> None:
    assert judge(truth, answer, context) == label


def test_oracle_agrees_with_exact_fractions() -> None:
    rng = random.Random(5)

    def grown(depth: int) -> TreeNode:
        if depth == 0:
            return num(rng.randint(-9, 30))
        left, right = grown(depth - 1), grown(depth - 1)
        return rng.choice(
            (
                add(left, right),
                mul(left, right),
                add(left, neg(right)),
                div(left, right),
                power(left, num(rng.randint(0, 3))),
            )
        )

    compared = Counter[bool]()
    while compared.total() < 400:
        first, second = grown(2), grown(2)
        again = computed(first) if rng.random() < 0.4 else second
        if again is None or (here := exact(first)) is None or (there := exact(again)) is None:
            continue
        compared[here == there] += 1
        assert judge(first, again, PLAIN_VALUE) == ("equal" if here == there else "different"), (
            write(first),
            write(again),
        )
    assert min(compared[True], compared[False]) > 100


def test_every_spelling_of_a_number_has_its_value() -> None:
    """Python reads the plain spellings of sums, products and powers as the tree means them."""
    rng = random.Random(3)
    read = 0
    for truth in truths(1500, 3):
        found = exact(truth.tree)
        text = write(truth.tree, spelling(rng)._replace(frac="/", left=False, times="\\cdot "))
        plain = text.replace("\\cdot", "*").replace("{", "(").replace("}", ")").replace("^", "**")
        if found is None or not set(plain) <= set("0123456789+-*/(). "):
            continue
        wrapped = __import__("re").sub(r"\d+(\.\d+)?", lambda m: f"Fraction('{m[0]}')", plain)
        assert eval(wrapped, {"Fraction": Fraction}) == found, (text, found)  # our own text
        read += 1
    assert read > 100


def test_mutants_are_the_same_for_the_same_seed() -> None:
    def made(seed: int) -> list[Mutant]:
        return [mutant for truth in truths(60, seed) for mutant in mutants(truth, 10, seed)]

    assert made(4) == made(4)
    assert made(4) != made(5)


def test_every_family_is_drawn() -> None:
    assert {truth.family for truth in truths(900, 2)} == set(FAMILIES)
    assert {family for ways in REACHED_BY.values() for family, _ in ways} <= set(FAMILIES)


@pytest.mark.parametrize("finding", REACHED_BY)
def test_kind_of_the_findings_is_reached(finding: str) -> None:
    """Each pair of a family and an edit gives a wrong answer within 40 ground truths."""
    rng = random.Random(2)
    for family, kind in REACHED_BY[finding]:
        assert any(
            mutant.label == "wrong" and mutant.kind == kind
            for truth in (drawn(family, rng) for _ in range(40))
            for mutant in mutants(truth, 40, 2)
        ), f"{family}: {kind}"


def test_wrong_ones_are_most_and_no_truth_is_its_own_mutant() -> None:
    made = [mutant for truth in truths(120, 6) for mutant in mutants(truth, 20, 6)]
    labels = Counter(mutant.label for mutant in made)
    assert labels["wrong"] > 3 * (labels["equal"] + labels["unsure"])
    assert labels["equal"] > 0
    assert all(mutant.answer != mutant.truth.text for mutant in made)


def test_a_grader_that_ignores_words_is_caught() -> None:
    made = [mutant for truth in truths(120, 8) for mutant in mutants(truth, 30, 8)]

    def deaf(answer: str, gold: str, question: str) -> bool:
        return answer.partition("\\text")[0].partition(" ")[0] == gold

    tally = attack(deaf, made)
    assert tally.accepted["word behind"] > 0
    assert tally.examples["word behind"]
    assert tally.seen == len(made)
    honest = attack(lambda answer, gold, question: False, made)
    assert not honest.accepted
    assert honest.refused.total() == honest.equal


def test_result_has_what_is_promised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = command.main(["--count", "60", "--mutants", "300", "--json", str(tmp_path / "r.json"), "--seed", "3"])
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["truths"] == 60
    assert found["mutants"] == found["wrong"] + found["equal"] + found["undecided"]
    assert found["peers"] == {}
    assert code == (1 if found["wrong_accepted"]["cascade"] else 0)
    assert sum(kind["accepted"]["cascade"] for kind in found["by_kind"].values()) == found["wrong_accepted"]["cascade"]
    assert sum(kind["mutants"] for kind in found["by_kind"].values()) == found["mutants"]
    assert f"{found['wrong_accepted']['cascade']} of {found['wrong']} wrong ones accepted" in capsys.readouterr().out


def test_peer_that_is_not_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    found, missing = loaded(["verl_prime", "verl_math_reward"], None)
    assert not found
    assert missing == ["verl_prime", "verl_math_reward"]


def test_grader_past_its_deadline_has_accepted_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graders, "DEADLINE_S", 0.05)

    def endless(answer: str, gold: str, question: str) -> bool:
        while True:
            pass

    assert graders.accepted(endless, "1", "1", "") is None
    assert graders.accepted(lambda answer, gold, question: True, "1", "1", "") is True


def test_a_peers_crash_accepts_nothing_and_is_counted() -> None:
    made = [mutant for truth in truths(12, 8) for mutant in mutants(truth, 4, 8)]

    def picky(answer: str, gold: str, question: str) -> bool:
        if answer in {one.answer for one in made[:5]}:
            raise ValueError(answer)
        return True

    peer = graders.Peer(picky)
    tally = attack(peer, made)
    crashes = sum(mutant.answer in {one.answer for one in made[:5]} for mutant in made)
    assert tally.crashed == crashes >= 5
    assert tally.seen == len(made)
    assert attack(peer, made[5:6]).crashed == (made[5].answer in {one.answer for one in made[:5]})
