"use strict";
// Charts of a report, in the board's look: each element with `data-chart` holds its chart as JSON. Text is drawn, never set as HTML.
function fill(value) {
  if (typeof value === "string") return value.startsWith("tone:") ? colour(value.slice(5)) : value;
  if (Array.isArray(value)) return value.map(fill);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fill(v)]));
  return value;
}

function line(c, curve) {
  return {
    name: curve.name, type: c.kind === "scatter" ? "scatter" : "line", data: curve.points, symbolSize: c.kind === "scatter" ? 5 : 4, showSymbol: curve.points.length < 30,
    itemStyle: { color: colour(curve.tone) }, lineStyle: { width: 1.8, color: colour(curve.tone) }, emphasis: { disabled: true },
  };
}

function drawn(c) {
  const bars = c.kind === "bars";
  const ends = (a) => ({ type: a.log ? "log" : "value", name: a.name, nameLocation: "middle", nameGap: 30, nameTextStyle: { color: colour("soft"), fontSize: 12 }, min: a.min, max: a.max });
  const share = c.y.min === 0 && c.y.max === 1;
  const y = { ...ends(c.y), nameGap: 42, splitNumber: 4, ...(share ? { interval: 0.25 } : {}) };
  const option = {
    ...base(),
    grid: { left: 64, right: 18, top: 14, bottom: 46 },
    xAxis: axis(bars ? { ...ends(c.x), type: "category", data: c.names, splitLine: { show: false } } : { ...ends(c.x), splitLine: { show: false } }),
    yAxis: axis(y),
    series: bars ? stack(c.curves.map((one) => [one.name, one.tone, one.points])) : c.curves.map((one) => line(c, one)),
  };
  if (c.diagonal) option.series.push({ type: "line", data: [[0, 0], [1, 1]], symbol: "none", silent: true, lineStyle: { color: colour("faint"), type: [3, 3], width: 1 } });
  if (!bars) option.tooltip.axisPointer = { type: "line", lineStyle: { color: colour("line") } };
  return option;
}

function report() {
  for (const box of document.querySelectorAll("[data-chart]")) {
    const spec = JSON.parse(document.getElementById(box.dataset.chart).textContent);
    if (!made[box.id]) box.replaceChildren();
    chart(box.id).setOption(drawn(fill(spec)), true);
  }
}

addEventListener("theme", report);
addEventListener("DOMContentLoaded", report);
