"use strict";
// Light or dark: as the system has it, or as the reader chose. Runs before the page is drawn.

const theme = (() => {
  const choices = ["auto", "light", "dark"];
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const listeners = [];
  let choice = "auto";
  try {
    choice = localStorage.getItem("bitsweep-theme") ?? choice;
  } catch { /* a browser may keep nothing for files */ }
  if (!choices.includes(choice)) choice = "auto";

  function show(dark) {
    root.dataset.theme = dark ? "dark" : "light";
    for (const listener of listeners) listener();
  }
  const isDark = () => choice === "dark" || (choice === "auto" && system.matches);

  show(isDark());
  system.addEventListener("change", () => show(isDark()));
  addEventListener("beforeprint", () => show(false));
  addEventListener("afterprint", () => show(isDark()));
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const tell = () => { button.textContent = {auto: "Theme: auto", light: "Theme: light", dark: "Theme: dark"}[choice]; };
    tell();
    button.addEventListener("click", () => {
      choice = choices[(choices.indexOf(choice) + 1) % choices.length];
      try {
        localStorage.setItem("bitsweep-theme", choice);
      } catch { /* then it holds for this page */ }
      tell();
      show(isDark());
    });
  });
  return {onChange: (listener) => listeners.push(listener)};
})();
