"""Reports in one look: one file that asks nobody, with axes and a sentence, with the chart library and without."""

import json
import re

import pytest

from tinyv_stream.charts import report_page as page_module
from tinyv_stream.charts.report_page import Axis, Chart, Curve, report_page, section, table

BAD = "</script><img src=x onerror=alert(1)>\u2028"
CHART = Chart(
    title=BAD,
    said=BAD,
    x=Axis(name="threshold on P(true)", min=0, max=1),
    y=Axis(name="share of answers", min=0, max=1),
    curves=[Curve(name=BAD, tone=tone, points=[(0.0, 1.0), (1.0, 0.5)]) for tone in ("tinyv; x", "exp")],
    plain="<svg></svg>",
)


@pytest.mark.parametrize("library", ["", "/* the library */ const echarts = {}; '</script>'"])
def test_a_report_is_one_file_and_foreign_text_stays_text(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "_library", lambda: library)
    page = report_page(BAD, BAD, [section(BAD, table((BAD,), [("<b>1</b>",)]), BAD)], [CHART])
    assert "<img" not in page and "&lt;img" in page
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", page)
    assert "<svg></svg>" in page and "var(--tinyvx)" in page
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == (2 if library else 0)
    if library:
        told = json.loads(scripts[0])
        assert told["x"]["name"] == "threshold on P(true)" and told["curves"][0]["name"] == BAD
        assert "the library" in scripts[1] and "function drawn" in scripts[1]


def test_a_report_without_charts_has_no_script() -> None:
    assert "<script" not in report_page("title", "what is to be seen", [section("a", "b")])
