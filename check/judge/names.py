"""Names: every symbol on an example's page stands for something, links lead to what they name, headings agree."""

from collections.abc import Callable, Iterator
from string import digits
from urllib.parse import urlsplit

from ..arithmetic.tree import Node, Partial, Sym, children
from ..read.html import Formula, Page
from ..truth.keys import index_in
from .report import Report
from .site import joined


def check_names(page: Page, example, reading: Callable, defined_at: Callable, report: Report) -> None:
    for formula in page.formulas:
        for symbol in dict.fromkeys(s for node in reading(formula).nodes for s in symbols(node)):
            numbered = any(c in digits for c in str(symbol))
            if not page.quotes and numbered and not _known(symbol, example):
                report.fail("symbol", page.path, formula.where, symbol, "", "stands for nothing in this example")
    for link, formula in page.named_links:
        _check_link(page, link, formula, example, reading, defined_at, report)


def symbols(node: Node) -> Iterator[Sym]:
    """The symbols in a node, also those inside derivatives."""
    if isinstance(node, Sym):
        yield node
    inside = (node.top, node.bottom) if isinstance(node, Partial) else children(node)
    for child in inside:
        yield from symbols(child)


def _known(symbol: Sym, example) -> bool:
    """Whether it is bound; a letter for an index, as in E_{ij}, asks for the whole matrix."""
    general = not any(c.isdigit() for c in index_in(symbol))
    known = example.symbols.lookup(symbol) or (general and example.symbols.wholes(symbol))
    return bool(known) or symbol in example.symbols.elided


def _check_link(page: Page, link: str, formula: Formula, example, reading, defined_at, report: Report) -> None:
    """A linked symbol is the one that is defined where the link leads."""
    parts = urlsplit(link)
    path = joined(page.path, parts.path) if parts.path else page.path
    named = list(reading(formula).nodes)
    defined = defined_at(path, parts.fragment)
    if len(named) != 1 or not isinstance(named[0], Sym | Partial) or not defined:
        return
    line = defined_at(path, parts.fragment, display=True) if page.quotes else []
    if not any(_same(named[0], node, example) for node in (defined[0], *line)):
        report.fail("link", page.path, formula.where, named[0], defined[0], f"is not what is defined at {link}")


def _same(named: Node, defined: Node, example) -> bool:
    """The symbol itself, its derivative, or one of its entries; a symbol that is not known cannot be judged."""
    if named == defined or (isinstance(named, Partial) and named.bottom == defined):
        return True
    found = example.steps_of(named)
    return not found or bool(found & example.steps_in(defined))


def check_headings(page: Page, report: Report) -> None:
    """The title of the page and the contents beside it say what its headings say."""
    named = page.headings and page.name.count("/")  # the first page of a book bears the book's name
    if named and not page.title.startswith(page.headings[0]):
        report.fail("heading", page.path, "", page.headings[0], page.title, "is not the title of the page")
    for told in page.contents:
        if told not in page.headings:
            report.fail("heading", page.path, "", told, "", "is in the contents, but is no heading of the page")
