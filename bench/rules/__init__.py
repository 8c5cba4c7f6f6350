"""Rule benchmark, `python -m bench rules`: cost of a check beside other graders, and the effect of hostile answers."""

from bench.rules.command import main

__all__ = ["main"]
