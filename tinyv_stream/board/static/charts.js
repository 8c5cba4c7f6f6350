"use strict";
// What every chart of the board has in common: axes, tooltip, colours of the theme. Text is drawn, never set as HTML.
const made = {};

function chart(id) {
  return made[id] || (made[id] = echarts.init(document.getElementById(id), null, { renderer: "canvas" }));
}

function axis(extra) {
  const label = { color: colour("soft"), fontSize: 11.5, ...(extra.axisLabel || {}) };
  return {
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colour("line") } },
    ...extra,
    axisLabel: label,
  };
}

function base() {
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(root).fontFamily },
    grid: { left: 46, right: 8, top: 18, bottom: 24 },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      axisPointer: { type: "shadow", shadowStyle: { color: colour("hover"), opacity: 0.6 } },
      backgroundColor: colour("card"),
      borderColor: colour("line"),
      borderWidth: 1,
      textStyle: { color: colour("ink"), fontSize: 12 },
      padding: [8, 12],
    },
  };
}

function stack(rows) {
  return rows.map(([name, tone, data], i) => ({
    name,
    type: "bar",
    stack: "all",
    barMaxWidth: 26,
    barCategoryGap: "28%",
    emphasis: { disabled: true },
    itemStyle: { color: colour(tone), borderRadius: i === rows.length - 1 ? [2, 2, 0, 0] : 0 },
    data,
  }));
}

addEventListener("resize", () => Object.values(made).forEach((one) => one.resize()));
