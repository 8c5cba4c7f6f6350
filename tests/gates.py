"""Gates that no tool has: no Python file over 300 lines, no README over 150."""

import subprocess
import sys
from pathlib import Path

MOST_LINES = {"*.py": 300, "*.lua": 120, "README.md": 150}


def main() -> int:
    bad: list[str] = []
    for pattern, most in MOST_LINES.items():
        names = subprocess.run(["git", "ls-files", "-z", pattern], capture_output=True, check=True).stdout
        for name in filter(None, names.decode().split("\0")):
            path = Path(name)
            lines = path.read_text().count("\n") if path.exists() else 0
            if lines > most:
                bad.append(f"{name}: {lines} lines, at most {most}: split it by subject")
    sys.stderr.write("".join(f"{line}\n" for line in bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
