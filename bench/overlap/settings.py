"""Command-line settings of the overlap benchmark."""

import argparse
from pathlib import Path
from typing import Final

import msgspec

from bench.overlap.pools import STREAMING
from bench.overlap.trainers.process import HOME, TRAINERS, lacking
from bench.workload.steps import ZIPF_EXPONENT
from tinyv_stream.config import Config, load
from tinyv_stream.errors import InvalidInputError

MODES: Final = ("rule_only", "stream", "stream_no_coalesce", "per_sample", "verl", "trl", "blocking")
DEFAULT: Final = tuple(mode for mode in MODES if mode != "per_sample")
"""`per_sample` is `verl` without Ray: to tell what of `verl`'s figures is Ray's, ask for both."""
SIZES: Final = {"small": (16, 6.0), "full": (128, 60.0)}
"""Prompts, and seconds of generation. `small` is for a look: its generation is so short that every wait weighs."""
THRESHOLD: Final = 0.5
"""P(true) at which the text read-out of the reference modes turns: ours has to turn there too, to be comparable."""
_EPILOG: Final = """
examples:
  python -m bench overlap --size small --report overlap.html
  python -m bench overlap --json overlap.json --report overlap.html --trace trace.json
  python -m bench overlap --questions my.jsonl --model ./my-verifier --wall 120 --modes stream,blocking
  python -m bench overlap --engine scripted --size small     # no model: seconds, and no figure worth quoting
"""


class OverlapSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Times in seconds."""

    prompts: int
    group_size: int
    wall_s: float
    repeats: int
    seed: int
    modes: tuple[str, ...]
    left_out: dict[str, str]
    """Modes of the default that cannot run here, with the reason."""
    venvs: Path
    """Where the trainers' environments are."""
    config: Config
    zipf_exponent: float
    policy: str | None = None
    """Model that really generates; None: generation is replayed on the clock."""
    policy_tokens: int = 256
    questions: Path | None = None
    redis: str | None = None
    json: Path | None = None
    report: Path | None = None
    trace: Path | None = None
    record: Path | None = None
    pictures: Path | None = None


def parse(argv: list[str]) -> OverlapSettings:
    """Return what the command line says; exits with 2 on a wrong one, raises InvalidInputError for a bad value."""
    a = _parser().parse_args(argv)
    prompts, wall_s = SIZES[a.size]
    modes, left_out = _modes(a.modes, a.venvs, real=a.generator != "replay")
    policy = _policy(a.generator, a.policy_model, modes)
    for name, value in (("--repeats", a.repeats), ("--group-size", a.group_size), ("--prompts", a.prompts or 1)):
        if value < 1:
            raise InvalidInputError(name, value, "use 1 or more")
    return OverlapSettings(
        prompts=a.prompts or prompts,
        group_size=a.group_size,
        wall_s=a.wall or wall_s,
        repeats=a.repeats,
        seed=a.seed,
        modes=modes,
        left_out=left_out,
        venvs=a.venvs,
        config=_config(a.config, a.engine, a.model),
        zipf_exponent=a.zipf,
        policy=policy,
        policy_tokens=a.policy_tokens,
        questions=a.questions,
        redis=a.redis,
        json=a.json,
        report=a.report,
        trace=a.trace,
        record=a.record,
        pictures=a.pictures,
    )


def _modes(asked: str | None, venvs: Path, *, real: bool) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the modes to run, and what of the default is left out; a mode that was asked for by name is never."""
    if asked is None:
        chosen = (*STREAMING,) if real else DEFAULT
        reasons = {name: lacking(name, venvs) for name in TRAINERS if name in chosen}
        left_out = {name: reason for name, reason in reasons.items() if reason}
        return tuple(m for m in chosen if m not in left_out), left_out
    modes = tuple(asked.split(","))
    unknown = [m for m in modes if m not in MODES]
    if unknown:
        raise InvalidInputError("--modes", ",".join(unknown), f"use some of {', '.join(MODES)}")
    for name in TRAINERS:
        if name in modes and (reason := lacking(name, venvs)):
            raise InvalidInputError("--modes", name, reason)
    return modes, {}


def _policy(generator: str, model: str | None, modes: tuple[str, ...]) -> str | None:
    if generator == "replay":
        return None
    if not model:
        raise InvalidInputError("--policy-model", model, "name the model that generates: hub id, directory, `embedded`")
    if set(modes) - set(STREAMING):
        raise InvalidInputError(
            "--modes",
            ",".join(modes),
            "generation differs from run to run, so nothing can be compared: leave out others",
        )
    return model


def _config(path: Path | None, engine: str | None, model: str | None) -> Config:
    base = load(path) if path else Config()
    tinyv, replace = base.tinyv, msgspec.structs.replace
    if engine:
        tinyv = replace(tinyv, engine=replace(tinyv.engine, kind=engine))
    if model:
        tinyv = replace(tinyv, model=model)
    return replace(base, tinyv=replace(tinyv, threshold=THRESHOLD if tinyv.threshold is None else tinyv.threshold))


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m bench overlap",
        description="How much verification time does a trainer really wait?",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--size", choices=sorted(SIZES), default="full", help="16 or 128 prompts [full]")
    p.add_argument("--prompts", type=int, help="other than the size's")
    p.add_argument("--group-size", type=int, default=8, help="completions per prompt [8]")
    p.add_argument("--wall", type=float, metavar="S", help="seconds of generation, other than the size's")
    p.add_argument("--repeats", type=int, default=5, help="steps per mode, each with new questions [5]")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument(
        "--zipf", type=float, default=ZIPF_EXPONENT, help=f"how much a group repeats its answers [{ZIPF_EXPONENT}]"
    )
    p.add_argument("--modes", help=f"some of {','.join(MODES)} [all but per_sample]")
    p.add_argument("--venvs", type=Path, default=HOME, metavar="DIR", help="the trainers' environments [%(default)s]")
    p.add_argument("--generator", choices=("replay", "vllm"), default="replay", help="[replay]; vllm really generates")
    p.add_argument("--policy-model", metavar="M", help="with --generator vllm: hub id, directory or `embedded`")
    p.add_argument("--policy-tokens", type=int, default=256, metavar="N", help="its longest completion [256]")
    p.add_argument("--questions", type=Path, metavar="JSONL", help="lines with question, ground_truth [made from seed]")
    p.add_argument("--config", type=Path, metavar="tinyv.toml", help="your pool's settings: workers, engine, model")
    p.add_argument("--model", help="hub id, directory or `embedded`, other than the config's")
    p.add_argument("--engine", choices=("vllm", "scripted"), help="other than the config's")
    p.add_argument("--redis", metavar="URL", help="a server of your own, where empty pools are left [an embedded one]")
    p.add_argument("--json", type=Path, metavar="FILE")
    p.add_argument("--report", type=Path, metavar="HTML")
    p.add_argument(
        "--trace", type=Path, metavar="JSON", help="the median stream step, for Perfetto or chrome://tracing"
    )
    p.add_argument("--pictures", type=Path, metavar="DIR", help="the report's pictures as SVG files")
    p.add_argument("--record", type=Path, metavar="JSONL", help="its spans, for `tinyv-stream timeline`")
    return p
