"""Pictures for docs/board.md: `python tests/browser/pictures.py`, or `make board-pictures`.

It runs `tinyv-stream demo --board` with the embedded verifier, at a threshold that lets it give more rewards back than
its own, waits until some steps were played, labels a random sample by the demo set's own labels,
as `audit` would, and takes each page.
"""

import argparse
import asyncio
import io
import random
import sys
import tempfile
from pathlib import Path

import aiohttp
from browser_kit import browser, page
from PIL import Image

from tinyv_stream.board.index import Index
from tinyv_stream.demo.replay import load

LISTEN = "127.0.0.1:8397"
URL = f"http://{LISTEN}"
THRESHOLD = 0.5
MOST_BYTES = 200_000
LABELLED = 40
"""Pairs of each kind of decision."""


async def main(out: Path, steps: int, options: list[str]) -> None:
    """Run the demo, and take the pictures while it goes on."""
    with tempfile.TemporaryDirectory(prefix="tinyv-pictures-") as scratch:
        runs, settings = Path(scratch) / "runs", Path(scratch) / "tinyv.toml"
        settings.write_text(f"[tinyv]\nthreshold = {THRESHOLD}\n")
        command = [sys.executable, "-m", "tinyv_stream", "demo", "--board", LISTEN, "--record", str(runs)]
        demo = await asyncio.create_subprocess_exec(*command, "--config", str(settings), *options)
        try:
            await until_step(steps, demo)
            await label(runs)
            async with browser() as chromium:
                await take(chromium, out)
        finally:
            if demo.returncode is None:
                demo.terminate()
            await demo.wait()


async def until_step(step: int, demo: asyncio.subprocess.Process) -> None:
    async with aiohttp.ClientSession() as http:
        while demo.returncode is None:
            try:
                async with http.get(f"{URL}/metrics") as answer:
                    found = [
                        line for line in (await answer.text()).splitlines() if line.startswith("tinyv_steps_total")
                    ]
                    if found and float(found[0].split()[-1]) >= step:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(1)
    raise SystemExit("the demo ended before its steps were played")


async def label(runs: Path) -> None:
    """Label a random sample of each kind of decision; the demo set knows which completion is correct."""
    is_right = {line.rollout_id: line.label for line in load()}
    with Index(runs).reading() as base:
        rows = base.execute("select max(n) n, id, cell from v where cell <> '' group by pair, cell order by pair")
        cells: dict[str, list[tuple[int, str]]] = {}
        for row in rows:
            cells.setdefault(row["cell"], []).append((row["n"], row["id"]))
    rng = random.Random(0)
    async with aiohttp.ClientSession() as http:
        for cell, found in cells.items():
            for n, name in rng.sample(found, min(LABELLED, len(found))):
                accepted = cell in {"rule", "tinyv"}
                right = is_right[name.partition("-")[2] if name.startswith("s") else name] == accepted
                form = {"label": "right" if right else "wrong", "via": "audit"}
                async with http.post(f"{URL}/verdicts/{n}/label", data=form) as answer:
                    answer.raise_for_status()


async def take(chromium: object, out: Path) -> None:
    for scheme, width in (("light", 1440), ("dark", 1440), ("light", 390)):
        async with page(chromium, width=width, scheme=scheme) as one:
            shown = "/verdicts?preset=rescued"
            await one.goto(URL + shown)
            if not await one.locator("#rows td.step a").count():  # the bundled model gave nothing back
                shown = "/verdicts"
                await one.goto(URL + shown)
            link = await one.locator("#rows td.step a").first.get_attribute("href")
            await one.goto(URL + str(link))
            group = await one.locator("a.group").get_attribute("href")
            pages = {"now": "/", "verdicts": shown, "group": str(group), "quality": "/quality"}
            for name, path in pages.items():
                await one.goto(URL + path)
                await one.wait_for_timeout(2500)
                png = await one.screenshot(full_page=name != "verdicts")
                (out / f"board_{name}_{scheme}_{width}.png").write_bytes(small(png))


def small(png: bytes) -> bytes:
    """Return a picture as small as it may be: a repository keeps it for ever. Few colours only where it must be so."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for one in (picture, picture.quantize(256, kmeans=4)):
        out = io.BytesIO()
        one.save(out, "PNG", optimize=True)
        if out.tell() <= MOST_BYTES:
            return out.getvalue()
    raise SystemExit(f"a picture takes {out.tell()} bytes, {MOST_BYTES} at most")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    parser.add_argument("--steps", type=int, default=12)
    args, rest = parser.parse_known_args()
    args.out.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(args.out, args.steps, rest))
