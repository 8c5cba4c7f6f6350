"""The analysis of a run as Markdown and as HTML. Every model text is escaped: it cannot end its span or its cell."""

import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from tinyv_stream.charts.report_page import report_page, section, table
from tinyv_stream.lab.analysis import Analysis, FalseNegative
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.scores import Rate
from tinyv_stream.verifiers.taxonomy import KINDS

_EXAMPLES: Final = 3
_SHOWN: Final = 200
"""Characters of an answer in the report."""
_TITLE: Final = "What the rules got wrong"


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
    told = _percent(a.false_negatives)
    sentence = f"Of what the rules refused, the judges call right: {told}. The kinds below say how those differ."
    most = max((int(row[1]) for row in _rows(a)), default=1)
    kinds = [
        (html.escape(name), _bar(int(count) / most), count, share, by_program, by_models)
        for name, count, share, by_program, by_models in _rows(a)
    ]
    heads = ("class and kind", "", "false negatives", "share", "named by program", "by models")
    pairs = ("", "reference", "answer")
    examples = [(html.escape(_name(kind)), *_cells(p)) for kind, ps in _examples(a.found).items() for p in ps]
    audit, sample = ([(html.escape(p.pair_id), *_cells(p)) for p in some] for some in (a.doubtful, a.sample))
    sections = [
        section("What was looked at", "<ul>" + "".join(f"<li>{html.escape(line)}" for line in _facts(a)) + "</ul>"),
        section("False negatives by kind", table(heads, kinds, 4), "How the answer differs from the reference"),
        section("Examples", table(pairs, examples)),
        section("Audit: accepted, and refused by a judge", table(pairs, audit)),
        section("Audit: the whole sample, to be read by a person", table(pairs, sample)),
    ]
    return report_page(_TITLE, sentence, sections)


def _bar(share: float) -> str:
    wide = f'<rect width="{100 * share:.1f}%" height="8" rx="2" fill="var(--resc)"/>'
    return f'<svg width="120" height="8" aria-hidden="true">{wide}</svg>'


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


def _cells(pair: Pair) -> tuple[str, str]:
    reference, answer = (f"<code>{html.escape(t[:_SHOWN])}</code>" for t in (pair.ground_truth, pair.model_answer))
    return reference, answer
