// Light, dark or automatic, before the page is drawn; the theme's own button changes it.
(() => {
  let theme = null;
  try { theme = localStorage.getItem("theme"); } catch { /* storage may be forbidden */ }
  document.body.dataset.theme = ["light", "dark"].includes(theme) ? theme : "auto";
})();
