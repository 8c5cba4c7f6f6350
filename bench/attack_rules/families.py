"""Families of ground truths: a seeded grammar that draws each together with its tree, question and context."""

from typing import Final

from bench.attack_rules.drawing import DrawFamily
from bench.attack_rules.label_edits import LABELLED
from bench.attack_rules.letter_families import LETTERS
from bench.attack_rules.number_families import NUMBERS
from bench.attack_rules.shape_families import SHAPED
from bench.attack_rules.solution_families import SOLVED
from bench.attack_rules.word_families import WORDED

RARELY_DRAWN: Final = {"integrals": 12, "sums and products": 6}
"""Every so many turns only: one check of these costs the graders up to seconds."""

FAMILIES: Final[dict[str, DrawFamily]] = {**NUMBERS, **LETTERS, **SHAPED, **WORDED, **SOLVED, **LABELLED}
