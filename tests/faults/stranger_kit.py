"""Another user of this machine, without an entry in passwd, who is shown Python and this checkout where he may read.

The interpreter and its packages are often in a home that nobody else may enter. They are mounted a second time, in a
mount namespace of the command's own, below a directory of his.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UID = 54321


class Stranger:
    """`place` is a directory that he may read and enter. `command` runs Python code as him."""

    def __init__(self, place: Path) -> None:
        self.place = place
        base = Path(sys.base_prefix).resolve()
        self._python = place / "py" / Path(os.path.realpath(sys.executable)).relative_to(base)
        mounts = {base: "py", Path(sysconfig.get_path("purelib")).resolve(): "site", ROOT: "code"}
        lines = ["set -e"]
        for source, name in mounts.items():
            (place / name).mkdir()
            lines.append(f"mount --bind -o ro {shlex.quote(str(source))} {shlex.quote(str(place / name))}")
        # An interpreter with a shared library looks for that where it was built.
        lines.append(f"export LD_LIBRARY_PATH={shlex.quote(str(place / 'py' / 'lib'))}")
        user = f"setpriv --reuid={UID} --regid={UID} --clear-groups --inh-caps=-all --bounding-set=-all"
        self._wrap = ["unshare", "--mount", "sh", "-c", "\n".join([*lines, f'exec {user} "$@"']), "-"]
        self.path = os.pathsep.join(str(place / name) for name in ("code", "code/workers", "site"))

    def command(self, code: str, *words: str) -> list[str]:
        """Return the arguments that run `code` with `words`; PYTHONPATH is to be `path`."""
        return [*self._wrap, str(self._python), "-P", "-c", code, *words]


@contextmanager
def stranger() -> Iterator[Stranger]:
    """Give him a directory while the block runs; skips the test where this user may not do this."""
    if os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("unshare"):
        pytest.skip("only root with setpriv and unshare can be another user")
    with tempfile.TemporaryDirectory(prefix="tinyv-stranger-") as made:
        place = Path(made)
        place.chmod(0o755)
        found = Stranger(place)
        probe = found.command("import os, tinyv_stream; print(os.getuid())")
        env = {"PYTHONPATH": found.path, "PATH": os.environ["PATH"]}
        ran = subprocess.run(probe, env=env, capture_output=True, text=True, check=False)
        if ran.stdout.strip() != str(UID):
            pytest.skip(f"another user cannot be made here: {ran.stderr.strip()[-200:]}")
        yield found
