"use strict";
// This moment: a frame of the event stream at a time; only what changed is drawn.
const $ = (id) => document.getElementById(id);
const HAS_CHARTS = typeof echarts !== "undefined";
const LANES = { rule: "rule", tinyv: "tinyv", cache: "cache", rescued: "resc", undecided: "und", fallback: "und", open: "faint" };
const WAITS = 0.05; // share of generation above which training is said to wait
const drawn = {};
let last = JSON.parse($("first").textContent);
let tones = {};

function set(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

function secs(s) {
  if (s == null) return "–";
  if (s === 0) return "0 s";
  if (s < 0.0995) return (s * 1000).toFixed(s < 0.00995 ? 1 : 0) + " ms";
  return s < 9.95 ? s.toFixed(2) + " s" : s < 120 ? s.toFixed(1) + " s" : (s / 60).toFixed(1) + " min";
}

function changed(key, value, all) {
  const text = JSON.stringify(value);
  const is = all || drawn[key] !== text;
  drawn[key] = text;
  return is;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[sorted.length >> 1] : 0;
}

function share(step) {
  return step.generation > 0 ? step.exposed / step.generation : 0;
}

function headline(steps) {
  const over = steps.filter((s) => s.is_closed);
  const newest = over[over.length - 1];
  if (!newest) {
    if (steps.length) {
      const n = steps[steps.length - 1];
      set("said", `Step ${n.step < 0 ? "" : n.step} is under way`);
      set("sub", `${n.rollouts} completions so far, ${n.open} of them wait for a reward. No step is over yet.`);
    }
    return;
  }
  const part = share(newest);
  const words = part <= 0.005 ? "Verification is hidden" : part <= WAITS ? "Verification is almost hidden" : "Training waits for verification";
  const tail = document.createElement(part > WAITS ? "em" : "span");
  tail.textContent = `step ${newest.step} waited ${secs(newest.exposed)}`;
  if ($("said").textContent !== `${words}: ${tail.textContent}`) $("said").replaceChildren(`${words}: `, tail);
  const longest = Math.max(...over.map((s) => s.exposed));
  const many = over.length > 1 ? ` Over the last ${over.length} steps the median is ${(100 * median(over.map(share))).toFixed(2)} %, the longest wait ${secs(longest)}.` : "";
  set("sub", `That is ${(100 * part).toFixed(2)} % of ${secs(newest.generation)} of generation.${many}`);
}

function warn(pool) {
  let text = "";
  if (pool.up === false) text = "The pool does not answer." + (pool.depth ? " Its figures below are the last that it gave." : "");
  else text = pool.never_asked || "";
  $("warning").hidden = !text;
  set("warning", text);
}

function grown(d) {
  const box = $("growing");
  box.hidden = !d.growing.length;
  if (box.hidden || !changed("growing", d.growing)) return;
  const g = d.growing[0], spelt = document.createElement("code"), link = document.createElement("a");
  spelt.textContent = g.spelling;
  link.href = "/verdicts?" + new URLSearchParams({ preset: "rescued", r: d.r, spelling: g.spelling });
  link.textContent = "read them";
  box.replaceChildren("Rescues spelt ", spelt, ` grow fast: ${(100 * g.before).toFixed(1)} % of rollouts before step ${g.since}, ${(100 * g.now).toFixed(1)} % since. A policy may have found what TinyV falls for: `, link, ".");
}

function audited(d) {
  const box = $("wrong"), w = d.wrong;
  box.hidden = !w;
  if (!w || !changed("wrong", w)) return;
  const link = document.createElement("a");
  link.href = "/verdicts?" + new URLSearchParams({ preset: "wrong", r: d.r, from: w.since, to: w.until });
  link.textContent = "read them";
  const steps = w.since === w.until ? `step ${w.since}` : `steps ${w.since} to ${w.until}`;
  box.replaceChildren(`Of what was paid in ${steps}, ${(100 * w.low).toFixed(0)} to ${(100 * w.high).toFixed(0)} % is wrong, by ${w.pairs} labelled pairs. A policy may be learning a mistake of its reward: `, link, ".");
}

function tiles(d) {
  set("rate", d.rate.toFixed(1));
  const p = d.pool;
  for (const part of document.querySelectorAll(".of-pool")) part.hidden = !p.depth; // recorded runs alone have no pool to show
  if (!p.depth) return;
  set("q-rule", String(p.depth.rule));
  set("q-tinyv", String(p.depth.tinyv));
  set("parked", p.parked ? `and ${p.parked} behind an equal one` : "queued and running");
  set("oldest", secs(p.oldest));
  set("dead", String(p.dead));
  set("server", p.up === false ? "does not answer" : p.server);
  if (changed("workers", p.workers)) workers(p.workers);
}

function workers(list) {
  $("workers").replaceChildren(...list.map((w) => {
    const row = document.createElement("tr");
    const cells = [w.stage === "rule" ? "rules" : "TinyV", w.state, w.held, w.done.toLocaleString("en"), w.about, w.host];
    cells.forEach((said, k) => {
      const cell = row.insertCell();
      if (k === 2 || k === 3) cell.className = "num";
      if (k !== 1) cell.textContent = said;
      else {
        const state = document.createElement("span");
        state.className = "st " + (["ready", "lost"].includes(said) ? said : "");
        state.textContent = said;
        cell.append(state);
      }
    });
    return row;
  }));
}

function steps(list) {
  const tops = list.map((s) => s.generation + s.exposed);
  const middle = median(tops) || 1;
  const cut = Math.max(...tops, 0) > 5 * middle ? Math.ceil(4 * middle) : null; // one stalled step must not flatten the others
  const mark = (s) => (cut && s.generation + s.exposed > cut ? s.step + " ⤒" : String(s.step < 0 ? "–" : s.step));
  const hollow = (value, s) => ({ value, itemStyle: s.is_told ? {} : { opacity: 0.45 } });
  chart("steps").setOption({
    ...base(),
    xAxis: axis({ type: "category", splitLine: { show: false }, data: list.map(mark) }),
    yAxis: axis({ type: "value", splitNumber: 4, max: cut, axisLabel: { formatter: "{value} s" } }),
    series: stack([
      ["generation only", "gen", list.map((s) => hollow(Math.max(0, s.generation - s.hidden), s))],
      ["verification hidden", "hid", list.map((s) => s.hidden)],
      ["exposed", "exp", list.map((s) => s.exposed || "-")],
    ]),
  }, true);
  const tip = (ps) => {
    const s = list[ps[0].dataIndex];
    const state = s.is_closed ? "" : `\n${s.open} wait, the step goes on`;
    const told = s.is_told ? "" : "\nits beginning was not told: from the first completion";
    return `step ${s.step}, ${s.rollouts} rollouts\ngeneration  ${secs(s.generation)}\nhidden  ${secs(s.hidden)}\nexposed  ${secs(s.exposed)} (${(100 * share(s)).toFixed(2)} %)${state}${told}`;
  };
  chart("steps").setOption({ tooltip: { formatter: tip } });
}

function depth(rows) {
  const line = (name, tone, k) => ({
    name, type: "line", step: "end", showSymbol: false, emphasis: { disabled: true },
    lineStyle: { width: 1.6, color: colour(tone) }, areaStyle: { color: colour(tone), opacity: 0.1 },
    data: rows.map((r) => [r[0], r[k]]),
  });
  chart("depth").setOption({
    ...base(),
    grid: { left: 34, right: 10, top: 10, bottom: 22 },
    tooltip: { show: false },
    xAxis: axis({ type: "value", min: -120, max: 0, interval: 30, splitLine: { show: false }, axisLabel: { formatter: (v) => (v === 0 ? "now" : v + " s") } }),
    yAxis: axis({ type: "value", minInterval: 1, splitNumber: 3, max: (v) => Math.max(4, v.max) }),
    series: [line("rules", "rule", 1), line("TinyV", "tinyv", 2)],
  }, true);
}

function lane(params, api) {
  const y = api.coord([0, api.value(0)])[1], h = Math.max(1.5, api.size([0, 1])[1] * 0.74);
  const x0 = api.coord([0, 0])[0], x1 = api.coord([api.value(1), 0])[0], x2 = api.coord([api.value(2), 0])[0];
  return { type: "group", children: [
    { type: "rect", shape: { x: x0, y: y + h / 2 - 0.5, width: Math.max(0, x1 - x0), height: 1 }, style: { fill: tones.line } },
    { type: "rect", shape: { x: x1, y, width: Math.max(6, x2 - x1), height: h, r: Math.min(2, h / 2) }, style: { fill: tones[api.value(3)] || tones.faint } },
  ] };
}

function lanes(l, list) {
  for (const by in LANES) tones[by] = colour(LANES[by]);
  tones.line = colour("line"); tones.faint = colour("faint");
  const rows = [...l.rows.map((r) => [r[1], r[2], r[3], r[4], r[0]]), ...l.open.map((o) => [o[1], o[2], Math.max(o[2], l.now), "open", o[0]])];
  rows.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]));
  let y = 0, group = null;
  const data = rows.map((r) => {
    if (group !== null && r[0] !== group) y += 1;
    group = r[0];
    return [y++, r[1], r[2], r[3], r[4]];
  });
  const usual = median(list.filter((s) => s.step < l.step).slice(-9).map((s) => s.generation));
  const right = Math.max(0.5, usual, ...rows.map((r) => r[2]));
  const over = list.find((s) => s.step === l.step && s.is_closed);
  const ended = over ? [{ xAxis: l.last }] : [];
  chart("lanes").setOption({
    ...base(),
    grid: { left: 8, right: 24, top: 22, bottom: 24 },
    tooltip: { ...base().tooltip, trigger: "item", formatter: (p) => `${p.value[4]}\nended ${secs(p.value[1])}\nwaited ${secs(p.value[2] - p.value[1])}` },
    xAxis: axis({ type: "value", min: 0, max: right * 1.02, splitLine: { show: false }, axisLabel: { formatter: (v) => (v > right ? "" : v + " s") } }),
    yAxis: { type: "value", inverse: true, show: false, min: 0, max: Math.max(20, y) },
    series: [{
      type: "custom", renderItem: lane, encode: { x: [1, 2], y: 0 }, clip: true, data,
      markLine: {
        silent: true, symbol: "none", data: ended, lineStyle: { color: colour("faint"), type: [3, 3], width: 1 },
        label: { formatter: "last completion", color: colour("soft"), fontSize: 11, position: "start", rotate: 0, distance: 3 },
      },
    }],
  }, true);
}

