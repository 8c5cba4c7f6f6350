"""Scripts under `deploy/`, as the shell's own linter sees them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_shellcheck_has_no_objection() -> None:
    scripts = sorted((ROOT / "deploy").rglob("*.sbatch"))
    assert scripts
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, *scripts], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
