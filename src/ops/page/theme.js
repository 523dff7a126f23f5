// Before the first paint, so that a remembered theme does not flash in the other one's colours. No module, because those run later.
"use strict";
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("spheregate-theme");
  } catch {
    // Storage may be forbidden; then the system's theme is right.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