function funnel(f) {
  const rows = [
    ["rollouts", f.rollouts, "faint", 0], ["an answer was found", f.found, "faint", 0],
    ["the rules said correct", f.rule_correct, "rule", 1], ["TinyV was asked", f.asked, "tinyv", 1],
    ["by a shared answer, no call", f.shared, "cache", 2], ["rescued", f.rescued, "resc", 2], ["undecided", f.undecided, "und", 0],
  ];
  set("fun-said", f.first === f.last ? `step ${f.first < 0 ? "not told" : f.first}` : `steps ${f.first} to ${f.last}`);
  $("funnel").replaceChildren(...rows.map(([name, n, tone, deep]) => {
    const part = f.rollouts ? n / f.rollouts : 0;
    const box = document.createElement("div"), text = document.createElement("span"), count = document.createElement("b");
    const percent = document.createElement("span"), rail = document.createElement("div"), fill = document.createElement("div");
    box.className = "f"; rail.className = "rail"; fill.className = "fill";
    box.style.paddingLeft = deep * 18 + "px";
    text.textContent = name;
    percent.textContent = (100 * part).toFixed(n && part < 0.1 ? 1 : 0) + " %";
    count.append(n.toLocaleString("en"), percent);
    fill.style.width = 100 * part + "%"; fill.style.background = colour(tone); fill.hidden = !n;
    rail.append(fill); box.append(text, count, rail);
    return box;
  }));
}

