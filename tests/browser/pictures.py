"""Pictures for docs/board.md: `python tests/browser/pictures.py`, or `make board-pictures`.

It runs `tinyv-stream demo --board` with the embedded verifier, waits until some steps were played, and takes each page.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import aiohttp
from browser_kit import browser, page

LISTEN = "127.0.0.1:8397"
URL = f"http://{LISTEN}"


async def main(out: Path, steps: int, options: list[str]) -> None:
    """Run the demo, and take the pictures while it goes on."""
    with tempfile.TemporaryDirectory(prefix="tinyv-pictures-") as runs:
        command = [sys.executable, "-m", "tinyv_stream", "demo", "--board", LISTEN, "--record", runs, *options]
        demo = await asyncio.create_subprocess_exec(*command)
        try:
            await until_step(steps, demo)
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


async def take(chromium: object, out: Path) -> None:
    for scheme, width in (("light", 1440), ("dark", 1440), ("light", 390)):
        async with page(chromium, width=width, scheme=scheme) as one:
            await one.goto(f"{URL}/verdicts?preset=rescued")
            link = await one.locator("#rows td.step a").first.get_attribute("href")
            await one.goto(URL + str(link))
            group = await one.locator("a.group").get_attribute("href")
            pages = {"now": "/", "verdicts": "/verdicts?preset=rescued", "group": str(group), "quality": "/quality"}
            for name, path in pages.items():
                await one.goto(URL + path)
                await one.wait_for_timeout(2500)
                whole = name != "verdicts"
                await one.screenshot(path=out / f"{name}-{scheme}-{width}.png", full_page=whole)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/board"))
    parser.add_argument("--steps", type=int, default=12)
    args, rest = parser.parse_known_args()
    args.out.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(args.out, args.steps, rest))
