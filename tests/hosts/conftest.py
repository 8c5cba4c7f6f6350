"""Hosts are network namespaces, and a minute each: `make test-hosts` runs them, as root, `make test` does not."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from hosts_kit import NAMES

from bench.chaos.namespaces import Namespaces

collect_ignore_glob = [] if os.environ.get("TINYV_TEST_HOSTS") else ["test_*.py"]


@pytest.fixture(scope="session")
def networks() -> Iterator[Namespaces]:
    """A namespace per host, on a bridge in this one; they go with the namespace that the tests run in."""
    if os.geteuid() != 0:
        pytest.skip("NOT ROOT: network namespaces are made by root; run `make test-hosts` as root")
    made = Namespaces(NAMES)
    try:
        made.make()
    except (OSError, subprocess.CalledProcessError) as exc:
        said = exc.stderr.decode().strip() if isinstance(exc, subprocess.CalledProcessError) else exc
        pytest.skip(f"NO NETWORK NAMESPACES HERE ({said}): Debian's iproute2, and a machine that allows them")
    yield made
    for name in NAMES:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
