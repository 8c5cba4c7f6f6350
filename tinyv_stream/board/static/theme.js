"use strict";
// Light or dark: the system's choice until somebody makes another.
const root = document.documentElement;

function theme() {
  return localStorage.getItem("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

function colour(name) {
  return getComputedStyle(root).getPropertyValue("--" + name).trim();
}

root.dataset.theme = theme();
addEventListener("DOMContentLoaded", () => {
  document.getElementById("theme")?.addEventListener("click", () => {
    localStorage.setItem("theme", theme() === "dark" ? "light" : "dark");
    root.dataset.theme = theme();
    dispatchEvent(new Event("theme"));
  });
});
