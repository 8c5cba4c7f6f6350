"""The board in a real browser: hostile texts do nothing, keys label, pages fit, and frames come live."""

import asyncio
import html
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from board_kit import began, left, refused, rescued, reward, write
from browser_kit import board, browser, needs_browser, page

from tinyv_stream.board.labels import Labels
from tinyv_stream.testing import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.long]

HOSTILE = [
    "<script>document.title='PWNED'</script><img src=x onerror=\"document.title='PWNED'\"> \\boxed{<b>7</b>}",
    "bidi \u202e}7{dexob\u202c and \u2066isolated\u2069, zero\u200bwidth, \ufeff \\boxed{\u202e7\u202c1}",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x00 bell \x07 \\boxed{\x1b[1m7}",
    "</script></title><svg onload=\"document.title='PWNED'\">{{7*7}} ${7*7} $\\href{javascript:alert(1)}{x}$",
    "<x onerror=1>" * 150_000,
]
GROUP = "g<&\"'> \u202e"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    needs_browser()
    question = "Write <i>seven</i> & say \"so\"</script><script>document.title='PWNED'</script> $\\frac{1}{7}$"
    lines = [
        rescued(
            n, group=GROUP, id=f"<b>{n}</b>\u202e", question=question, ground_truth="<u>7</u>", answer=text[:300],
            completion=text, pair=f"{n:032x}",
        )
        for n, text in enumerate(HOSTILE)
    ]  # fmt: skip
    write(tmp_path, [began(1, 9.0), *lines])
    calm = [refused(n, step=2, id=f"calm-{n}", group=f"g{n // 4}", group_size=4) for n in range(100, 300)]
    write(tmp_path, [began(2, 100.0), *calm, reward(400, step=2, id="last"), left()])
    return tmp_path


def delete_index(runs: Path) -> None:
    for path in runs.glob("board.db*"):
        path.unlink()


async def test_hostile_texts_do_nothing_and_are_named(runs: Path) -> None:
    async with board(runs) as running, browser() as chromium, page(chromium) as one:
        await one.goto(f"{running.url}/verdicts?preset=rescued")
        await one.wait_for_selector("#rows tr[data-n]")
        links = await one.locator("#rows td.step a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        assert len(links) == len(HOSTILE)
        boxes = 0
        for link in [*links, f"/group?r=1&group={quote(GROUP)}"]:
            await one.goto(running.url + link)
            assert "PWNED" not in await one.title()
            assert await one.evaluate("document.querySelectorAll('main script, main img, main u, main x').length") == 0
            assert len(await one.content()) < 400_000
            assert await one.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            boxes += await one.locator(".ctl").count()
        assert boxes > 10
        await one.goto(f"{running.url}/group?r=1&group={quote(GROUP)}")
        assert await one.locator(".member").count() == len(HOSTILE)
        for box in ("U+202E", "ESC", "NUL", "U+FEFF"):
            assert await one.locator(".ctl", has_text=box).count()


async def test_keys_move_and_label_and_the_label_outlives_a_deleted_index(runs: Path) -> None:
    async with browser() as chromium:
        async with board(runs) as running, page(chromium) as one:
            await one.goto(f"{running.url}/verdicts?text=what&label=none")
            first = await one.locator(".detail .id").inner_text()
            await one.keyboard.press("j")
            await one.wait_for_function("id => document.querySelector('.detail .id').innerText !== id", arg=first)
            chosen = await one.locator(".detail .id").inner_text()
            await one.keyboard.press("2")
            await one.wait_for_selector(".labels .is-wrong[aria-pressed=true]")
        assert len(Labels(runs).read()) == 1
        delete_index(runs)
        async with board(runs) as running, page(chromium) as one:
            async with aiohttp.ClientSession() as http:

                async def is_indexed() -> bool:
                    async with http.get(f"{running.url}/verdicts?preset=wrong") as answer:
                        return chosen in html.unescape(await answer.text())

                await wait_until(is_indexed, 30, "the index is built again")
            await one.goto(f"{running.url}/verdicts?preset=wrong")
            assert await one.locator("#rows tr[data-n]").count() == 1
            assert await one.locator(".detail .id").inner_text() == chosen


async def test_older_rows_come_by_scrolling_and_words_are_never_syntax(runs: Path) -> None:
    async with board(runs) as running, browser() as chromium, page(chromium) as one:
        await one.goto(f"{running.url}/verdicts")
        before = await one.locator("#rows tr[data-n]").count()
        await one.locator("#rows tr.more").scroll_into_view_if_needed()
        await one.wait_for_function("n => document.querySelectorAll('#rows tr[data-n]').length > n", arg=before)
        await one.goto(f"{running.url}/verdicts?text=" + quote("what \"') OR * NEAR("))
        assert await one.locator("#rows tr").count() >= 1


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_fits_its_window(runs: Path, width: int, scheme: str) -> None:
    async with board(runs) as running, browser() as chromium, page(chromium, width=width, scheme=scheme) as one:
        for path in ("/", "/verdicts", "/verdicts/1", "/quality", "/group?r=1&group=g30"):
            answer = await one.goto(running.url + path)
            assert answer is not None and answer.status == 200
            await one.wait_for_timeout(200)  # charts take their size after the page is there
            assert await one.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
            assert await one.evaluate("document.documentElement.dataset.theme") == scheme


async def test_the_headline_is_of_a_closed_step_and_frames_come_live(runs: Path) -> None:
    async with board(runs) as running, browser() as chromium, page(chromium) as one:
        await one.goto(running.url)
        await one.wait_for_function("() => document.getElementById('said').textContent.includes('step 2 waited')")
        write(runs, [began(3, 1000.0), reward(500, step=3, ended=1001.0, rewarded=1001.9)], "c-00001.jsonl")
        await one.wait_for_function("() => document.getElementById('lane-said').textContent.includes('Step 3')")
        assert "step 2" in await one.inner_text("#said")  # three is not over: nobody said so
        write(runs, [began(4, 1010.0)], "c-00001.jsonl")
        await one.wait_for_function(
            "() => document.getElementById('said').textContent.includes('step 3 waited 0.90 s')"
        )
        assert (await one.inner_text("#said")).startswith("Training waits for verification")


async def test_it_is_live_again_after_the_board_was_started_again(runs: Path) -> None:
    async with browser() as chromium, board(runs) as first:
        context = await chromium.new_context()
        one = await context.new_page()
        await one.goto(first.url)
        await one.wait_for_function("() => frames_seen > 0")
        port = int(first.url.rpartition(":")[2])
        await first.__aexit__(None, None, None)
        await one.wait_for_function("() => document.getElementById('live').textContent === 'not connected'")
        async with board(runs, port=port):
            await one.wait_for_function("() => document.getElementById('live').textContent === 'live'")


async def test_a_foreign_host_a_cross_site_post_and_a_missing_token_are_refused(runs: Path) -> None:
    async with board(runs) as running, aiohttp.ClientSession() as http:
        async with http.get(running.url, headers={"Host": "evil.example:8378"}) as answer:
            assert answer.status == 403
        headers = {"Sec-Fetch-Site": "cross-site"}
        async with http.post(f"{running.url}/verdicts/1/label", data={"label": "wrong"}, headers=headers) as answer:
            assert answer.status == 403
        async with http.get(running.url) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "script-src 'self';" in policy and "default-src 'none'" in policy

        async def is_indexed() -> bool:
            async with http.get(f"{running.url}/verdicts/5") as found:
                return found.status == 200

        await wait_until(is_indexed, 30, "the record is indexed")
        async with http.get(f"{running.url}/verdicts/5/text") as answer:
            assert (
                answer.headers["Content-Disposition"].startswith("attachment") and answer.content_type == "text/plain"
            )
            assert len(await answer.read()) > 1_900_000
    async with board(runs, token="sesame") as running, aiohttp.ClientSession() as http:
        async with http.get(running.url) as answer:
            assert answer.status == 401
        async with http.get(f"{running.url}/login?token=wrong") as answer:
            assert answer.status == 401
        jar = aiohttp.CookieJar(unsafe=True)
        known = aiohttp.ClientSession(cookie_jar=jar)
        async with known, known.get(f"{running.url}/login?token=sesame") as answer:
            assert answer.status == 200 and "sesame" not in str(list(jar))


async def test_without_records_the_pages_say_so(tmp_path: Path) -> None:
    needs_browser()
    async with board(tmp_path / "none") as running, browser() as chromium, page(chromium) as one:
        for path in ("/", "/verdicts", "/quality"):
            answer = await one.goto(running.url + path)
            assert answer is not None and answer.status == 200
        await asyncio.sleep(0)
