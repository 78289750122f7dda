// Before the page is drawn: light, dark or automatic, which the theme's own button changes; and the mathematical face
// is asked for, so that it is there for the first formula and not a frame later.
(() => {
  let theme = null;
  try { theme = localStorage.getItem("theme"); } catch { /* storage may be forbidden */ }
  document.body.dataset.theme = ["light", "dark"].includes(theme) ? theme : "auto";
  document.fonts.load('1em "STIX Two Math"').catch(() => { /* a host's policy may forbid it */ });
})();
