"""One real Slurm on this machine, of two nodes if its build allows that, for as long as the tests run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm_kit import Slurm, missing

collect_ignore = [] if os.environ.get("TINYV_TEST_SLURM") else ["test_sbatch.py"]


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    if lacking := missing():
        pytest.skip(lacking)
    # Its sockets need short paths.
    with Slurm(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@pytest.fixture
def folder(slurm: Slurm, tmp_path: Path) -> Path:
    """A job's working directory, which its steps may write."""
    return tmp_path
