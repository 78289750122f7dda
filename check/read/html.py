"""Reads built HTML: what a page prints, and where; nothing is asked of the program that wrote it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lxml import etree, html

BLOCKS = ("p", "li", "td", "th", "h1", "h2", "h3", "h4", "figcaption", "summary", "dt", "dd")
UNSEEN = ("script", "style", "svg", "math", "pre", "code", "nav", "aside", "footer", "header")
NUMERAL = re.compile(r"[−-]?\d+(?:[.,]\d+)*")


@dataclass
class Formula:
    """A formula: the `n`-th of its page. `key` is all that is printed and annotated, as text."""

    n: int
    anchor: str
    tex: str
    key: str
    display: bool
    block: int
    math: etree._Element = field(repr=False)

    @property
    def where(self) -> str:
        return f"formula {self.n} (#{self.anchor})" if self.anchor else f"formula {self.n}"


@dataclass
class Cell:
    """A cell of a table: its words, its formulas, the addresses of its numbers in prose."""

    text: str
    formulas: list[Formula]


@dataclass
class Table:
    n: int
    anchor: str
    rows: list[list[Cell]]

    @property
    def where(self) -> str:
        return f"table {self.n} (#{self.anchor})"


@dataclass
class Listing:
    language: str
    text: str


@dataclass
class Value:
    """A number in prose that carries an address."""

    address: str
    text: str


class Page:
    """One built page. `path` is relative to the site: 'en/examples/seed/forward.html'."""

    def __init__(self, path: str, text: str):
        self.path, self.text = path, text
        self.lang, _, self.name = path.partition("/") if "/" in path else ("", "", path)
        parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
        self.root = html.document_fromstring(text.strip("\0 \n") or "<html></html>", parser=parser)

    @property
    def folder(self) -> str:
        """The folder of the example whose page this is; '' of any other page."""
        parts = self.name.split("/")
        return parts[1] if parts[0] == "examples" and len(parts) == 3 else ""

    @cached_property
    def body(self):
        """What is written on the page, without what stands around every page."""
        found = self.root.xpath("//article")
        return found[0] if found else self.root

    @cached_property
    def formulas(self) -> list[Formula]:
        return list(self._formulas())

    def _formulas(self) -> Iterator[Formula]:
        n, anchor, block = 0, "", 0
        for element in self.body.iter():
            block += element.tag in BLOCKS
            if element.get("id") and element.tag in ("section", "span", "div", "tr", "td"):
                anchor = element.get("id")
            if element.tag == "math":
                n += 1
                yield _formula(element, n, anchor, block)

    def formula_at(self, anchor: str, display: bool = False) -> Formula | None:
        """The first formula, or the first one on a line of its own, at or after an anchor."""
        return self._by_element.get(self._next_math.get(anchor, (None, None))[display])

    @cached_property
    def _next_math(self) -> dict:
        """For every anchor the next formula behind it, and the next one on a line of its own."""
        found, inline, lines = {}, None, None
        for element in reversed(list(self.root.iter())):
            if element.tag == "math":
                inline = element
                lines = element if element.get("display") == "block" else lines
            if element.get("id"):
                found[element.get("id")] = inline, lines
        return found

    @cached_property
    def named_links(self) -> list[tuple[str, Formula]]:
        """Links whose words are one formula: (target, formula)."""
        links = [(e.get("href"), e.xpath(".//math")) for e in self.body.iter("a") if e.get("href")]
        return [(href, self._by_element[m[0]]) for href, m in links if len(m) == 1]

    @cached_property
    def headings(self) -> list[str]:
        return [all_words(e) for e in self.body.iter("h1", "h2", "h3")]

    @cached_property
    def title(self) -> str:
        return " ".join("".join(self.root.xpath("//head/title//text()")).split())

    @cached_property
    def contents(self) -> list[str]:
        """The page's own table of contents, as it stands beside the page."""
        found = self.root.xpath("//*[contains(@class, 'toc-tree')]//a[starts-with(@href, '#')]")
        return [all_words(e) for e in found]

    @cached_property
    def _by_element(self) -> dict:
        return {f.math: f for f in self.formulas}

    @cached_property
    def tables(self) -> list[Table]:
        return [self._table(element, n) for n, element in enumerate(self.body.iter("table"), 1)]

    def _table(self, element, n: int) -> Table:
        above = element.xpath("ancestor::section[@id][1]/@id")
        rows = [[self._cell(c) for c in row if c.tag in ("td", "th")] for row in element.iter("tr")]
        return Table(n, above[0] if above else "", rows)

    def _cell(self, element) -> Cell:
        return Cell(words(element), [self._by_element[m] for m in element.iter("math")])

    @cached_property
    def quotes(self) -> bool:
        """Whether the page quotes a source, whose numbers are not the book's."""
        return bool(self.body.xpath(".//table[contains(concat(' ', @class, ' '), ' errata ')]"))

    @cached_property
    def listings(self) -> list[Listing]:
        found = self.body.xpath(".//div[starts-with(@class, 'highlight-')]")
        return [Listing(e.get("class").split()[0].removeprefix("highlight-"), e.text_content()) for e in found]

    @cached_property
    def codes(self) -> list[str]:
        """Words set as code inside sentences."""
        return [e.text_content() for e in self.body.iter("code")]

    @cached_property
    def values(self) -> list[Value]:
        return [Value(e.get("data-value"), e.text_content()) for e in self.body.xpath(".//span[@data-value]")]

    @cached_property
    def addresses(self) -> list[tuple[str, str]]:
        """Every addressed number outside prose: (address, what is printed)."""
        inside = (e for math in self.body.iter("math") for e in math.iterdescendants())
        found = (e for e in inside if e.get("data-value") is not None)  # XPath would merge sets, formula by formula
        return [(e.get("data-value"), number_text("".join(e.itertext()))) for e in found]

    @cached_property
    def traces(self) -> Counter:
        """How many of the addressed numbers are from each trace: 'adam', 'adam@2'."""
        return Counter(address.partition(":")[0] for address, _ in self.addresses)

    @cached_property
    def ids(self) -> list[str]:
        return self.root.xpath("//@id")

    @cached_property
    def links(self) -> list[str]:
        return [link for e in self.root.iter("a") if (link := e.get("href") or e.get("xlink:href")) is not None]

    @cached_property
    def leads(self) -> list[str]:
        """Where the links on the page lead, without those of headings to themselves."""
        links = self.body.xpath(".//a[not(contains(@class, 'headerlink'))]")
        return [link for e in links if (link := e.get("href") or e.get("xlink:href"))]

    @cached_property
    def own_links(self) -> list[tuple[str, list[str]]]:
        """The link of each heading to itself: (anchor, the anchors that the heading has)."""
        links = self.body.xpath(".//a[contains(@class, 'headerlink')]")
        return [(e.get("href", ""), e.xpath("ancestor::*[@id][1]/@id | ../preceding-sibling::*/@id")) for e in links]

    @cached_property
    def needs(self) -> list[str]:
        """Files the page loads: images, scripts, styles, fonts."""
        found = self.root.xpath("//*[not(self::a)]/@src | //link/@href | //object/@data | //image/@href")
        return [str(f) for f in found]

    @cached_property
    def drawings(self) -> list[list[str]]:
        """What is drawn as text in every figure that stands in the page as SVG."""
        return [svg_words(e) for e in self.body.xpath(".//svg")]

    @cached_property
    def prose(self) -> list[str]:
        """The words of every block, without mathematics and code, and what drawings are called."""
        blocks = [e for e in self.body.iter(*BLOCKS) if not any(c.tag in BLOCKS for c in e.iterdescendants())]
        return [words(e) for e in blocks] + [all_words(e) for e in self.body.iter("title")]

    @cached_property
    def numerals(self) -> list[str]:
        return [n for block in self.prose for n in NUMERAL.findall(block)]


