"""Cells of rewards: who accepted or refused an answer, by its record's line. Pure."""

from tinyv_stream.record.lines import Rewarded


def cell_of(line: Rewarded) -> str:
    """Return which of `rates.CELLS` a reward is in; empty where nobody decided.

    By the verdicts, for a weight makes small rewards of accepted answers. What the rules accepted is refused where
    TinyV's word left nothing of it.
    """
    if line.status != "ok" or line.value is None:
        return ""
    if line.rescued:
        return "tinyv"
    if line.value > 0:  # nobody but the rules can have accepted it
        return "rule"
    return "refused" if line.tinyv is None else "refused_by_tinyv"


def is_ruled(line: Rewarded) -> bool:
    """Tell whether the rules said correct."""
    return line.rule is not None and line.rule.outcome == "correct"


def is_asked_again(line: Rewarded) -> bool:
    """Tell whether TinyV judged what the rules had accepted: the setup was not `addon`."""
    return line.tinyv is not None and is_ruled(line)
