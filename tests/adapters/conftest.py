"""Suites of trainers run in environments of their own, by `run.py`; here only what needs no trainer is collected."""

import os

import pytest

URL = os.environ.get("TINYV_ADAPTER_TEST_URL", "")
collect_ignore_glob = [] if URL else ["trl/*", "verl/*", "light/*"]


@pytest.fixture(scope="session")
def pool_url() -> str:
    """The broker of the pool that `run.py` started."""
    return URL