def _formula(element, n: int, anchor: str, block: int) -> Formula:
    annotation = element.find(".//annotation")
    tex = annotation.text or "" if annotation is not None else ""
    tail, element.tail = element.tail, None
    key = etree.tostring(element, encoding="unicode")
    element.tail = tail
    return Formula(n, anchor, tex, key, element.get("display") == "block", block, element)


def number_text(text: str) -> str:
    """A printed number as a Python decimal literal; whatever cannot be one stays as it is."""
    text = "".join(text.split()).replace("−", "-")
    mantissa, times, power = text.partition("×")
    return f"{mantissa}e{power[2:]}" if times and power.startswith("10") else text


def words(element) -> str:
    """The words in an element, without mathematics, code and drawings."""
    found = [element.text or ""] if element.tag not in UNSEEN else []
    for child in element:
        if isinstance(child.tag, str) and child.tag not in UNSEEN and "headerlink" not in (child.get("class") or ""):
            found.append(words(child))
        found.append(child.tail or "")
    return " ".join("".join(found).split())


def all_words(element) -> str:
    """The words and formulas of a heading, without its link to itself."""
    links = element.xpath(".//a[contains(@class, 'headerlink')]//text()")
    found = [t for t in element.xpath(".//text()[not(ancestor::annotation)]") if t not in links]
    return " ".join("".join(found).split())


def svg_words(svg) -> list[str]:
    return ["".join(e.itertext()).strip() for e in svg.iter() if str(e.tag).rpartition("}")[2] == "text"]


def read_pages(folder: Path) -> dict[str, Page]:
    """Every HTML page of a built site, by its path."""
    found = sorted(path for path in folder.rglob("*.html") if path.is_file())
    return {(p := f.relative_to(folder).as_posix()): Page(p, f.read_text("utf-8", "replace")) for f in found}


def folders(pages: Iterable[Page]) -> dict[str, str]:
    """The example of each folder: what most of the numbers on its pages say where they are from, or the folder's
    own name if they say nothing. A file's name may have letters that an address has not."""
    found: dict[str, Counter] = {}
    for page in pages:
        if page.folder:
            names = found.setdefault(page.folder, Counter())
            for trace, count in page.traces.items():
                names[without_update(trace)] += count
    return {folder: max(names, key=names.get) if names else folder for folder, names in found.items()}


def without_update(trace: str) -> str:
    """The example that a trace belongs to: 'adam' of 'adam@2', its second update."""
    return trace.partition("@")[0]
