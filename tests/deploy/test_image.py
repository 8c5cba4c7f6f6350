"""The images: a linter's view, and the rule image's own command as pid 1 without privileges, on a read-only root."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from image_kit import DOCKERFILE, ROOT, Container, Image, make, missing

from tinyv_stream import RewardClient, Rollout, Status
from tinyv_stream.processes.exit_codes import RESTART
from tinyv_stream.testing import EmbeddedServer, wait_until_sync

needs_root = pytest.mark.skipif(bool(missing()), reason=missing() or "all is there")


def test_the_linter_has_no_objection() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    dist = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(dist), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return make("rule", dist, tmp_path_factory.mktemp("rule"))


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedServer]:
    server, loop = EmbeddedServer(tcp=True), asyncio.new_event_loop()
    try:
        loop.run_until_complete(server.start())
        yield server
        loop.run_until_complete(server.stop())
    finally:
        server.kill()
        loop.close()


@pytest.fixture
def worker(image: Image, broker: EmbeddedServer, pool_name: str, tmp_path: Path) -> Iterator[Container]:
    config = json.dumps({"broker": {"pool": pool_name}})
    with Container(image, tmp_path / "log", TINYV_REDIS_URL=broker.url, TINYV_CONFIG=config) as container:
        wait_until_sync(lambda: ready(container) or container.process.poll() is not None, 90, "it is ready")
        assert container.process.poll() is None, container.log
        yield container


def ready(container: Container) -> bool:
    return container.run("tinyv-stream", "worker", "check", "--ready").returncode == 0


@needs_root
@pytest.mark.timeout(900)
async def test_a_pod_rewards_a_rollout_and_drains(worker: Container, broker: EmbeddedServer, pool_name: str) -> None:
    assert worker.run("tinyv-stream", "worker", "check", "--alive").returncode == 0
    async with RewardClient(broker.url, run_id="r", client_id="c", pool=pool_name) as client:
        right = Rollout(question="1+1?", completion="It is \\boxed{2}.", ground_truth="2", data_source="x_prime")
        reward = await (await client.submit(right))
    assert (reward.status, reward.value) == (Status.OK, 1.0)
    psutil.Process(worker.pid).send_signal(signal.SIGTERM)
    assert worker.process.wait(45) == 0, worker.log
    assert "drains 0 rollouts" in worker.log


@needs_root
@pytest.mark.timeout(900)
def test_orphans_are_buried_and_nothing_can_be_written(worker: Container) -> None:
    assert worker.run("sh", "-c", "(sh -c 'exit 7' &) ; (sleep 0.2 &)").returncode == 0
    wait_until_sync(lambda: states(worker) == [], 20, "no zombie, no orphan")
    for place in ("/opt/tinyv/x", "/usr/x", "/x"):
        assert "Read-only file system" in worker.run("touch", place).stderr
    assert worker.run("touch", "/tmp/x", "/home/tinyv/x").returncode == 0
    assert worker.run("id", "-u").stdout == "10001\n"


@needs_root
@pytest.mark.timeout(900)
def test_graders_seal_themselves_in_a_pod_too(worker: Container) -> None:
    """In a pod they have no new privileges from the start, which is what their filter needs."""
    assert all(field(process, "NoNewPrivs") in {"1", ""} for process in worker.processes())
    if field(psutil.Process(worker.pid), "Seccomp") != "0":
        pytest.skip("everything here has a filter already")
    wait_until_sync(lambda: any(field(process, "Seccomp") == "2" for process in worker.processes()), 30, "a filter")


@needs_root
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("env", "code", "said"),
    [
        ({"TINYV_CONFIG": '{"broker": {"lease_s": 0}}'}, 2, "broker.lease_s"),
        ({"TINYV_CONFIG": "{}", "TINYV_REDIS_URL": ""}, 2, "TINYV_REDIS_URL"),
        ({"TINYV_CONFIG": "{}", "TINYV_REDIS_URL": "redis://127.0.0.1:9/0"}, 1, "127.0.0.1:9"),
    ],
)
def test_an_exit_code_gets_out_of_the_pod(
    env: dict[str, str], code: int, said: str, image: Image, broker: EmbeddedServer, tmp_path: Path
) -> None:
    assert code != RESTART
    with Container(image, tmp_path / "log", **({"TINYV_REDIS_URL": broker.url} | env)) as container:
        assert container.process.wait(120) == code, container.log
        assert said in container.log


@needs_root
@pytest.mark.timeout(900)
def test_a_killed_worker_ends_its_pod(worker: Container) -> None:
    main = psutil.Process(worker.pid).children()[0]
    main.kill()
    assert worker.process.wait(30) == 128 + signal.SIGKILL


def field(process: psutil.Process, name: str) -> str:
    """A field of proc(5)'s status; empty for a process that is gone."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return ""


def states(container: Container) -> list[str]:
    """What is dead and unburied, or an orphan of a probe."""
    below = [(process.name(), process.status()) for process in container.processes()[1:]]
    return [name for name, status in below if status == psutil.STATUS_ZOMBIE or name in {"sleep", "sh"}]
