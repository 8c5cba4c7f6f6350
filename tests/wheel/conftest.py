"""Wheels are built and installed by `make test-wheel` only: it takes minutes and needs a package index."""

import os

collect_ignore = [] if os.environ.get("TINYV_TEST_WHEEL") else ["test_wheel.py"]
