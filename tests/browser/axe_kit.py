"""axe-core, pinned, from npm: accessibility rules that are asked in the browser. Run as a program it fetches it."""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "axe-core@4.14.1"
INTEGRITY = "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
SCRIPT = Path(__file__).parent / ".axe" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


def fetch() -> None:
    with tempfile.TemporaryDirectory(prefix="tinyv-axe-") as scratch:
        subprocess.run(
            ["npm", "pack", "--silent", "--ignore-scripts", PACKAGE], cwd=scratch, check=True, capture_output=True
        )
        (archive,) = Path(scratch).glob("*.tgz")
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != INTEGRITY:
            raise SystemExit(f"{PACKAGE} is {found}, and {INTEGRITY} is pinned")
        with tarfile.open(archive) as tar:
            member = tar.extractfile("package/axe.min.js")
            assert member is not None
            SCRIPT.parent.mkdir(exist_ok=True)
            SCRIPT.write_bytes(member.read())


async def findings(page: Any) -> list[str]:  # noqa: ANN401 playwright's
    """Return what breaks WCAG A or AA on a page; the script runs in a world of its own, whatever the page's policy."""
    if not SCRIPT.exists():
        pytest.skip("python tests/browser/axe_kit.py")
    session = await page.context.new_cdp_session(page)
    frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    world = await session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})
    at = {"contextId": world["executionContextId"], "returnByValue": True, "awaitPromise": True}
    await session.send("Runtime.evaluate", {"expression": SCRIPT.read_text() + ";undefined", **at})
    shown = "`${v.id}: ${v.nodes.length} x ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary}`"
    asked = f"axe.run({{ runOnly: {LEVELS} }}).then((r) => r.violations.map((v) => {shown}))"
    said = await session.send("Runtime.evaluate", {"expression": asked, **at})
    assert "exceptionDetails" not in said, said
    return said["result"]["value"]


if __name__ == "__main__":
    fetch()
    sys.stdout.write(f"{SCRIPT}\n")
