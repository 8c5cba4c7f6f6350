"""The rule stage: `python -m workers.rule`."""