function draw(d, all) {
  last = d;
  if (d.run) set("run", d.run.slice(0, 64));
  headline(d.steps);
  warn(d.pool);
  audited(d);
  grown(d);
  tiles(d);
  const l = d.lanes;
  if (l.rows) set("lane-said", `${l.step < 0 ? "No step told" : "Step " + l.step}: ${l.rewarded} rewarded, ${l.open.length} waiting. One line per rollout, grouped by prompt.`);
  if (d.funnel && d.funnel.rollouts && changed("funnel", d.funnel, all)) funnel(d.funnel);
  if (!HAS_CHARTS) return;
  if (changed("steps", d.steps, all)) steps(d.steps);
  if (d.pool.depth && changed("depth", d.depth, all)) depth(d.depth);
  if (l.rows && changed("lanes", [l.step, d.steps.map((s) => s.is_closed), l.rows.length, l.open, l.open.length ? l.now : 0], all)) lanes(l, d.steps);
}

const source = new EventSource("/events");
const state = $("live");
window.frames_seen = 0;
state.hidden = false;
source.onmessage = (e) => {
  state.className = "live";
  set("live", "live");
  window.frames_seen += 1;
  const d = JSON.parse(e.data);
  if (d.steps && !document.hidden) draw(d, false);
};
source.onerror = () => {
  state.className = "live off";
  set("live", "not connected");
};
addEventListener("theme", () => draw(last, true));
if (last.steps) draw(last, true);
