"""Checks of `doctor --trainer NAME`, in a trainer's environment: its release, our settings there, and the broker.

By package metadata and environment variables alone: no trainer is imported.
"""

import asyncio
import importlib.metadata
import os
import urllib.request
from importlib.util import find_spec
from typing import Final

import msgspec

from tinyv_stream.adapter_kit import policy_of
from tinyv_stream.cli.checks import DoctorCheck, check_python, check_server
from tinyv_stream.embedded_server.discovery import find_running
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import validate_name


class TrainerPackage(msgspec.Struct, frozen=True):
    """A trainer's package, the release that its adapter was made for ('' for any), and the adapter."""

    package: str
    release: str
    adapter: str
    remedy: str = ""
    """How to get the package where it is not to be had by its name from PyPI."""


_GATEWAY: Final = "gateway"
_GATEWAY_PORT: Final = 8377
_LOOK_S: Final = 5.0
TRAINERS: Final = {
    "areal": TrainerPackage("areal", "1.0", "areal_reward"),
    "atropos": TrainerPackage("atroposlib", "0.4", "shared"),
    "nemo-gym": TrainerPackage("nemo-gym", "", _GATEWAY),
    "nemo-rl": TrainerPackage(
        "nemo-rl", "0.6", "shared", "install NeMo-RL from its repository: PyPI's nemo-rl is empty"
    ),
    "openrlhf": TrainerPackage("openrlhf", "0.11", "openrlhf_reward"),
    "prime-rl": TrainerPackage("verifiers", "0.4", "verifiers_reward"),
    "roll": TrainerPackage("roll", "", "shared", "install ROLL from its repository: PyPI's roll is another project"),
    "skyrl": TrainerPackage("skyrl-gym", "0.4", "skyrl_reward"),
    "slime": TrainerPackage(
        "slime", "0.3", "slime_reward", "install slime from its repository: PyPI's is another project"
    ),
    "trl": TrainerPackage("trl", "1.16", "trl_reward"),
    "verifiers": TrainerPackage("verifiers", "0.4", "verifiers_reward"),
    "verl": TrainerPackage("verl", "0.9", "verl_reward"),
}


async def examine_trainer(name: str, redis: str | None) -> list[DoctorCheck]:
    """Return all findings for using the pool from trainer `name`; raise InvalidInputError if it is none of ours."""
    trainer = TRAINERS.get(name)
    if trainer is None:
        raise InvalidInputError("--trainer", name, f"use one of {', '.join(TRAINERS)}")
    url = redis or os.environ.get("TINYV_REDIS_URL")
    found = [check_python(), check_release(trainer), check_settings()]
    if trainer.adapter == _GATEWAY:
        return [*found, await asyncio.to_thread(check_gateway)]
    found.insert(2, check_adapter(trainer))
    return [*found, await check_server(url) if url else check_running(os.environ.get("TINYV_POOL") or "main")]


def check_release(trainer: TrainerPackage) -> DoctorCheck:
    """Compare the installed release with the one that the adapter was made for."""
    try:
        version = importlib.metadata.version(trainer.package)
    except importlib.metadata.PackageNotFoundError:
        wanted = f"{trainer.package}=={trainer.release}.*" if trainer.release else trainer.package
        remedy = f"run this in the trainer's environment, or {trainer.remedy or f'install {wanted}'}"
        return DoctorCheck(
            name="trainer", level="wrong", found=f"{trainer.package} is not installed here", remedy=remedy
        )
    found = f"{trainer.package} {version}, adapter made for {trainer.release}"
    if not trainer.release:
        return DoctorCheck(name="trainer", level="ok", found=f"{trainer.package} {version}")
    if version.split(".")[: trainer.release.count(".") + 1] == trainer.release.split("."):
        return DoctorCheck(name="trainer", level="ok", found=found)
    remedy = f"install {trainer.package}=={trainer.release}.*, or run tests/adapters/run.py against yours"
    return DoctorCheck(name="trainer", level="note", found=found, remedy=remedy)


def check_adapter(trainer: TrainerPackage) -> DoctorCheck:
    """See whether the trainer can import its adapter."""
    module = f"trainer_adapters.{trainer.adapter}"
    if find_spec("trainer_adapters") is not None and find_spec(module) is not None:
        return DoctorCheck(name="adapter", level="ok", found=module)
    return DoctorCheck(
        name="adapter", level="wrong", found=f"{module} cannot be found", remedy="install tinyv-stream here"
    )


def check_gateway() -> DoctorCheck:
    """See whether a gateway answers where `TINYV_GATEWAY_URL` says, and is ready."""
    url = os.environ.get("TINYV_GATEWAY_URL") or f"http://127.0.0.1:{_GATEWAY_PORT}"
    remedy = "start `tinyv-stream gateway` beside a pool, or set TINYV_GATEWAY_URL"
    if not url.startswith(("http://", "https://")):
        return DoctorCheck(name="gateway", level="wrong", found=f"{url} is no URL of a gateway", remedy=remedy)
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=_LOOK_S):  # noqa: S310 the scheme was looked at
            return DoctorCheck(name="gateway", level="ok", found=f"{url} is ready")
    except (OSError, ValueError) as exc:
        return DoctorCheck(name="gateway", level="wrong", found=f"{url}: {exc}", remedy=remedy)


def check_settings() -> DoctorCheck:
    """Check the variables that adapters read."""
    variables = {
        key: value for key, value in os.environ.items() if key.startswith("TINYV_") and key != "TINYV_REDIS_URL"
    }
    try:
        policy_of(variables.get("TINYV_ON_UNDECIDED", "abstain"))
        for name in ("TINYV_RUN_ID", "TINYV_POOL"):
            validate_name(name, variables.get(name, "main"))
        for name in ("TINYV_DEADLINE_S", "TINYV_ANSWER_S", "TINYV_MAX_INFLIGHT"):
            _positive(name, variables.get(name, "1"))
    except InvalidInputError as exc:
        return DoctorCheck(name="settings", level="wrong", found=str(exc), remedy="see docs/trainers/README.md")
    found = ", ".join(f"{key}={value}" for key, value in sorted(variables.items()) if "TOKEN" not in key)
    return DoctorCheck(
        name="settings", level="ok", found=found or "none set: the trainer's config or the defaults stand"
    )


def check_running(pool: str) -> DoctorCheck:
    """See whether there is a pool that adapters find without a URL."""
    if find_running(pool) is not None:
        return DoctorCheck(name="server", level="ok", found=f"pool {pool} of this user runs here")
    remedy = "set TINYV_REDIS_URL, give --redis, or start `tinyv-stream up` here"
    return DoctorCheck(
        name="server", level="wrong", found="no URL is set, and no pool of yours runs here", remedy=remedy
    )


def _positive(name: str, text: str) -> None:
    try:
        good = 0 < float(text) < float("inf")
    except ValueError:
        good = False
    if not good:
        raise InvalidInputError(name, text, "use a positive number")
