"""Attack on the rule graders, `python -m bench attack-rules`: mutated ground truths, judged without any grader."""

from bench.attack_rules.command import main

__all__ = ["main"]
