"""What a run's rules got wrong: false negatives by kind, and an audit of what was accepted.

- A rejected answer is a false negative only if every judge calls it correct.
- An accepted one that any judge refuses is suspect: a false positive teaches the policy to cheat, so it weighs more.
- Judging is somebody else's: this module takes verdicts in and gives a report out. Every model text is escaped.
"""

import html
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.jsonl import Line, read_rollouts
from tinyv_stream.lab.classify import classify
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.scores import Rate, rate
from tinyv_stream.lab.taxonomy import KINDS
from tinyv_stream.reward_file import RewardLine
from tinyv_stream.types import Outcome, Status

UNCLASSIFIED: Final = "unclassified"
_EXAMPLES: Final = 3
_SHOWN: Final = 200
"""Characters of an answer in the report."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A rejected answer that the judges call correct."""

    pair: Pair
    kind: str
    """Identifier in the taxonomy, or `unclassified`."""


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """The report's figures."""

    judges: tuple[str, ...]
    rejected: int
    false_negatives: Rate
    found: tuple[Found, ...]
    audited: Rate
    """Accepted answers in the random sample that some judge refuses."""
    suspects: tuple[Pair, ...]


def read_run(rollouts: Path, rewards: Path) -> tuple[list[Pair], list[Pair]]:
    """Return what the rules rejected and what was accepted, with `label` as the run decided it."""
    lines = _rewards(rewards)
    rejected: list[Pair] = []
    accepted: list[Pair] = []
    for line in read_rollouts(rollouts):
        if not isinstance(line, Line) or (reward := lines.get(line.rollout.rollout_id)) is None:
            continue
        rollout = line.rollout
        answer = final_answer(rollout.completion)
        if reward.status is not Status.OK or answer is None:
            continue
        is_right = (reward.value or 0.0) >= 0.5
        pair = Pair(
            question=rollout.question or rollout.prompt,
            ground_truth=rollout.ground_truth,
            model_answer=answer,
            label=is_right,
            source=rollout.data_source,
            pair_id=rollout.rollout_id,
        )
        if reward.rule and reward.rule.outcome is Outcome.INCORRECT:
            rejected.append(pair)
        if is_right:
            accepted.append(pair)
    return rejected, accepted


def audit_sample(accepted: Sequence[Pair], size: int, seed: int) -> list[Pair]:
    """Return a random sample of the accepted answers, the same one for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    return rng.sample(list(accepted), min(size, len(accepted)))


def analyse(rejected: Sequence[Pair], audit: Sequence[Pair], verdicts: Mapping[str, Mapping[str, Outcome]]) -> Analysis:
    """Return the figures; `verdicts` gives each judge's outcome by pair id."""

    def all_say(pair: Pair, outcome: Outcome) -> bool:
        return all(judge.get(pair.pair_id) is outcome for judge in verdicts.values())

    right = [p for p in rejected if all_say(p, Outcome.CORRECT)]
    found = tuple(Found(pair=p, kind=_kind(p)) for p in right)
    suspects = tuple(p for p in audit if not all_say(p, Outcome.CORRECT))
    return Analysis(
        judges=tuple(verdicts),
        rejected=len(rejected),
        false_negatives=rate(len(right), len(rejected)),
        found=found,
        audited=rate(len(suspects), len(audit)),
        suspects=suspects,
    )


def final_answer(completion: str) -> str | None:
    r"""Return what the last \boxed{} holds, or None without one."""
    start = completion.rfind("\\boxed{")
    if start < 0:
        return None
    depth = 0
    for i in range(start + 6, len(completion)):
        depth += (completion[i] == "{") - (completion[i] == "}")
        if depth == 0:
            return completion[start + 7 : i]
    return None


