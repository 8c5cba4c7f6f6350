"""Benchmarks: `python -m bench NAME --json F`."""
