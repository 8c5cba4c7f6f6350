"""Libraries of the pages, pinned: fetched from npm by the build, never part of git, never asked of another host.

A checkout that was built without npm has none: its pages then say what to run, and show figures without charts.
`python -m tinyv_stream.board.assets` fetches them into a checkout; it needs `npm`.
"""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

VENDOR: Final = Path(__file__).parent / "static" / "vendor"

PACKAGES: Final = {
    "echarts@6.1.0": (
        "sha512-q0yaFPggC9FUdsWH4blavRWFmxdrIodbkoKNAjJudAI6CA9gNPxHtV2RcZNEepZVlk4yvBYkOkbk6HIVpIyHZA==",
        ("dist/echarts.min.js", "LICENSE", "NOTICE"),
    ),
    "htmx.org@4.0.1": (
        "sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==",
        ("dist/htmx.min.js", "LICENSE"),
    ),
    "katex@0.19.1": (
        "sha512-jG8uKntjSEcm2EpQOh0XturpPuuC9r3Sq5HLHdsFdWZT27E672SF19QEi+of0/YeOy15lDgRhKvr5614uRrEfA==",
        ("dist/katex.min.js", "dist/katex.min.css", "dist/fonts/*.woff2", "LICENSE"),
    ),
}
"""Package -> its integrity as npm's registry names it, and the files that are taken."""


def have_charts() -> bool:
    """Tell whether the libraries are here."""
    return all((VENDOR / name).exists() for name in ("echarts.min.js", "htmx.min.js", "katex.min.js", "katex.min.css"))


def fetch(into: Path = VENDOR) -> None:
    """Fetch every file into `into`; raise RuntimeError if one is not what was pinned, OSError without npm."""
    into.mkdir(parents=True, exist_ok=True)
    for package, (integrity, wanted) in PACKAGES.items():
        with tempfile.TemporaryDirectory(prefix="tinyv-npm-") as scratch:
            command = ["npm", "pack", "--silent", "--ignore-scripts", package]
            done = subprocess.run(command, cwd=scratch, check=False, capture_output=True, text=True)  # noqa: S603 pinned
            if done.returncode:
                raise RuntimeError(f"npm pack {package} failed: {done.stderr.strip()[-300:]}")
            (archive,) = Path(scratch).glob("*.tgz")
            found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
            if found != integrity:
                raise RuntimeError(f"{package} is {found}, and {integrity} is pinned")
            _extract(archive, package.partition("@")[0], wanted, into)


def _extract(archive: Path, name: str, wanted: tuple[str, ...], into: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            path = Path(member.name).relative_to("package")
            if not member.isfile() or not any(path.match(pattern) and _is_at(path, pattern) for pattern in wanted):
                continue
            target = into / ("fonts" if path.suffix == ".woff2" else "") / path.name
            if not path.suffix or path.name == "NOTICE":
                target = into / f"{name}.{path.name}"
            target.parent.mkdir(exist_ok=True)
            source = tar.extractfile(member)
            target.write_bytes(source.read() if source else b"")


def _is_at(path: Path, pattern: str) -> bool:
    return len(path.parts) == len(Path(pattern).parts)


if __name__ == "__main__":
    fetch()
    sys.stdout.write("".join(f"{path.relative_to(VENDOR)}\n" for path in sorted(VENDOR.rglob("*")) if path.is_file()))
