"""The analysis of a run as Markdown and as HTML. Every model text is escaped: it cannot end its span or its cell."""

import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from tinyv_stream.lab.analysis import Analysis, FalseNegative
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.scores import Rate
from tinyv_stream.verifiers.taxonomy import KINDS

_EXAMPLES: Final = 3
_SHOWN: Final = 200
"""Characters of an answer in the report."""
_TITLE: Final = "What the rules got wrong"
_STYLE: Final = (
    "body{font:15px/1.5 system-ui;max-width:64rem;margin:2rem auto}td,th{padding:.2rem .8rem;text-align:left;"
    "vertical-align:top}code{white-space:pre-wrap;word-break:break-word}"
)


def markdown(a: Analysis) -> str:
    """Return the report as Markdown."""
    parts = [f"# {_TITLE}", "", *(f"- {line}" for line in _facts(a)), ""]
    parts += ["| class and kind | false negatives | share | named by program | by models |", "|---|---|---|---|---|"]
    parts += [f"| {' | '.join(row)} |" for row in _rows(a)]
    parts += ["", "## Examples", ""]
    for kind, examples in _examples(a.found).items():
        parts += [f"**{_name(kind)}**", "", *(f"- {_both(p)}" for p in examples), ""]
    parts += ["## Audit: accepted, and refused by a judge", ""]
    parts += [f"- {_both(p)} ({_code(p.pair_id)})" for p in a.doubtful] or ["none"]
    parts += ["", "## Audit: the whole sample, to be read by a person", ""]
    parts += [f"- {_both(p)} ({_code(p.pair_id)})" for p in a.sample] or ["none"]
    return "\n".join(parts) + "\n"


def web_page(a: Analysis) -> str:
    """Return the same report as one HTML page without scripts."""
    facts = "".join(f"<li>{html.escape(line)}" for line in _facts(a))
    rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}' for cell in row)}" for row in _rows(a))
    examples = "".join(
        f"<tr><td>{html.escape(_name(kind))}{_cells(p)}" for kind, ps in _examples(a.found).items() for p in ps
    )
    audit, sample = (
        "".join(f"<tr><td>{html.escape(p.pair_id)}{_cells(p)}" for p in pairs) for pairs in (a.doubtful, a.sample)
    )
    head = "<tr><th>class and kind<th>false negatives<th>share<th>named by program<th>by models"
    return (
        f"<!doctype html><meta charset=utf-8><title>{_TITLE}</title><style>{_STYLE}</style><h1>{_TITLE}</h1>"
        f"<ul>{facts}</ul><table>{head}{rows}</table><h2>Examples</h2><table>{examples}</table>"
        f"<h2>Audit: accepted, and refused by a judge</h2><table>{audit}</table>"
        f"<h2>Audit: the whole sample, to be read by a person</h2><table>{sample}</table>\n"
    )


def _facts(a: Analysis) -> list[str]:
    judges = ", ".join(re.sub(r"[^\w@#:/.+-]", "?", name)[:_SHOWN] for name in a.judges)
    agreed = "all have to agree" if len(a.judges) > 1 else "ONE ONLY: its own mistakes are counted as the rules'"
    facts = [
        f"judges: {judges}; {agreed}",
        f"rejected by the rules: {a.rejected}",
        f"of these false negatives: {_percent(a.false_negatives)}",
        f"accepted answers in the audit that a judge refuses: {_percent(a.audited)}",
    ]
    if a.named is not None:
        n = a.named
        facts.append(
            f"kinds asked of models: {n.asked}; they agree on {len(n.kinds)}, disagree on {n.disagreed}, "
            f"and at least one says nothing usable for {n.silent}"
        )
    return facts


def _rows(a: Analysis) -> list[list[str]]:
    counts = Counter(f.kind for f in a.found)
    by = Counter((f.kind, f.named_by) for f in a.found)
    return [
        [_name(k), str(n), f"{n / len(a.found):.1%}", str(by[k, "program"]), str(by[k, "models"])]
        for k, n in counts.most_common()
    ]


def _examples(found: Iterable[FalseNegative]) -> dict[str, list[Pair]]:
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
