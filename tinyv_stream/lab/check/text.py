"""Report of a verifier check as lines for a terminal."""

from collections.abc import Sequence
from typing import Final

from tinyv_stream.lab.check.report import Attacked, CheckReport, Cost

_LITTLE: Final = " (little: trained on their contrast alone, or asked in another's format)"


def in_words(found: CheckReport) -> list[str]:
    """Return one line per figure, then what failed."""
    structural = [row for row in found.attacks if row.structural]
    semantic = [row for row in found.attacks if not row.structural]
    pairs, steady = found.pairs, found.steady
    moved = "" if steady.largest_difference is None else f", P(true) moved by {steady.largest_difference:.4f} at most"
    rows = {
        "model": f"{found.model}, {found.engine}",
        "no answer at all": _attack_line(structural),
        "attacks on meaning": _attack_line(semantic),
        **{
            f"  {row.family}": f"{row.accepted} of {row.tried} accepted"
            for row in found.attacks
            if row.accepted or row.accepted_bare
        },
        "equal answers": f"{found.equal} accepted",
        "refused pairs": f"{pairs.n}, undecided {pairs.undecided}",
        "  precision": str(pairs.precision),
        "  recall": str(pairs.recall),
        "  wrong accepted": str(pairs.wrong_accepted),
        "  P(true)": f"AUC {_number(pairs.auc)}, calibration error {_number(pairs.calibration_error)}, "
        f"Brier {_number(pairs.brier)}",
        "mass of the words": _number(found.mass) + _LITTLE * (found.mass is not None and found.mass < 0.5),
        "other batches": f"{steady.flips} of {steady.pairs} verdicts changed in {steady.orders} orders{moved}",
        "cost of a verdict": _cost_line(found.cost),
        "memory": f"{found.cost.memory_mb:.0f} MB"
        + (f", GPU {found.cost.gpu_mb:.0f} MB" if found.cost.gpu_mb is not None else ""),
    }
    lines = [f"{name:32} {value}" for name, value in rows.items()]
    lines += [f"FAILED: {words}" for words in found.failures]
    return [*lines, "passed: it may pay rewards"] if found.passed else lines


def _cost_line(cost: Cost) -> str:
    return (
        f"{cost.prompt_tokens:.0f} prompt tokens ({cost.cached_share:.0%} cached), {cost.reply_tokens:.1f} of reply, "
        f"{cost.ms_alone:.0f} ms alone, {cost.verdicts_per_s:.1f} per s in a batch of {cost.batch}"
    )


def _attack_line(rows: Sequence[Attacked]) -> str:
    tried, accepted, stopped = (sum(getattr(row, name) for row in rows) for name in ("tried", "accepted", "stopped"))
    bare, fooled = (sum(getattr(row, name) for row in rows) for name in ("tried_bare", "accepted_bare"))
    return (
        f"{accepted} of {tried} accepted in {len(rows)} families, {stopped} stopped by the guard; "
        f"without it {fooled} of {bare}"
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
