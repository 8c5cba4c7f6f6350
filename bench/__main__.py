"""Entry point of `python -m bench NAME ...`: the rest of the command line goes to `bench.NAME.main`."""

import importlib
import pkgutil
import sys

import bench


def main(argv: list[str]) -> int:
    """Run one benchmark and return its exit code: 0 as promised, 1 not, 2 called wrongly."""
    found = (m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in {"__main__", "workload"})
    names = [name.replace("_", "-") for name in found]
    if not argv or argv[0] not in names:
        sys.stderr.write(f"usage: python -m bench {{{','.join(sorted(names))}}} ... [--json FILE]\n")
        return 2
    # Imported late: one benchmark must not need what another one does.
    module = importlib.import_module(f"bench.{argv[0].replace('-', '_')}")
    if not hasattr(module, "main"):
        sys.stderr.write(f"bench {argv[0]}: a part of other benchmarks, nothing to run\n")
        return 2
    return module.main(argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
