"use strict";
// Charts of the quality page.
const d = JSON.parse(document.getElementById("first").textContent);

const spanned = (p) => (p.since === p.until ? String(p.since) : `${p.since} to ${p.until}`);

function sure() {
  if (!document.getElementById("hist")) return; // TinyV was not asked
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
        markLine: { silent: true, symbol: "none", data: lines, lineStyle: { color: colour("soft"), type: [3, 3] }, label: { formatter: edge === null ? "" : "threshold", color: colour("soft"), fontSize: 11, position: "end", distance: 2, align: edge > 0.5 ? "right" : "left" } } },
    ],
  }, true);
}

function frame() {
  sure();
  chart("flat").setOption({
    ...base(),
    grid: { left: 34, right: 8, top: 12, bottom: 24 },
    xAxis: axis({ type: "category", data: d.steps.map((s) => s[0]), splitLine: { show: false } }),
    yAxis: axis({ type: "value", splitNumber: 3, minInterval: 1 }),
    series: stack([["by the rules", "rule", d.steps.map((s) => s[1])], ["through TinyV", "resc", d.steps.map((s) => s[2])], ["flat", "gen", d.steps.map((s) => s[3])]]),
  }, true);
}

function course() {
  const parts = (d.course || []).filter((p) => p.noise);
  if (!parts.length) return;
  const band = (name, key, tone) => [
    { name, type: "line", data: parts.map((p) => p.noise[key][0]), symbolSize: 6, itemStyle: { color: colour(tone) }, lineStyle: { width: 1.8, color: colour(tone) }, emphasis: { disabled: true } },
    { name, type: "line", data: parts.map((p) => p.noise[key][1]), stack: name, symbol: "none", lineStyle: { opacity: 0 }, stackStrategy: "all", silent: true },
    { name, type: "line", data: parts.map((p) => p.noise[key][2] - p.noise[key][1]), stack: name, symbol: "none", lineStyle: { opacity: 0 }, stackStrategy: "all", areaStyle: { color: colour(tone), opacity: 0.13 }, silent: true },
  ];
  const said = (p, key) => p.noise[key].map((x) => x.toFixed(3));
  chart("course").setOption({
    ...base(),
    tooltip: { ...base().tooltip, axisPointer: { type: "line", lineStyle: { color: colour("line") } }, formatter: (ps) => {
      const p = parts[ps[0].dataIndex];
      const line = (name, key) => { const [v, lo, hi] = said(p, key); return `${name}  ${v}  (${lo} to ${hi})`; };
      return [`steps ${spanned(p)}, ${p.rewards} rewards`, line("ρ0", "rho0"), line("ρ1", "rho1"), line("J", "youden")].join("\n");
    } },
    xAxis: axis({ type: "category", boundaryGap: false, splitLine: { show: false }, data: parts.map(spanned), axisLabel: { hideOverlap: true, alignMinLabel: "left", alignMaxLabel: "right" } }),
    yAxis: axis({ type: "value", min: (v) => Math.min(0, Math.floor(4 * v.min) / 4), max: 1, interval: 0.25 }),
    series: [...band("ρ0", "rho0", "resc"), ...band("ρ1", "rho1", "und"), ...band("J", "youden", "tinyv")],
  }, true);
}

const all = () => { frame(); course(); };
addEventListener("theme", all);
all();
