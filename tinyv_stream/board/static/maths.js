"use strict";
// Rendered maths beside the raw text. KaTeX builds nodes, trusts nothing, and gives up on what grows.
const LIMITS = { throwOnError: true, trust: false, strict: "ignore", maxExpand: 200, maxSize: 10, output: "htmlAndMathml" };
const PARTS = /\$\$([^$]{1,400})\$\$|\$([^$\n]{1,400})\$|\\\(([^\n]{1,400}?)\\\)|\\\[([\s\S]{1,400}?)\\\]/g;
const LOOKS = /[\\^_{}]|\d\s*[/*]\s*\d/;

function formula(tex, into) {
  try {
    katex.render(tex, into, LIMITS);
    return true;
  } catch (error) {
    return false; // it is no TeX that KaTeX reads: the raw text stands alone
  }
}

function render(scope) {
  if (typeof katex === "undefined") return;
  for (const box of scope.querySelectorAll("[data-formula]")) {
    const tex = box.dataset.formula.trim().replace(/^\$+|\$+$/g, "");
    delete box.dataset.formula;
    if (tex && LOOKS.test(tex)) box.hidden = !formula(tex, box);
  }
  for (const box of scope.querySelectorAll("[data-maths]")) {
    const text = box.dataset.maths;
    delete box.dataset.maths;
    let at = 0, found = 0;
    for (const hit of text.matchAll(PARTS)) {
      const span = document.createElement("span");
      if (!formula(hit[1] || hit[2] || hit[3] || hit[4], span)) continue;
      box.append(text.slice(at, hit.index), span);
      at = hit.index + hit[0].length;
      found += 1;
    }
    if (!found || /[\p{Cc}\p{Cf}]/u.test(text.replace(/[\n\t]/g, ""))) continue; // what cannot be seen is shown in the raw text only
    box.append(text.slice(at));
    box.hidden = false;
    box.previousElementSibling.classList.add("raw");
  }
}

addEventListener("DOMContentLoaded", () => {
  render(document);
  new MutationObserver((changes) => changes.forEach((c) => c.addedNodes.forEach((n) => n.querySelectorAll && render(n)))).observe(document.body, { childList: true, subtree: true });
});
