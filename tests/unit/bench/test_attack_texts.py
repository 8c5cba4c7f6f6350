"""Texts of the attack: spellings, words in front and behind, ground truths of a file."""

import json
import random
from pathlib import Path

import pytest

from bench.attack_rules.context import Context, Truth
from bench.attack_rules.file_truths import file_truths
from bench.attack_rules.mutants import mutants
from bench.attack_rules.spelling import PLAIN
from bench.attack_rules.text_edits import text_edits
from bench.attack_rules.tree import TreeNode, add, const, div, mul, neg, num, of, sym
from bench.attack_rules.writer import write

OPEN = Context("open")
x, i = sym("x"), const("i")
ZERO = of("named", of("val", num(0), name="x"))


def test_truths_of_a_file_are_those_that_are_one_number(tmp_path: Path) -> None:
    texts = ["42", "-3.50", "\\frac{3}{4}", "2\\sqrt{5}", "x+1", "12 cm", "(1,2)", "", "42", "007", "\\frac{1}{0}"]
    rows = [json.dumps({"question": "How many?", "ground_truth": text}) for text in texts]
    (tmp_path / "truths.jsonl").write_text("\n".join(rows))
    found = file_truths(tmp_path / "truths.jsonl")
    assert [truth.text for truth in found] == ["42", "-3.50", "\\frac{3}{4}", "2\\sqrt{5}"]
    made = [mutant for truth in found for mutant in mutants(truth, 80, 1)]
    assert {mutant.label for mutant in made} == {"wrong", "equal", "unsure"}
    # The question may ask for a rounded value or a unit: nothing near and nothing measured is called wrong.
    assert not any(mutant.label == "wrong" for mutant in made if mutant.answer in {"42.0001", "42\\%", "42\\text{ km}"})


@pytest.mark.parametrize("tree", [add(x, neg(num(1))), add(num(1), neg(x)), num(1), ZERO])
def test_no_word_is_added_that_may_change_nothing(tree: TreeNode) -> None:
    truth = Truth(write(tree), "Find it.", "own", tree, OPEN)
    made = {text for _, text in text_edits(truth, truth.text, random.Random(1))}
    assert made
    assert not {text for text in made if any(word in text for word in ("squared", "factorial", "inverse", "halves"))}


def test_a_spelling_says_which_signs_it_uses() -> None:
    tree = add(mul(num(2), i), div(num(1), x))
    assert write(tree, PLAIN) == "2i+\\frac{1}{x}"
    assert write(tree, PLAIN._replace(upright="\\mathrm", space=True)) == "2\\mathrm{i} + \\frac{1}{x}"