def markdown(a: Analysis) -> str:
    """Return the report as Markdown; model text stands in code spans that it cannot end."""
    parts = ["# What the rules got wrong", "", f"Judges: {', '.join(a.judges)}; all have to agree.", ""]
    parts += [f"- rejected by the rules: {a.rejected}", f"- of these false negatives: {_percent(a.false_negatives)}"]
    parts += [f"- accepted answers in the audit that a judge refuses: {_percent(a.audited)}", ""]
    parts += ["| class and kind | false negatives | share |", "|---|---|---|"]
    counts = Counter(f.kind for f in a.found)
    parts += [f"| {_name(k)} | {n} | {n / len(a.found):.1%} |" for k, n in counts.most_common()]
    parts += ["", "## Examples", ""]
    for kind, examples in _examples(a.found).items():
        parts += [f"**{_name(kind)}**", "", *(f"- {_both(p)}" for p in examples), ""]
    parts += ["## Audit: accepted, and refused by a judge", ""]
    parts += [f"- {_both(p)} ({_code(p.pair_id)})" for p in a.suspects] or ["none"]
    return "\n".join(parts) + "\n"


def web_page(a: Analysis) -> str:
    """Return the same report as one HTML page without scripts."""
    counts = Counter(f.kind for f in a.found)
    rows = "".join(f"<tr><td>{html.escape(_name(k))}<td>{n}<td>{n / len(a.found):.1%}" for k, n in counts.most_common())
    examples = "".join(
        f"<tr><td>{html.escape(_name(kind))}{_cells(p)}" for kind, ps in _examples(a.found).items() for p in ps
    )
    suspects = "".join(f"<tr><td>{html.escape(p.pair_id)}{_cells(p)}" for p in a.suspects)
    return (
        "<!doctype html><meta charset=utf-8><title>What the rules got wrong</title>"
        "<style>body{font:15px/1.5 system-ui;max-width:64rem;margin:2rem auto}td{padding:.2rem .8rem}</style>"
        f"<h1>What the rules got wrong</h1><p>Judges: {html.escape(', '.join(a.judges))}; all have to agree."
        f"<p>{a.rejected} rejected, of these false negatives {_percent(a.false_negatives)};"
        f" audit: {_percent(a.audited)} refused."
        f"<table>{rows}</table><h2>Examples</h2><table>{examples}</table>"
        f"<h2>Audit: accepted, and refused by a judge</h2><table>{suspects}</table>\n"
    )


def _rewards(path: Path) -> dict[str, RewardLine]:
    decoder = msgspec.json.Decoder(RewardLine)
    found: dict[str, RewardLine] = {}
    try:
        raw_lines = path.read_bytes().splitlines()
    except OSError as exc:
        raise InvalidInputError("REWARDS", str(path), f"it cannot be read ({exc.strerror})") from exc
    for number, raw in enumerate(raw_lines, 1):
        if raw.strip():
            try:
                line = decoder.decode(raw)
            except (msgspec.DecodeError, ValueError) as exc:
                raise InvalidInputError(f"{path.name}:{number}", str(exc), "give what `push` or `score` wrote") from exc
            found[line.rollout_id] = line
    return found


def _kind(pair: Pair) -> str:
    kind = classify(pair.ground_truth, pair.model_answer)
    return kind.id if kind else UNCLASSIFIED


def _examples(found: Iterable[Found]) -> dict[str, list[Pair]]:
    kinds: dict[str, list[Pair]] = defaultdict(list)
    for f in found:
        if len(kinds[f.kind]) < _EXAMPLES:
            kinds[f.kind].append(f.pair)
    return dict(sorted(kinds.items()))


def _name(kind: str) -> str:
    known = KINDS.get(kind)
    return f"{known.id} {known.group}: {known.name}" if known else kind


def _percent(r: Rate) -> str:
    return "none looked at" if r.value is None else f"{r.value:.1%} [{r.low:.1%}, {r.high:.1%}] ({r.hits} of {r.n})"


def _code(text: str) -> str:
    """Return a code span that holds any text: fenced by more back-ticks than it has, on one line, cut."""
    flat = re.sub(r"\s+", " ", text)[:_SHOWN]
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", flat)), default=0))
    return f"{fence} {flat} {fence}"


def _both(pair: Pair) -> str:
    return f"{_code(pair.ground_truth)} and {_code(pair.model_answer)}"


def _cells(pair: Pair) -> str:
    return "".join(f"<td><code>{html.escape(t[:_SHOWN])}</code>" for t in (pair.ground_truth, pair.model_answer))
