"""Pages of the board, rendered on the server: complete without JavaScript but for charts and rendered maths."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import jinja2
import msgspec
from aiohttp import web
from markupsafe import Markup

from tinyv_stream.board import quality, queries
from tinyv_stream.board.assets import have_charts
from tinyv_stream.board.filters import PRESETS
from tinyv_stream.board.index import Index
from tinyv_stream.board.labels import SAID, Labels, label_of
from tinyv_stream.board.queries import Fields, GoneError
from tinyv_stream.board.text import against, ago, shown
from tinyv_stream.board.watch import Watch

T = TypeVar("T")
HERE: Final = Path(__file__).parent
_RAW: Final = {
    "Content-Disposition": "attachment; filename=verdict.txt",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}


class Pages:
    """Handlers of the HTML pages."""

    def __init__(self, index: Index, watch: Watch) -> None:
        self._index, self._watch, self._labels = index, watch, Labels(index.runs)
        self._env = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        filters: dict[str, Any] = {"shown": shown, "ago": ago, "against": against, "when": _when}
        known: dict[str, Any] = {"presets": PRESETS, "charts": have_charts(), "mark": str(int(time.time()))}
        self._env.filters.update(filters)
        self._env.globals.update(known)

    def table(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/", self.now),
            web.get("/verdicts", self.verdicts),
            web.get("/counts", self.counts),
            web.get(r"/verdicts/{n:\d{1,17}}", self.verdict),
            web.get(r"/verdicts/{n:\d{1,17}}/text", self.text),
            web.post(r"/verdicts/{n:\d{1,17}}/label", self.label),
            web.get("/group", self.group),
            web.get("/quality", self.quality),
            web.get("/labels.jsonl", self.labels),
        ]

    async def now(self, _: web.Request) -> web.Response:
        """Show this moment."""
        return self._page("now.html", tab="now", first=_embedded(self._watch.frame))

    async def verdicts(self, request: web.Request) -> web.Response:
        """List verdicts; with `HX-Request` the rows alone."""
        query = dict(request.query)
        rows, more = await self._read(lambda base: queries.page(base, query))
        rest = urlencode({k: v for k, v in query.items() if k != "before" and v}, errors="replace")
        facts: Fields = {"rows": rows, "more": more, "qs": rest, "q": query}
        if request.headers.get("HX-Request") == "true":
            return self._page("rows.html", chosen=None, **facts)
        runs, kinds = await self._read(lambda base: (queries.runs(base), queries.kinds(base)))
        first = await self._detail(rows[0]["n"]) if rows else None
        chosen = rows[0]["n"] if rows else None
        return self._page("verdicts.html", tab="verdicts", runs=runs, kinds=kinds, chosen=chosen, first=first, **facts)

    async def counts(self, request: web.Request) -> web.Response:
        """Return the chips with their counts; the page asks for them once it is there."""
        query = dict(request.query)
        counts = await self._read(lambda base: queries.counts(base, query))
        return self._page("chips.html", counts=counts, q=query, qs=_without(query, "preset"))

    async def verdict(self, request: web.Request) -> web.Response:
        """Show one verdict; with `HX-Request` the detail alone."""
        facts = await self._detail(int(request.match_info["n"]))
        name = "detail.html" if request.headers.get("HX-Request") == "true" else "verdict.html"
        via = "audit" if request.query.get("via") == "audit" else ""
        return self._page(name, tab="verdicts", via=via, **facts)

    async def text(self, request: web.Request) -> web.Response:
        """Give all texts as a file."""
        facts = await self._facts(int(request.match_info["n"]))
        try:
            line = await asyncio.to_thread(queries.line_of, self._index.runs, facts)
        except GoneError as exc:
            raise web.HTTPGone(text="the run's size limit has taken this text away") from exc
        parts = {
            "question": line.question,
            "ground_truth": line.ground_truth,
            "answer": line.answer,
            "completion": line.completion,
        }
        body = "\n\n".join(f"=== {name}\n{said or ''}" for name, said in parts.items())
        return web.Response(
            body=body.encode("utf-8", "replace"), content_type="text/plain", charset="utf-8", headers=_RAW
        )

    async def label(self, request: web.Request) -> web.Response:
        """Take a label in, and show it."""
        n = int(request.match_info["n"])
        form = await request.post()
        said, via = str(form.get("label", "")), "audit" if form.get("via") == "audit" else ""
        if said not in SAID:
            raise web.HTTPBadRequest(text="label is right, wrong, unsure or empty")
        facts = await self._detail(n)
        v, line = facts["v"], facts["line"]
        if line is None:
            raise web.HTTPGone(text="the run's size limit has taken this text away")
        texts = (line.question, line.ground_truth, line.answer or "")
        label = label_of(
            said,  # type: ignore[arg-type]
            accepted=v["stratum"] in {"tinyv", "rule"},
            pair_id=v["pair"],
            texts=texts,
            source=v["data_source"],
            via=via,
        )
        await asyncio.to_thread(self._labels.add, label)
        await self._watch.labelled()
        facts = await self._detail(n)
        return self._page("label.html", via=via, **facts)

    async def group(self, request: web.Request) -> web.Response:
        """Show all rollouts of a prompt side by side."""
        name, r = request.query.get("group", ""), request.query.get("r", "")
        if not r.isdecimal() or len(r) > 12:
            raise web.HTTPNotFound
        found = await self._read(lambda base: queries.group(base, int(r), name))
        if not found:
            raise web.HTTPNotFound
        rows = [(v, await self._line(v)) for v in found]
        return self._page("group.html", tab="verdicts", rows=rows, grp=name, **_said_of(found))

    async def quality(self, request: web.Request) -> web.Response:
        """Show how right the rewards of a try are."""
        asked = request.query.get("r", "")
        r = int(asked) if asked.isdecimal() and len(asked) < 12 else self._watch.chosen
        runs = await self._read(queries.runs)
        if r is None or r not in {one["r"] for one in runs}:
            r = runs[0]["r"] if runs else None
        if r is None:
            return self._page("empty.html", tab="quality")
        number = r
        facts = await self._read(lambda base: quality.quality(base, number))
        named = ("steps", "thresholds", "course")
        charts = {**{name: facts[name] for name in named}, **facts["bins"]}
        return self._page("quality.html", tab="quality", r=r, runs=runs, first=_embedded(_json(charts)), **facts)

    async def labels(self, _: web.Request) -> web.Response:
        """Give the labelled pairs, the last word about each: `tinyv-stream eval` reads them."""
        found = await asyncio.to_thread(self._labels.read)
        body = b"".join(msgspec.json.encode(one) + b"\n" for one in found.values() if one.label is not None)
        headers = {"Content-Disposition": "attachment; filename=labels.jsonl"}
        return web.Response(body=body, content_type="application/x-ndjson", headers=headers)

    def _page(self, name: str, **facts: object) -> web.Response:
        run, started = self._watch.run
        text = self._env.get_template(name).render(run=run, started=started, **facts)
        return web.Response(text=text, content_type="text/html")

    async def _read(self, ask: "Callable[[Any], T]") -> T:
        def read() -> T:
            with self._index.reading() as base:
                return ask(base)

        return await asyncio.to_thread(read)

    async def _facts(self, n: int) -> Fields:
        facts = await self._read(lambda base: queries.verdict(base, n))
        if facts is None:
            raise web.HTTPNotFound
        return facts

    async def _detail(self, n: int) -> Fields:
        facts = await self._facts(n)
        return {"v": facts, "line": await self._line(facts)}

    async def _line(self, facts: Fields) -> object:
        try:
            return await asyncio.to_thread(queries.line_of, self._index.runs, facts)
        except GoneError:
            return None


def _said_of(rows: list[Fields]) -> Fields:
    """Say what a group teaches, with and without TinyV."""
    ruled = [row["rule"] == "correct" for row in rows]
    values = [row["value"] for row in rows]
    flat_by_rules, flat = len(set(ruled)) == 1, len(set(values)) == 1
    said = "It teaches: its rewards differ."
    if flat:
        said = "Flat: all rewards are equal, so no gradient comes from this group."
    elif flat_by_rules:
        said = "It teaches only because TinyV gave rewards back."
    decided = [value for value in values if value is not None]
    mean = sum(decided) / len(decided) if decided else None
    return {"said": said, "mean": mean, "by_rule": sum(ruled) / len(ruled), "missing": rows[0]["gsize"] - len(rows)}


def _without(query: dict[str, str], name: str) -> str:
    return urlencode({k: v for k, v in query.items() if k not in {name, "before"} and v}, errors="replace")


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


def _embedded(data: bytes) -> Markup:
    """Return JSON as it may stand in a page: nothing in it ends its element."""
    return Markup(data.decode().replace("<", "\\u003c").replace("\u2028", "\\u2028"))  # noqa: S704 `<` is gone


def _when(ms: int) -> str:
    return time.strftime("%d %b %H:%M", time.localtime(ms / 1000)) if ms else ""
