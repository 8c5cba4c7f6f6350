"""Learning benchmark: the same GRPO run under different rewards, on a task whose right answers have many spellings.

`python -m bench learn` teaches a small policy, trains it once per reward and seed, and compares true accuracy.
"""

from bench.learn.command import main

__all__ = ["main"]
