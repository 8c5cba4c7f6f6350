"""Failover takes minutes of real servers: `make test-topologies` runs it, `make test` only what is quick."""

import os

collect_ignore = [] if os.environ.get("TINYV_TEST_TOPOLOGIES") else ["test_failover.py"]
