"""Benchmark of TinyV against its engine and the reference: `python -m bench engine`; see docs/engine.md."""


def main(argv: list[str]) -> int:
    """Measure on this machine; 0 if the goals hold, 1 if not or if a part failed, 2 for a wrong command line."""
    from bench.engine.command import main as run

    return run(argv)
