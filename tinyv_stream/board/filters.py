"""Filters of the verdict list: a link's query as SQL. Any query string gives valid SQL; its words are never syntax."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

_RESCUED: Final = "v.stratum = 'tinyv'"

_LATE: Final = """v.rewarded - v.ended > 0.05 and v.rewarded >
  (select s.last from step s where s.r = v.r and s.step = v.step and s.client = v.client)"""

PRESETS: Final[Mapping[str, tuple[str, str]]] = {
    "": ("All", "1"),
    "rescued": ("Rescued", _RESCUED),
    "near": ("Near the threshold", "abs(v.p_true - v.threshold) < 0.05"),
    "suspect": ("Suspects", f"{_RESCUED} and k.kind = 'unclassified'"),
    "undecided": ("Undecided", "v.stratum = 'undecided'"),
    "slow": ("Waited > 1 s", "v.rewarded - v.ended > 1"),
    "late": ("Late in its step", _LATE),
    "wrong": ("Labelled wrong", "l.label = 'wrong'"),
}
"""Name -> what its chip says, and its condition."""

_EQUAL: Final = {"source": "v.source", "rule": "v.rule", "tinyv": "v.tinyv", "kind": "k.kind", "data": "v.data_source",
                 "spelling": "v.spelling"}  # fmt: skip
_NUMBERS: Final = {"from": "v.step >=", "to": "v.step <=", "r": "v.r =", "pmin": "v.p_true >=", "pmax": "v.p_true <="}
_MOST_WORDS: Final = 16


def where(query: Mapping[str, str]) -> tuple[str, list[Any]]:
    """Return a condition over `v`, `l` (label) and `k` (kind), and its values; what makes no sense is left out."""
    parts = [PRESETS.get(query.get("preset", ""), PRESETS[""])[1]]
    values: list[Any] = []
    for name, column in _EQUAL.items():
        if said := query.get(name):
            parts.append(f"{column} = ?")
            values.append(clean(said))
    for name, test in _NUMBERS.items():
        number = _number(query.get(name, ""))
        if number is not None:
            parts.append(f"{test} ?")
            values.append(number)
    if label := query.get("label"):
        parts.append("l.label is null" if label == "none" else "l.label = ?")
        values += [] if label == "none" else [clean(label)]
    if words := re.findall(r"\w+", clean(query.get("text", "")))[:_MOST_WORDS]:
        parts.append("v.n in (select rowid from words where words match ?)")
        values.append(" ".join(f'"{word}"' for word in words))
    return " and ".join(f"({part})" for part in parts), values


def tables(condition: str) -> str:
    """Return the tables that a condition needs."""
    label = " left join label l on l.pair = v.pair" if "l.label" in condition else ""
    kind = " left join kind k on k.pair = v.pair" if "k.kind" in condition else ""
    return f"v{label}{kind}"


def clean(text: str) -> str:
    """Return text that SQLite takes: without lone surrogates."""
    return text.encode("utf-8", "replace").decode()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
