"""A board over a record, and a real Chromium in front of it."""

import contextlib
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tinyv_stream.board.server import Board
from tinyv_stream.board.settings import BoardConfig

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page
else:
    Page = Browser = Any

CHROMIUM = shutil.which("chromium")


def needs_browser() -> None:
    """Skip, with what to install, where there is no browser to drive."""
    pytest.importorskip("playwright.async_api", reason="pip install playwright (no browser of its own is needed)")
    if CHROMIUM is None:
        pytest.skip("apt-get install chromium")


@contextlib.asynccontextmanager
async def board(runs: Path, **more: object) -> AsyncGenerator[Board]:
    config = BoardConfig(**({"runs": str(runs), "port": 0, "compress": False} | more))  # type: ignore[arg-type]
    async with Board(config) as running:
        yield running


@contextlib.asynccontextmanager
async def browser() -> AsyncGenerator[Browser]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield running
        finally:
            await running.close()


@contextlib.asynccontextmanager
async def page(running: Browser, *, width: int = 1440, scheme: str = "light") -> AsyncGenerator[Page]:
    """Yield a page on which nothing may complain: no console error, no CSP report, no exception, no dialog."""
    context = await running.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    one = await context.new_page()
    complaints: list[str] = []
    one.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    one.on("pageerror", lambda error: complaints.append(str(error)))
    one.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
    yield one
    assert not complaints, complaints
    await context.close()
