"""The board in a real browser: accessibility, a killed pool, frames, no libraries, hostile names of all kinds."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_kit import findings
from board_kit import began, left, refused, rescued, reward, write
from browser_kit import board, browser, needs_browser, page

from tinyv_stream.board import pages
from tinyv_stream.board.labels import Labels, label_of
from tinyv_stream.charts.report_page import Axis, Chart, Curve, report_page, section
from tinyv_stream.record.lines import AnyLine
from tinyv_stream.testing import EmbeddedServer
from tinyv_stream.types import Outcome, Verdict

pytestmark = [pytest.mark.browser, pytest.mark.long]
PAGES = ("/", "/verdicts?preset=rescued", "/verdicts/1", "/quality", "/group?r=1&group=g2")


def run_of(steps: int, per_step: int = 24) -> list[AnyLine]:
    lines: list[AnyLine] = []
    for step in range(1, steps + 1):
        at = 20.0 * step
        lines.append(began(step, at))
        for n in range(per_step):
            number = 100 * step + n
            make = (reward, rescued, refused)[n % 3]
            exploit = step > 10 and n % 3 == 1
            more = {"step": step, "group": f"g{step}", "group_size": per_step, "ended": at + n / 2,
                    "rewarded": at + n / 2 + 0.2, "answer": rf"{n}\cdot2^n" if exploit else f"{number}"}  # fmt: skip
            lines.append(make(number, **more))
    return [*lines, left()]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    needs_browser()
    write(tmp_path, run_of(20))
    labels = Labels(tmp_path)
    for n in range(24):
        for step in (2, 9, 19):
            number = 100 * step + n
            said = "wrong" if n % 5 == 0 else "right"
            made = label_of(
                said, accepted=n % 3 < 2, pair_id=f"{number:032x}", texts=("q", "1", "1"), source="", via="audit"
            )
            labels.add(made)
    return tmp_path


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_breaks_wcag_a_or_aa(runs: Path, scheme: str) -> None:
    async with board(runs) as running, browser() as chromium, page(chromium, scheme=scheme) as one:
        await one.goto(running.url + "/")
        await one.wait_for_selector("#growing:not([hidden])")  # with the alarm, and all charts drawn
        for path in PAGES:
            await one.goto(running.url + path)
            await one.wait_for_timeout(300)
            assert await findings(one) == [], path


async def test_quality_draws_the_noise_its_course_and_the_alarm(runs: Path) -> None:
    async with board(runs) as running, browser() as chromium, page(chromium) as one:
        await one.goto(running.url + "/quality")
        rows = await one.locator("table.noise tbody tr").all_inner_texts()
        assert len(rows) == 3 and rows[0].startswith("The reward")
        await one.wait_for_selector("#course canvas")
        assert r"0\cdot0^x" in await one.inner_text(".notice")
        await one.click(".notice a")
        assert await one.locator("#rows tr[data-n]").count() > 20


@pytest.fixture
async def doomed() -> AsyncIterator[EmbeddedServer]:
    """A server of its own, which may be killed."""
    server = EmbeddedServer()
    await server.start()
    yield server
    server.kill()


async def test_a_pool_that_is_killed_under_an_open_page_is_said_and_the_run_goes_on(
    runs: Path, doomed: EmbeddedServer
) -> None:
    async with board(runs, redis_url=doomed.url) as running, browser() as chromium, page(chromium) as one:
        await one.goto(running.url)
        await one.wait_for_function("() => document.getElementById('q-rule').textContent === '0'")
        doomed.kill()  # SIGKILL
        await one.wait_for_function("() => document.getElementById('warning').textContent.includes('does not answer')")
        write(runs, [began(30, 1000.0), reward(9000, step=30, ended=1001.0, rewarded=1001.1), began(31, 1010.0)],
              "d-00000.jsonl")  # fmt: skip
        await one.wait_for_function("() => document.getElementById('said').textContent.includes('step 30')")
        assert await one.locator("#warning").is_visible()


async def test_frames_come_while_records_are_written(runs: Path) -> None:
    async with board(runs) as running, browser() as chromium, page(chromium) as one:
        await one.goto(running.url)
        await one.wait_for_function("() => frames_seen > 0")
        before = await one.evaluate("frames_seen")
        number = 0
        while await one.evaluate("frames_seen") < before + 6:
            number += 1
            write(runs, [reward(50_000 + number, step=40, client="d")], "d-00000.jsonl")
            await one.wait_for_timeout(20)


async def test_without_libraries_every_page_is_there_and_says_what_to_run(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "have_charts", lambda: False)
    async with board(runs) as running, browser() as chromium, page(chromium) as one:
        for path in PAGES:
            await one.goto(running.url + path)
            assert "python -m tinyv_stream.board.assets" in await one.inner_text(".notice")
            assert "/vendor/" not in await one.content()
        await one.goto(running.url)
        await one.wait_for_function("() => document.getElementById('said').textContent.includes('step 20')")
        await one.goto(running.url + "/verdicts")
        await one.locator("#rows tr[data-n]").first.click()
        await one.wait_for_url("**/verdicts/*")
        assert await one.locator(".detail").count() == 1


NASTY = "<img src=x onerror=\"document.title='PWNED'\">\u202e\x1b[1m\"'</script>"


async def test_names_reasons_and_formulas_are_hostile_too(tmp_path: Path) -> None:
    needs_browser()
    rule = Verdict(outcome=Outcome.INCORRECT, grader=NASTY, reason=NASTY)
    tinyv = Verdict(outcome=Outcome.CORRECT, p_true=0.99, threshold=0.5, model=NASTY, reason=NASTY)
    formulas = [r"\href{javascript:document.title='PWNED'}{x^2}", r"\htmlData{onclick=alert(1)}{x^2}",
                r"\includegraphics{https://example.com/x.png}^2", r"\def\x{\x\x}\x^2",
                r"\rule{9999999em}{9999999em}^2"]  # fmt: skip
    lines = [
        rescued(n, run=NASTY, client="c", data_source=NASTY, rule=rule, tinyv=tinyv, reason=NASTY, group=NASTY,
                answer=formula, ground_truth=formula, question=f"${formula}$ and {NASTY}")
        for n, formula in enumerate(formulas)
    ]  # fmt: skip
    write(tmp_path, [began(1, 1.0), *lines, left()])
    async with board(tmp_path) as running, browser() as chromium, page(chromium) as one:
        requests: list[str] = []
        one.on("request", lambda asked: requests.append(asked.url))
        for path in ("/", "/verdicts", *(f"/verdicts/{n + 1}" for n in range(len(lines))), "/quality"):
            await one.goto(running.url + path)
            await one.wait_for_timeout(150)
            assert "PWNED" not in await one.title()
            assert await one.locator("main img, main a[href^=javascript]").count() == 0
            assert await one.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert all(url.startswith(running.url) for url in requests)


async def test_a_report_draws_its_charts_in_both_themes(tmp_path: Path) -> None:
    needs_browser()
    curves = [Curve(name="recall", tone="tinyv", points=[(0.0, 1.0), (0.5, 0.8), (1.0, 0.0)])]
    share = Axis(name="share", min=0, max=1)
    charts = [
        Chart(title="line", said="s", x=share, y=share, curves=curves, diagonal=True, plain="<svg></svg>"),
        Chart(title="bars", said="s", kind="bars", x=Axis(name="mode"), y=Axis(name="exposed, s"), names=["a", "b"],
              curves=[Curve(name="exposed", tone="exp", points=[1.0, 2.0])]),
    ]  # fmt: skip
    path = tmp_path / "report.html"
    path.write_text(report_page("Report", "What is to be seen.", [section("Facts", "<p>x</p>")], charts))
    for scheme in ("light", "dark"):
        async with browser() as chromium, page(chromium, scheme=scheme) as one:
            await one.goto(path.as_uri())
            await one.wait_for_function("() => document.querySelectorAll('.plot canvas').length === 2")
            assert await one.locator(".plot svg").count() == 0
            assert await one.evaluate("document.documentElement.dataset.theme") == scheme
            assert await one.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
