"use strict";
// Charts of the quality page.
const d = JSON.parse(document.getElementById("first").textContent);

function frame() {
  const n = d.yes.length;
  const edge = d.thresholds.length ? d.thresholds[0].threshold : null;
  const lines = d.thresholds.slice(0, 3).map((t) => ({ xAxis: Math.min(n - 1, Math.floor(t.threshold * n)) }));
  chart("hist").setOption({
    ...base(),
    xAxis: axis({ type: "category", data: d.yes.map((_, i) => (i / n).toFixed(2)), splitLine: { show: false }, axisLabel: { interval: n / 4 - 1 } }),
    yAxis: axis({ type: "value", splitNumber: 3, minInterval: 1 }),
    series: [
      ...stack([["accepted", "tinyv", d.yes], ["refused", "gen", d.no]]),
      { name: "labelled wrong", type: "bar", barGap: "-100%", barMaxWidth: 8, itemStyle: { color: colour("exp") }, data: d.wrong.map((w) => w || "-"),
        markLine: { silent: true, symbol: "none", data: lines, lineStyle: { color: colour("soft"), type: [3, 3] }, label: { formatter: edge === null ? "" : "threshold", color: colour("soft"), fontSize: 11, position: "end", distance: 2 } } },
    ],
  }, true);
  chart("flat").setOption({
    ...base(),
    grid: { left: 34, right: 8, top: 12, bottom: 24 },
    xAxis: axis({ type: "category", data: d.steps.map((s) => s[0]), splitLine: { show: false } }),
    yAxis: axis({ type: "value", splitNumber: 3, minInterval: 1 }),
    series: stack([["by the rules", "rule", d.steps.map((s) => s[1])], ["through TinyV", "resc", d.steps.map((s) => s[2])], ["flat", "gen", d.steps.map((s) => s[3])]]),
  }, true);
}

addEventListener("theme", frame);
frame();
