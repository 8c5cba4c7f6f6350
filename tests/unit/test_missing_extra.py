"""A command whose extra is missing: one sentence, before anything is started."""

import subprocess
import sys

import pytest

PROGRAM = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "mpmath" else found(name, *more)
from tinyv_stream.__main__ import main
"""


@pytest.mark.parametrize("command", [["up"], ["score", __file__, "--out", "/dev/null"], ["demo"]])
def test_a_pool_without_its_rule_workers_extra_is_not_started(command: list[str]) -> None:
    program = PROGRAM + f"sys.argv = {['tinyv-stream', *command]}; main()"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert ended.stderr == "tinyv-stream: this command needs mpmath: pip install 'tinyv-stream[worker]'\n"
