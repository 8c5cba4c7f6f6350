"""`python -m bench rules`: the cost of a rule check beside other graders, and what hostile answers do to the rest."""

from bench.rules.command import main

__all__ = ["main"]
