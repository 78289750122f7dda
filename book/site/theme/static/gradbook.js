// Every number of a step can be asked what it is: by mouse, touch or keyboard. No libraries, works from a file.
"use strict";

window.gradbook = (() => {
  const traces = {};
  const { language, ...words } = JSON.parse(document.querySelector("meta[name=gradbook-words]").content);
  const MOST = 4096; // entries shown of one array
  const OPEN_AFTER = 180, CLOSE_AFTER = 260; // ms, so that crossing a matrix with the mouse stays calm

  let card = null, asked = null, pinned = false, quiet = false, timer = 0, mates = null;

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  // --- addresses: example:step[index]... ---------------------------------------------------------------

  const parse = (address) => {
    const [, example, step, index] = address.match(/^([^:]+):([^[]+)(.*)$/) || [];
    return { example, step, index: [...(index || "").matchAll(/\d+/g)].map(Number) };
  };

  const lookup = (address) => {
    const { example, step, index } = parse(address);
    const found = traces[example]?.steps?.[step];
    return found && { ...found, step, index };
  };

  const stepOf = (element) => element.dataset.value.replace(/\[.*$/, "");

  // The number under an event, or the matrix around it if all its numbers belong to one step.
  const askable = (node) => {
    const number = node?.closest?.("[data-value]");
    if (number) return number;
    const matrix = node?.closest?.("mtable.matrix");
    const numbers = matrix ? [...matrix.querySelectorAll("[data-value]")] : [];
    const same = numbers.length && numbers.every((other) => stepOf(other) === stepOf(numbers[0]));
    return same ? matrix : null;
  };

  const addressOf = (target) =>
    target.dataset.value || stepOf(target.querySelector("[data-value]"));

  // --- the card ----------------------------------------------------------------------------------------

  const symbolOf = (found) => {
    const symbol = found.symbol || "";
    if (!symbol.startsWith("<math")) return symbol ? [make("span", {}, `${symbol} `)] : [];
    const read = new DOMParser().parseFromString(symbol, "text/html").querySelector("math");
    return read ? [document.importNode(read, true)] : [];
  };

  const rowsOf = (values, columns) => {
    const rows = [];
    for (let at = 0; at < values.length; at += columns) rows.push(values.slice(at, at + columns));
    return rows;
  };

  const tableOf = (found) => {
    const values = [found.value].flat(Infinity).slice(0, MOST);
    const columns = found.shape.at(-1) || 1;
    const place = found.index.length === found.shape.length
      ? found.index.reduce((sum, i, axis) => sum * found.shape[axis] + i, 0) : -1;
    const body = rowsOf(values, columns).map((row, r) => make("tr", {}, ...row.map((value, c) =>
      make("td", r * columns + c === place && values.length > 1 ? { class: "this" } : {}, String(value)))));
    return make("table", { "aria-label": words.exact }, make("tbody", {}, ...body));
  };

  const factsOf = (found) => {
    const shape = found.shape.length ? `${words.shape} ${found.shape.join(" × ")}` : words.scalar;
    const entry = found.index.length ? `${words.comma}${words.entry} ${found.index.map((i) => `[${i}]`).join("")}` : "";
    const hidden = found.shape.reduce((product, n) => product * n, 1) - MOST;
    return make("p", { class: "facts" }, shape + entry + (hidden > 0 ? `${words.comma}${words.more.replace("{n}", hidden)}` : ""));
  };

  const fill = (found) => {
    const meaning = found.meaning?.[language];
    const close = make("button", { type: "button", "aria-label": words.close }, "×");
    close.addEventListener("click", () => hide(true));
    const link = found.href && make("a", { href: document.documentElement.dataset.content_root + found.href }, words.derived);
    card.replaceChildren(
      make("div", { class: "name" }, ...symbolOf(found), make("code", {}, found.step)),
      ...(meaning ? [make("p", {}, meaning)] : []),
      factsOf(found), make("div", { class: "values" }, tableOf(found)), ...(link ? [link] : []), close);
    card.setAttribute("aria-label", `${found.step} ${meaning || ""}`);
  };

  const place = (target) => {
    const width = document.documentElement.clientWidth, height = card.offsetHeight + 8;
    const box = (target.closest("mtable.matrix") || target).getBoundingClientRect(); // leaves the matrix in sight
    const below = box.bottom + height < innerHeight || box.top < height;
    const left = Math.max(8, Math.min(target.getBoundingClientRect().left, width - card.offsetWidth - 8));
    card.style.left = `${left + scrollX}px`;
    card.style.top = `${(below ? box.bottom + 8 : box.top - height) + scrollY}px`;
  };

  const show = (target, pin) => {
    clearTimeout(timer);
    const found = lookup(addressOf(target));
    if (!found || (pinned && !pin)) return;
    if (!card) card = make("div", { class: "value-card", role: "dialog", tabindex: "-1" });
    if (target !== asked || !card.isConnected) {
      hide(false);
      asked = target;
      asked.classList.add("asked");
      fill(found);
      document.body.append(card);
      place(target);
    }
    pinned = pin;
  };

  const hide = (giveBack) => {
    clearTimeout(timer);
    const back = giveBack && card?.contains(document.activeElement) ? asked : null;
    asked?.classList.remove("asked");
    card?.remove();
    asked = null;
    pinned = false;
    quiet = true; // the focus goes back without asking again
    back?.focus?.();
    quiet = false;
  };

  // --- the same number elsewhere on the page ---------------------------------------------------------------

  const matesOf = (address) => {
    if (!mates) {
      mates = new Map();
      for (const element of document.querySelectorAll("[data-value]")) {
        const list = mates.get(element.dataset.value) || [];
        mates.set(element.dataset.value, [...list, element]);
      }
    }
    return mates.get(address) || [];
  };

  const highlight = (target) => {
    for (const element of document.querySelectorAll(".same")) element.classList.remove("same");
    for (const element of matesOf(target?.dataset?.value)) element.classList.add("same");
  };

  // --- mouse, touch, keyboard --------------------------------------------------------------------------------

  const later = (action, delay) => { clearTimeout(timer); timer = setTimeout(action, delay); };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    if (card?.contains(event.target)) return clearTimeout(timer);
    const target = askable(event.target);
    highlight(target);
    if (target) later(() => show(target, false), OPEN_AFTER);
    else if (asked && !pinned && asked !== document.activeElement) later(() => hide(false), CLOSE_AFTER);
    else clearTimeout(timer);
  });

  document.addEventListener("click", (event) => {
    if (card?.contains(event.target)) return;
    const target = event.target.closest?.("a, summary, button, label") ? null : askable(event.target);
    if (!target) return hide(false);
    highlight(target);
    if (pinned && target === asked) hide(false);
    else show(target, true);
  });

  // One stop of the tab key per formula, table or paragraph; arrows go from number to number in it.
  const GROUP = ".math, table, p, li, dd, figcaption, summary";
  const groupOf = (element) => element.closest(GROUP) || element.parentElement;

  const step = (from, by) => {
    const numbers = [...groupOf(from).querySelectorAll("[data-value]")];
    const to = numbers[numbers.indexOf(from) + by];
    if (!to) return;
    from.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
    to.focus();
  };

  const KEYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && card?.isConnected) return hide(true);
    const number = event.target.closest?.("[data-value]");
    if (!number || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in KEYS) step(number, KEYS[event.key]);
    else if (event.key === "Enter" || event.key === " ") { show(number, true); card?.focus(); }
    else return;
    event.preventDefault();
  });

  document.addEventListener("focusin", (event) => {
    if (quiet) return;
    const number = event.target.closest?.("[data-value]");
    if (number?.matches(":focus-visible")) { hide(false); highlight(number); show(number, false); }
    else if (card?.isConnected && !card.contains(event.target)) hide(false);
  });

  const makeFocusable = () => {
    const seen = new Set();
    for (const element of document.querySelectorAll("article [data-value]")) {
      const group = groupOf(element);
      element.setAttribute("tabindex", seen.has(group) ? "-1" : "0");
      seen.add(group);
    }
  };

  // A box that scrolls must be within reach of the keyboard.
  const reachScrollers = () => {
    for (const box of document.querySelectorAll("div.math, .table-wrapper, .drawing, .highlight pre")) {
      if (box.scrollWidth <= box.clientWidth || box.querySelector("[tabindex='0'], a")) continue;
      for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", words.wide]])
        box.setAttribute(name, value);
    }
  };

  // --- the page around it --------------------------------------------------------------------------------------

  const rememberLanguage = (event) => {
    const link = event.target.closest?.("a[data-language]");
    if (!link) return;
    try { localStorage.setItem("gradbook-language", link.dataset.language); } catch { /* not remembered, then */ }
    link.hash = location.hash; // the same place on the page, too
  };

  const openFolds = (open) => () => {
    for (const block of document.querySelectorAll(open ? "details:not([open])" : "details[data-printed]")) {
      block.open = open;
      block.toggleAttribute("data-printed", open);
    }
  };

  const label = (selector, text) => {
    for (const element of text ? document.querySelectorAll(selector) : []) element.setAttribute("aria-label", text);
  };

  // Sphinx shows a piece of each page found: words, not formulas, and nothing where files cannot be read.
  const mendSearch = () => {
    if (typeof Search === "undefined") return;
    if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
    const textOf = Search.htmlToText;
    Search.htmlToText = (text, anchor) => {
      const page = new DOMParser().parseFromString(text, "text/html");
      for (const element of page.querySelectorAll("annotation, div.math, svg, .toctree-wrapper")) element.remove();
      return textOf(page.documentElement.outerHTML, anchor);
    };
  };

  document.addEventListener("DOMContentLoaded", () => {
    mendSearch();
    makeFocusable();
    reachScrollers();
    label(".theme-toggle", words.theme);
    label("#__navigation", words.navigation);
    label("#__toc", words.contents);
  });
  addEventListener("resize", reachScrollers);
  addEventListener("beforeprint", openFolds(true));
  addEventListener("afterprint", openFolds(false));
  document.addEventListener("click", rememberLanguage);

  return { trace: (name, data) => { traces[name] = data; } };
})();
