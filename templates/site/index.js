// Opens the book in the reader's language: the one chosen before, else the first one the browser asks for.
// Without this script, or with #choose in the address, the page offers both.
(() => {
  const offered = [...document.querySelectorAll('link[rel="alternate"]')].map((link) => link.hreflang.slice(0, 2));
  const remembered = () => {
    try { return localStorage.getItem("gradbook-language"); } catch { return null; }
  };
  const asked = (navigator.languages || []).map((language) => language.slice(0, 2).toLowerCase());
  const choice = [remembered(), ...asked, ...offered].find((language) => offered.includes(language));
  if (choice && location.hash !== "#choose") location.replace(`${choice}/index.html`);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-language]");
    if (!link) return;
    try { localStorage.setItem("gradbook-language", link.dataset.language); } catch { /* not remembered, then */ }
  });
})();
