"""Records for the board's tests, written by the recorder itself."""

from collections.abc import Iterable
from pathlib import Path

from tinyv_stream.record.lines import AnyLine, Began, Ended, Left, Rewarded, encoder
from tinyv_stream.types import Outcome, Status, Timings, Verdict


def reward(n: int = 0, **more: object) -> Rewarded:
    """A reward by the rules; `tinyv=` and the rest replace what is said here."""
    fields: dict[str, object] = {
        "run": "run", "client": "c", "try_": 1000, "id": f"r{n}", "step": 1, "group": "g", "group_size": 2,
        "ended": 10.0 + n, "rewarded": 10.5 + n, "data_source": "x_tinyv", "question": f"What is {n}?",
        "ground_truth": f"{n}", "answer": f"{n}", "completion": f"It is \\boxed{{{n}}}.", "value": 1.0,
        "status": Status.OK, "source": "rule", "rule": Verdict(outcome=Outcome.CORRECT, grader="cascade"),
        "timings": Timings(rule_s=0.01), "pair": f"{n:032x}",
    }  # fmt: skip
    return Rewarded(**(fields | more))  # type: ignore[arg-type]


def rescued(n: int = 0, p_true: float = 0.98, **more: object) -> Rewarded:
    fields: dict[str, object] = {
        "source": "tinyv",
        "rule": Verdict(outcome=Outcome.INCORRECT, grader="cascade"),
        "tinyv": Verdict(outcome=Outcome.CORRECT, p_true=p_true, threshold=0.965, model="m"),
    }
    return reward(n, **(fields | more))


def refused(n: int = 0, **more: object) -> Rewarded:
    tinyv = Verdict(outcome=Outcome.INCORRECT, p_true=0.2, threshold=0.965, model="m")
    return rescued(n, **({"value": 0.0, "tinyv": tinyv} | more))


def began(step: int, at: float, client: str = "c", try_: int = 1000) -> Began:
    return Began(run="run", client=client, try_=try_, step=step, at=at)


def ended(n: int, at: float, step: int = 1, client: str = "c") -> Ended:
    return Ended(run="run", client=client, try_=1000, id=f"r{n}", step=step, group="g", ended=at)


def left(at: float = 99.0, client: str = "c") -> Left:
    return Left(run="run", client=client, try_=1000, at=at)


def write(runs: Path, lines: Iterable[AnyLine], name: str = "c-00000.jsonl") -> Path:
    path = runs / "run" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.writelines(encoder.encode(line) + b"\n" for line in lines)
    return path
