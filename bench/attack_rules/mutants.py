"""Mutants of ground truths: edits that change the value, rewritings that keep it, the oracle's label."""

import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from bench.attack_rules.context import Truth
from bench.attack_rules.exact import computed
from bench.attack_rules.families import FAMILIES, RARELY_DRAWN
from bench.attack_rules.keeping import kept
from bench.attack_rules.label_edits import label_edits
from bench.attack_rules.oracle import judge
from bench.attack_rules.rewrites import bare, rewritten
from bench.attack_rules.shape_edits import shape_edits
from bench.attack_rules.spelling import PLAIN, spelling
from bench.attack_rules.text_edits import text_edits
from bench.attack_rules.tree import TreeNode, places, put
from bench.attack_rules.tree_edits import edits
from bench.attack_rules.writer import write

MutantLabel = Literal["wrong", "equal", "unsure"]
_LABELS: Final[dict[str, MutantLabel]] = {"different": "wrong", "equal": "equal", "unsure": "unsure"}
_SECOND_EDIT_SHARE: Final = 0.15
_KEEPING_SHARE: Final = 0.3
"""Of mutants that have a part in another form; the square of it have two, and so on."""
_MOST_OF_SLOW: Final = 12
"""Mutants of a truth whose checks cost the graders up to seconds."""


_MEASURED: Final = ("perimeter", "distance", "area", "price")
"""Words of a question that leave room for a unit."""


class Mutant(NamedTuple):
    """An answer with the truth it was made from and what the oracle says of it."""

    answer: str
    truth: Truth
    kind: str
    label: MutantLabel


def truths(count: int, seed: int) -> list[Truth]:
    """Draw that many different ground truths, the families taking turns."""
    rng = random.Random(seed)  # noqa: S311 (a workload, not a secret)
    found: dict[tuple[str, str], Truth] = {}
    turns, names = 0, list(FAMILIES)
    while len(found) < count and turns < 20 * count:
        name, turn = names[turns % len(names)], turns // len(names)
        turns += 1
        if (turn + 1) % RARELY_DRAWN.get(name, 1) == 0:
            truth = drawn(name, rng)
            found.setdefault((truth.text, truth.question), truth)
    return list(found.values())


def drawn(family: str, rng: random.Random) -> Truth:
    """Draw one ground truth of a family."""
    tree, question, context = FAMILIES[family](rng)
    if any(word in question for word in _MEASURED):
        context = context._replace(measured=True)
    text = write(tree, spelling(rng) if rng.random() < 0.5 else PLAIN)
    return Truth(text, question, family, tree, context)


def mutants(truth: Truth, most: int, seed: int) -> list[Mutant]:
    """Return at most so many different mutants of one truth, the kinds taking turns."""
    rng = random.Random(f"{seed} {truth.text} {truth.question}")  # noqa: S311
    seen = {truth.text}
    most = min(most, _MOST_OF_SLOW) if truth.family in RARELY_DRAWN else most
    found: list[Mutant] = []
    for kind, made in _in_turns(_candidates(truth, rng), rng):
        if len(found) >= most:
            break
        mutant = _mutant(truth, kind, made, rng)
        if mutant is not None and mutant.answer not in seen:
            seen.add(mutant.answer)
            found.append(mutant)
    return found


def _candidates(truth: Truth, rng: random.Random) -> list[tuple[str, TreeNode | str]]:
    found: list[tuple[str, TreeNode | str]] = [*edits(truth.tree, rng), *shape_edits(truth.tree, rng)]
    found += text_edits(truth, truth.text, rng)
    found += text_edits(truth, write(truth.tree, spelling(rng)), rng)
    found += label_edits(truth, write(truth.tree, spelling(rng)))
    found += [("as it is", truth.tree)] * 3
    return found


def _in_turns(found: list[tuple[str, TreeNode | str]], rng: random.Random) -> Iterator[tuple[str, TreeNode | str]]:
    """Yield the candidates, one of each kind in turn, and all of them once more in other spellings."""
    kinds: defaultdict[str, list[TreeNode | str]] = defaultdict(list)
    for kind, made in found:
        kinds[kind].append(made)
    for _ in range(2):
        left = {kind: rng.sample(made, k=len(made)) for kind, made in kinds.items()}
        while left:
            for kind in rng.sample(list(left), k=len(left)):
                yield kind, left[kind].pop()
                if not left[kind]:
                    del left[kind]


def _mutant(truth: Truth, kind: str, made: TreeNode | str, rng: random.Random) -> Mutant | None:
    if isinstance(made, str):
        return Mutant(rewritten(made, rng)[1], truth, kind, "wrong")
    if rng.random() < _SECOND_EDIT_SHARE and kind != "as it is":
        again = list(edits(made, rng))
        made = rng.choice(again)[1] if again else made
    tree = _with_numbers(made, rng)
    while rng.random() < _KEEPING_SHARE:
        tree = kept(tree, rng)
    try:
        text = write(tree, spelling(rng))
    except (KeyError, ValueError, IndexError):
        return None  # an edit made what has no text, such as a matrix without rows
    label = _LABELS[judge(truth.tree, tree, truth.context)]
    if label == "wrong" and bare(text) == bare(truth.text):
        label = "unsure"  # two trees with one text, such as a time of day and a ratio
    return Mutant(rewritten(text, rng)[1], truth, kind, label)


def _with_numbers(tree: TreeNode, rng: random.Random) -> TreeNode:
    """Return the tree with a drawn part of it computed."""
    if rng.random() < 0.6:
        return tree
    for at, node in places(tree):
        found = computed(node)
        if found is not None:
            return put(tree, at, found)
    return tree


def kinds(seed: int = 0) -> list[str]:
    """Return the names of all kinds of edits that the families reach."""
    rng = random.Random(seed)  # noqa: S311
    return sorted({kind for truth in truths(600, seed) for kind, _ in _candidates(truth, rng)})
