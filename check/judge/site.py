"""The site as files: links and anchors, what pages load, the two languages, listings, nothing missing or stale."""

import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..read.html import Page, folders
from .languages import compare, cut
from .report import Report

LOADS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']""")
NAMED = re.compile(r"""[\w./-]+\.(?:js|css|woff2?|png|svg|json|inv|txt|map|LICENSE\.txt|ico)""")
LONG = re.compile(r"(?<![\w.])-?\d+\.\d{6,}(?:e-?\d+)?(?![\w.])")
"""A number that can only come from a computation."""
TOOLS = {"search.html", "genindex.html", "searchindex.js", "objects.inv", "404.html", "py-modindex.html"}
"""What a site builder writes for search and for other books, beside the pages."""
THEME = {"basic.css", "skeleton.css", "debug.css", "file.png", "minus.png", "plus.png", "furo-extensions.js",
         "base-stemmer.js", "english-stemmer.js", "language_data.js", "translations.js"}  # fmt: skip
"""What Sphinx and its theme bring along under _static, needed or not."""


class Site:
    """The files of a site and its pages, by path. `traces` belong to the examples
    that should be there, and to those `quoted` elsewhere."""

    def __init__(self, folder: Path, pages: dict[str, Page], langs: tuple[str, ...], traces, sources: str, quoted=()):
        self.folder, self.pages, self.langs = folder, pages, langs
        self.folders = folders(pages.values())
        # a second update stands among its first's pages; what chapters only quote has none
        self.examples = {name.partition("@")[0] for name in traces} - set(quoted)
        self.values = {v for text in traces.values() for step in json.loads(text)["steps"] for v in step["value"]}
        self.sources = sources
        self.files = {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}
        self.ids = {path: set(page.ids) for path, page in pages.items()}

    def check(self) -> Report:
        report = Report()
        for page in self.pages.values():
            report.add(self.check_page(page))
        self._check_reached(report)
        self._check_files(report)
        self._check_examples(report)
        for name in sorted({page.name for page in self.pages.values() if page.lang in self.langs}):
            report.add(self.check_twins(name))
        return report

    def check_page(self, page: Page) -> Report:
        """Links, files and listings of one page."""
        report = Report()
        for link in page.links:
            self._check_link(page, link, report)
        for link in page.needs:
            if (target := self._target(page, link)) and target[0] not in self.files:
                report.fail("file", page.path, "", link, "", "is loaded, but is not there")
        self._check_ids(page, report)
        self._check_listings(page, report)
        return report

    # Links

    def _target(self, page: Page, link: str) -> tuple[str, str] | None:
        """(file, anchor) of a link inside the site; None for a link that leaves it."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            return None
        path = joined(page.path, unquote(parts.path)) if parts.path else page.path
        return (path + "index.html" if path == "" or path.endswith("/") else path), unquote(parts.fragment)

    def _check_link(self, page: Page, link: str, report: Report) -> None:
        target = self._target(page, link)
        if target is None:
            return
        report.counts["links"] += 1
        path, anchor = target
        ids = set(page.ids) if path == page.path else self.ids.get(path, set())
        if path not in self.files:
            report.fail("link", page.path, "", link, "", "leads to a page that is not there")
        elif anchor and path.endswith(".html") and anchor not in ids:
            report.fail("link", page.path, "", link, "", "leads to an anchor that is not there")

    def _check_ids(self, page: Page, report: Report) -> None:
        for name, n in Counter(page.ids).items():
            if n > 1:
                report.fail("link", page.path, "", name, "", f"is the id of {n} elements")
        for link, names in page.own_links:
            if link.removeprefix("#") not in names:
                report.fail("link", page.path, "", link, names[:1], "is the link of a heading, but not to itself")
        missing = self.ids.get(page.path, set()) - set(page.ids)
        for name in sorted(missing):
            report.fail("link", page.path, "", name, "", "was an anchor of this page and is gone")

    # Listings

    def _check_listings(self, page: Page, report: Report) -> None:
        """Python on an example's page and in the catalogue of operations is the engine's own, where an entry may lack
        its end; JSON with long numbers is an excerpt of a trace."""
        for listing in page.listings:
            if listing.language == "json":
                self._check_excerpt(page, listing.text, report)
            if listing.language == "python" and page.name.startswith(("examples/", "operations/")):
                report.counts["listings"] += 1
                text = listing.text.strip()
                if text not in self.sources and text.removesuffix(")") + "," not in self.sources:
                    report.fail("listing", page.path, "", cut(text), "", "is not in the engine's source")

    def _check_excerpt(self, page: Page, text: str, report: Report) -> None:
        for number in LONG.findall(text):
            if float(number) not in self.values:
                report.fail("listing", page.path, "", number, "", "is in a listing of JSON, but in no trace")

    # Languages

    def check_twins(self, name: str, instead: Page | None = None) -> Report:
        """The page `name` in every language: the same formulas, addresses and listings in the same order."""
        report = Report()
        pages = {lang: self.pages.get(f"{lang}/{name}") for lang in self.langs}
        if instead is not None:
            pages[instead.lang] = instead
        missing = [lang for lang, page in pages.items() if page is None]
        for lang in missing:
            report.fail("language", f"{lang}/{name}", "", name, "", "is missing in this language")
        if len(self.langs) > 1 and not missing:
            first, *others = (pages[lang] for lang in self.langs)
            for other in others:
                compare(first, other, report)
        return report

    # Files

    def _check_reached(self, report: Report) -> None:
        """Every page can be reached from the entrance by links."""
        entrances = ["index.html", *(f"{lang}/index.html" for lang in self.langs)]
        reached, waiting = set(), list(entrances)
        for path in entrances:
            if not any(self.pages[path].root.itertext() if path in self.pages else ()):
                report.fail("file", path, "", path, "", "is an entrance that is not there, or empty")
        while waiting:
            path = waiting.pop()
            if path in reached or path not in self.pages:
                continue
            reached.add(path)
            found = (self._target(self.pages[path], link) for link in self.pages[path].links)
            waiting += [target[0] for target in found if target]
        for path in sorted(set(self.pages) - reached):
            if path.rpartition("/")[2] not in TOOLS:
                report.fail("file", path, "", path, "", "is a page that no page leads to")

    def _check_files(self, report: Report) -> None:
        """Every other file is named by a page, a style sheet or a script."""
        report.counts["files"] += len(self.files)
        named = {t[0] for p in self.pages.values() for link in (*p.needs, *p.links) if (t := self._target(p, link))}
        words = set()
        for path in self.files:
            if path.endswith((".css", ".js", ".html", ".svg")):
                text = (self.folder / path).read_text("utf-8", errors="replace")
                named |= {joined(path, a or b) for a, b in LOADS.findall(text)}
                words |= {w.rpartition("/")[2] for w in NAMED.findall(text)}
        for path in sorted(self.files - named - set(self.pages)):
            last = path.rpartition("/")[2]
            if last not in words and last not in TOOLS | THEME and not self._belongs(path):
                report.fail("file", path, "", path, "", "is a file that nothing in the site names")

    def _belongs(self, path: str) -> bool:
        """Licences and source maps belong to the file that they are named after."""
        whole = path.removesuffix(".LICENSE.txt").removesuffix(".LICENSE").removesuffix(".map").removesuffix(".txt")
        return whole != path and any(f != path and f.startswith(whole) for f in self.files)

    def _check_examples(self, report: Report) -> None:
        """The examples of the site are those that were built, no more and no fewer."""
        for lang in self.langs:
            own = {page.folder for page in self.pages.values() if page.lang == lang and page.folder}
            self._same_set({self.folders[folder] for folder in own}, lang, report)
            index = f"{lang}/searchindex.js"
            if index in self.files:
                self._check_index(lang, (self.folder / index).read_text("utf-8", "replace"), report)

    def _same_set(self, found: set[str], lang: str, report: Report) -> None:
        for name in sorted(found - self.examples):
            report.fail("file", f"{lang}/examples/{name}", "", name, "", "is an example that has no trace: stale")
        for name in sorted(self.examples - found):
            report.fail("file", f"{lang}/examples/{name}", "", name, "", "is an example without pages")

    def _check_index(self, lang: str, text: str, report: Report) -> None:
        """The search knows every page and no other."""
        found = re.search(r'"?docnames"?:\[(.*?)\]', text)
        names = re.findall(r'"([^"]*)"', found[1]) if found else ()
        known = {f"{lang}/{name}.html" for name in names}
        built = {p for p in self.pages if p.startswith(f"{lang}/") and p.rpartition("/")[2] not in TOOLS}
        for path in sorted(known ^ built):
            why = "is known to the search, but is no page" if path in known else "is not known to the search"
            report.fail("file", path, "", path, "", why)


def joined(base: str, path: str) -> str:
    """A path seen from a file, both inside the site."""
    parts = [] if path.startswith("/") else base.split("/")[:-1]
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
