"""A Slurm of one machine: munge, a controller and one daemon per node, from Debian's packages, by root.

Its configuration, keys, sockets and spool are in a directory of its own; nothing of the machine's is touched. Two nodes
on one machine need a build with `--enable-multiple-slurmd`; without it there is one.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tinyv_stream.testing import wait_until_sync

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "deploy" / "slurm" / "tinyv.sbatch"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun")

CONFIG = """
ClusterName=tv
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={here}/munge.socket
StateSaveLocation={here}/controller
SlurmdSpoolDir={here}/spool-%n
SlurmctldPidFile={here}/controller.pid
SlurmdPidFile={here}/node-%n.pid
SlurmctldLogFile={here}/controller.log
SlurmdLogFile={here}/node-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
KillWait=30
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Say what this machine lacks; empty if nothing."""
    if os.geteuid():
        return "Slurm's daemons need root"
    lacking = [name for name in PROGRAMS if not shutil.which(name)]
    return f"no {', '.join(lacking)}: apt-get install slurm-wlm munge" if lacking else ""


class Slurm:
    """Its daemons, while a block runs. `nodes` are the names of its nodes."""

    def __init__(self, logs: Path) -> None:
        self.here = Path(tempfile.mkdtemp(prefix="sl"))
        self.here.chmod(0o755)  # munge asks that of its socket's directory
        self.nodes: list[str] = []
        self._logs = logs
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._env = {**os.environ, "SLURM_CONF": str(self.here / "slurm.conf")}

    def __enter__(self) -> Self:
        try:
            self._start_munge()
            if not (self._start(["n1", "n2"]) or self._start(["n1"])):
                pytest.fail((self.here / "controller.log").read_text()[-3000:])
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def run(self, *command: str, env: dict[str, str] | None = None) -> str:
        """Run a command of Slurm's and return what it printed."""
        whole = {**self._env, **(env or {})}
        done = subprocess.run(command, env=whole, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def submit(self, folder: Path, *, nodes: int = 1, **env: str) -> str:
        """Submit the script of the project as a job that works in `folder`; return its number."""
        own = {"TINYV_PYTHON": sys.executable, "TINYV_STATE": str(folder / "state"), **env}
        args = (f"--nodes={nodes}", f"--chdir={folder}", f"--output={folder}/job.log", "--parsable", str(SCRIPT))
        return self.run("sbatch", *args, env=own).strip()

    def field(self, job: str, name: str) -> str:
        """Return a field of `scontrol show job`."""
        words = self.run("scontrol", "--oneliner", "show", "job", job).split()
        return next(word.partition("=")[2] for word in words if word.startswith(f"{name}="))

    def ended(self, job: str, timeout_s: float = 180) -> tuple[str, str]:
        """Wait for a job's end; return its state and exit code, as Slurm writes them."""
        over = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"}
        wait_until_sync(lambda: self.field(job, "JobState") in over, timeout_s, f"job {job} ends")
        return self.field(job, "JobState"), self.field(job, "ExitCode")

    def _start_munge(self) -> None:
        key = self.here / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        files = [f"--{name}={self.here}/munge.{suffix}" for name, suffix in MUNGE_FILES.items()]
        self._daemon("munged", "--foreground", "--force", *files)
        wait_until_sync((self.here / "munge.socket").exists, 20, "munge listens")

    def _start(self, names: list[str]) -> bool:
        """Start the controller and nodes of these names; return False if a node does not come up."""
        ports = _free_ports(1 + len(names))
        host = socket.gethostname().partition(".")[0]
        what = f"NodeHostname={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN"
        nodes = "\n".join(f"NodeName={name} Port={port} {what}" for name, port in zip(names, ports[1:], strict=True))
        for folder in ("controller", *(f"spool-{name}" for name in names)):
            shutil.rmtree(self.here / folder, ignore_errors=True)
            (self.here / folder).mkdir()
        (self.here / "slurm.conf").write_text(CONFIG.format(host=host, ports=ports, here=self.here, nodes=nodes))
        started = [self._daemon("slurmctld", "-D")]
        started += [self._daemon("slurmd", "-D", "-N", name) for name in names]
        try:
            wait_until_sync(lambda: self._idle() == set(names), 40, "the nodes are idle")
        except TimeoutError:
            for daemon in started:
                self._stop(daemon)
            return False
        self.nodes = names
        return True

    def _idle(self) -> set[str]:
        done = subprocess.run(
            ["sinfo", "-hN", "-o", "%N %t"], env=self._env, capture_output=True, text=True, check=False, timeout=60
        )
        rows = [line.split() for line in done.stdout.splitlines()]
        return {row[0] for row in rows if row[1:] == ["idle"]}

    def _daemon(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self._logs / f"{command[0]}-{len(self._daemons)}.out").open("wb") as out:
            daemon = subprocess.Popen(command, env=self._env, stdout=out, stderr=out)
        self._daemons.append(daemon)
        return daemon

    def _stop(self, daemon: "subprocess.Popen[bytes]") -> None:
        self._daemons.remove(daemon)
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(15)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def _end(self) -> None:
        for daemon in reversed(list(self._daemons)):
            self._stop(daemon)
        shutil.rmtree(self.here, ignore_errors=True)


MUNGE_FILES = {
    "key-file": "key",
    "socket": "socket",
    "pid-file": "pid",
    "log-file": "log",
    "seed-file": "seed",
}


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
