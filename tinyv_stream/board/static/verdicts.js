"use strict";
// Keyboard and choice of a row. Without htmx every row's link still opens its page.
const wide = matchMedia("(min-width: 1081px)");
const rows = () => [...document.querySelectorAll("#rows tr[data-n]")];
let on = document.querySelector("#rows tr.on");

function choose(row, open) {
  if (!row) return;
  if (on) on.classList.remove("on");
  on = row;
  row.classList.add("on");
  row.scrollIntoView({ block: "nearest" });
  if (open) row.click();
}

document.addEventListener("click", (e) => {
  const row = e.target.closest("#rows tr[data-n]");
  if (!row) return;
  if (!wide.matches || typeof htmx === "undefined") {
    e.stopImmediatePropagation();
    e.preventDefault();
    location.href = "/verdicts/" + row.dataset.n;
    return;
  }
  if (e.target.closest("a")) e.preventDefault();
  if (row !== on) choose(row, false);
}, true);

document.addEventListener("keydown", (e) => {
  if (e.target.matches("input, select, textarea") || e.metaKey || e.ctrlKey || e.altKey) return;
  const all = rows(), at = all.indexOf(on);
  if (e.key === "j") choose(all[at + 1], true);
  else if (e.key === "k") choose(all[Math.max(0, at - 1)], true);
  else if (e.key === "Enter" && e.target.matches("tr[data-n]")) choose(e.target, true);
  else if (e.key === "g") document.querySelector(".detail .group")?.click();
  else if ("123".includes(e.key)) document.querySelector(`.labels [data-key="${e.key}"]`)?.click();
});
