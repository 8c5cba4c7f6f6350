"""Benchmark of exposed verification time, `python -m bench overlap`; see docs/overlap.md."""


def main(argv: list[str]) -> int:
    """Measure every mode on the same rollouts; 0 if the goals hold, 1 if not, 2 for a wrong command line."""
    from bench.overlap.command import main as run

    return run(argv)
