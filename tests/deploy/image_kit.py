"""A target of the Dockerfile made without Docker, and one container of it.

- Its steps run in a chroot over Debian's base system (debootstrap); a target upon somebody's image cannot be made so.
- A container has namespaces of its own for processes and mounts, a read-only root, the image's user and no privilege.
  Its network is the host's.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import psutil
from dockerfile_parse import DockerfileParser

from tinyv_stream.testing import wait_until_sync

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"
BASE = Path(sys.prefix) / "bookworm"
"""Where `make test-deploy` puts Debian's base system."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Docker's own, of an image that says nothing."""

_STEP = """
mount --make-rprivate /
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
exec chroot "$0" /bin/sh -c "$1"
"""
_RUN = """
mount --make-rprivate /
mount --bind "$0" "$0"
mount -o remount,ro,bind "$0"
mount -t proc proc "$0/proc"
mount -t tmpfs -o mode=755 dev "$0/dev"
for one in null zero urandom; do touch "$0/dev/$one"; mount --bind "/dev/$one" "$0/dev/$one"; done
mkdir "$0/dev/shm"; mount -t tmpfs -o mode=1777 shm "$0/dev/shm"
mount -t tmpfs -o mode=1777 tmp "$0/tmp"
mount -t tmpfs -o uid=10001,gid=10001 home "$0/home/tinyv"
exec chroot "$0" "$@"
"""
_UNPRIVILEGED = ("--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all")


class Image(msgspec.Struct, frozen=True):
    """What a target comes to."""

    root: Path
    env: dict[str, str]
    user: str
    command: list[str]


def missing() -> str:
    """Say what this machine lacks for making images and running them; empty if nothing."""
    if os.geteuid():
        return "chroot and namespaces need root"
    lacking = [name for name in ("unshare", "nsenter", "setpriv") if not shutil.which(name)]
    if lacking:
        return f"no {', '.join(lacking)}: apt-get install util-linux"
    return "" if BASE.is_dir() else "no Debian base system: apt-get install debootstrap, then make test-deploy"


def make(target: str, dist: Path, root: Path) -> Image:
    """Run the steps of a target, its wheels in `dist`; raises RuntimeError with the words of a step that failed."""
    subprocess.run(["cp", "-a", f"{BASE}/.", root], check=True)
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    env, user, entry, command = {"PATH": PATH}, "0", [], []
    for step, value in _steps(target):
        match step:
            case "RUN":
                _run_step(root, value, env)
            case "ENV":
                env |= {name: text for name, _, text in (word.partition("=") for word in shlex.split(value))}
                env["PATH"] = env["PATH"].replace("$PATH", PATH)
            case "COPY":
                _copy(value, dist, root)
            case "USER":
                user = value
            case "ENTRYPOINT":
                entry = json.loads(value)
            case "CMD":
                command = json.loads(value)
            case "ARG":
                env.setdefault(value.partition("=")[0], "")
            case _:
                raise RuntimeError(f"{step} is not known here: teach it to image_kit")
    return Image(root=root, env=env, user=user, command=[*entry, *command])


def _steps(target: str) -> list[tuple[str, str]]:
    """Return the steps of a target and of those that it is made from, without FROM and comments."""
    stages: dict[str, list[tuple[str, str]]] = {}
    name = ""
    with DOCKERFILE.open("rb") as file:
        structure = DockerfileParser(fileobj=file).structure
    for one in structure:
        if one["instruction"] == "FROM":
            origin, _, name = one["value"].split()
            stages[name] = list(stages.get(origin, []))
        elif one["instruction"] != "COMMENT":
            stages[name].append((one["instruction"], one["value"]))
    return stages[target]


def _run_step(root: Path, script: str, env: Mapping[str, str]) -> None:
    passed = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")  # an index may have a certificate of this machine's own
    if bundle.exists():
        shutil.copy(bundle, root / "tmp" / "ca.pem")
        passed |= {"PIP_CERT": "/tmp/ca.pem"}
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", _STEP, str(root), script]
    done = subprocess.run(command, env={**passed, **env}, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise RuntimeError(f"{script}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _copy(value: str, dist: Path, root: Path) -> None:
    *sources, target = value.split()
    (root / target.lstrip("/")).mkdir(parents=True, exist_ok=True)
    for source in sources:
        for path in dist.glob(source.removeprefix("dist/")):
            shutil.copy(path, root / target.lstrip("/"))


class Container:
    """One container; `pid` is that of its init, as this host sees it. Left, it is killed."""

    def __init__(self, image: Image, log: Path, **env: str) -> None:
        self._image = image
        self._log = log
        self._env = {**image.env, **env}
        self.pid = 0

    def __enter__(self) -> Self:
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", _RUN, str(self._image.root)]
        with self._log.open("wb") as out:
            args = [*command, *self._as_user(), *self._image.command]
            self.process = subprocess.Popen(args, env=self._env, stdout=out, stderr=out)
        wait_until_sync(self._find_init, 30, "its init runs")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def run(self, *command: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command in the container, as a probe does."""
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--root", "--wd=/"]
        args = [*enter, *self._as_user(), *command]
        return subprocess.run(args, env=self._env, capture_output=True, text=True, check=False, timeout=timeout_s)

    def processes(self) -> list[psutil.Process]:
        """Return its init and all below it."""
        init = psutil.Process(self.pid)
        return [init, *init.children(recursive=True)]

    def _as_user(self) -> list[str]:
        return ["setpriv", f"--reuid={self._image.user}", f"--regid={self._image.user}", *_UNPRIVILEGED]

    def _find_init(self) -> bool:
        if self.process.poll() is not None:
            return True
        for child in psutil.Process(self.process.pid).children():
            if child.name() == self._image.command[0]:
                self.pid = child.pid
        return bool(self.pid)
