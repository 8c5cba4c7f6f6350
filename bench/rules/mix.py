r"""Checks as GRPO makes them: groups of completions for one ground truth, most answers seen more than once in a group.

- `grpo_mix`: half of the groups have a plain number for ground truth, a third a fraction or a short expression, the
  rest what is hard for rule graders (sets, intervals, surds, trigonometry). 8 answers a group, 4 to 5 distinct ones.
- Every check carries its true label, by construction: right answers are respellings, wrong ones another value.
- `pathological`: answers that keep a computer-algebra system busy for as long as it is let.
Everything is drawn from a seed; nothing here is taken from a data set.
"""

import random
from collections.abc import Callable
from typing import Final

import msgspec

GROUP_SIZE: Final = 8
_RIGHT_SHARE: Final = 0.5


DrawnAnswer = tuple[str, list[str], list[str], str]
"""Ground truth, right spellings, wrong answers, kind."""


class MixCase(msgspec.Struct, frozen=True):
    """One check with its label."""

    model_answer: str
    ground_truth: str
    label: bool
    kind: str


def grpo_mix(groups: int, *, seed: int) -> list[MixCase]:
    """Return `groups` groups in random order: 1/2 numbers, 1/3 short expressions, 1/6 hard."""
    rng = random.Random(seed)  # noqa: S311 (a workload, not a secret)
    makers = [_number] * 3 + [_short] * 2 + [_hard]
    cases: list[MixCase] = []
    for index in range(groups):
        cases += _group(makers[index % len(makers)], rng)
    return cases


def of_kind(kind: str, count: int, *, seed: int) -> list[MixCase]:
    """Return `count` checks of one kind: `number`, `short` or `hard`."""
    rng = random.Random(seed)  # noqa: S311 (a workload, not a secret)
    maker = {"number": _number, "short": _short, "hard": _hard}[kind]
    cases: list[MixCase] = []
    while len(cases) < count:
        cases += _group(maker, rng)
    return cases[:count]


def pathological(count: int, *, seed: int) -> list[MixCase]:
    """Return checks that only end when they are stopped, or are refused by a limit."""
    rng = random.Random(seed)  # noqa: S311 (a workload, not a secret)
    shapes = (
        "9^{{9^{{{n}}}}}",
        "{n}0000000!",
        r"\int e^{{-x^{n}}}\sin(x^7)\log(x+\sqrt{{x^5+1}}) dx",
        r"\lim_{{x\to 0}} \frac{{\sin(\sin(\sin(\sin(x))))}}{{x^{{{n}0}}}}",
        r"\sum_{{n=1}}^{{10^{{{n}}}}} \frac{{\sin(n^2)}}{{n^{{3/2}}}}",
        r"\prod_{{k=1}}^{{10^{n}}} (1+\frac{{1}}{{k^{{k}}}})",
    )
    texts = [rng.choice(shapes).format(n=rng.randint(5, 9)) for _ in range(count)]
    return [MixCase(text, r"\frac{\sqrt{2}}{7}", label=False, kind="pathological") for text in texts]


def _group(maker: Callable[[random.Random], DrawnAnswer], rng: random.Random) -> list[MixCase]:
    gold, right, wrong, kind = maker(rng)
    pool_right, pool_wrong = rng.sample(right, k=min(2, len(right))), rng.sample(wrong, k=min(3, len(wrong)))
    answers = [
        (rng.choice(pool_right), True) if rng.random() < _RIGHT_SHARE else (rng.choice(pool_wrong), False)
        for _ in range(GROUP_SIZE)
    ]
    return [MixCase(answer, gold, label, kind) for answer, label in answers]


def _number(rng: random.Random) -> DrawnAnswer:
    value = rng.randint(-500, 50_000)
    wrong = [str(value + d) for d in (1, -1, 10, 100)] + [str(2 * value + 1)]
    return str(value), [str(value), f"${value}$", f"{value:,}", f"{value}.0"], wrong, "number"


def _short(rng: random.Random) -> DrawnAnswer:
    a, b, c = rng.randint(2, 30), rng.randint(2, 30), rng.randint(2, 9)
    if rng.random() < 0.5:
        top = a * c + 1 if (a * c) % b == 0 else a * c
        right = [rf"\frac{{{top}}}{{{b}}}", rf"\dfrac{{{top}}}{{{b}}}", f"{top}/{b}", rf"\frac{{{2 * top}}}{{{2 * b}}}"]
        return right[0], right, [rf"\frac{{{b}}}{{{top}}}", rf"\frac{{{top + 1}}}{{{b}}}", f"{top + b}/{b}"], "short"
    gold = f"{a}x+{b}"
    wrong = [f"{a}x-{b}", f"{b}x+{a + 1}", f"{a + 1}x+{b}", f"{a}x"]
    return gold, [gold, f"{b}+{a}x", rf"{a}x + {b}", rf"{a}\left(x+\frac{{{b}}}{{{a}}}\right)"], wrong, "short"


def _hard(rng: random.Random) -> DrawnAnswer:
    a, b = rng.sample(range(2, 40), 2)
    return rng.choice((_interval, _surd, _roots, _trig, _power))(a, b)


def _interval(a: int, b: int) -> DrawnAnswer:
    gold = rf"(-\infty, -{a}) \cup ({b}, +\infty)"
    right = [rf"(-\infty,-{a})\cup({b},\infty)", rf"x < -{a} \text{{ or }} x > {b}", gold]
    return gold, right, [rf"(-\infty,-{a}]\cup({b},\infty)", rf"(-{a},{b})", rf"x>{b}"], "hard"


def _surd(a: int, b: int) -> DrawnAnswer:
    gold = rf"\frac{{{a}+\sqrt{{{b}}}}}{{2}}"
    right = [rf"\frac{{\sqrt{{{b}}}+{a}}}{{2}}", rf"\frac{{{a}}}{{2}}+\frac{{\sqrt{{{b}}}}}{{2}}", gold]
    return (
        gold,
        right,
        [rf"\frac{{{a}-\sqrt{{{b}}}}}{{2}}", rf"\frac{{{a}+\sqrt{{{b + 1}}}}}{{2}}", rf"{a}+\sqrt{{{b}}}"],
        "hard",
    )


def _roots(a: int, b: int) -> DrawnAnswer:
    gold = rf"\{{-{a}, 0, {b}\}}"
    return gold, [f"{b}, 0, -{a}", rf"x=-{a}, x=0, x={b}", gold], [f"-{a}, {b}", f"{a}, 0, {b}", f"-{a}, 0"], "hard"


def _trig(a: int, b: int) -> DrawnAnswer:
    gold = rf"{a}\sin^2 x + {b}"
    right = [rf"{a + b}-{a}\cos^2 x", rf"{b}+{a}(\sin x)^2", gold]
    return gold, right, [rf"{a}\cos^2 x+{b}", rf"{a}\sin 2x+{b}", rf"{a}\sin^2x-{b}"], "hard"


def _power(a: int, b: int) -> DrawnAnswer:
    gold = rf"(x+{a})(x-{b})"
    middle = f"+{a - b}x" if a > b else f"-{b - a}x"
    right = [f"x^2{middle}-{a * b}", f"(x-{b})(x+{a})", gold]
    return gold, right, [f"x^2{middle}+{a * b}", f"(x-{a})(x+{b})", f"x^2-{a * b}"], "hard"
