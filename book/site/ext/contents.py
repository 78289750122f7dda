"""What the navigation lists: the contents lists of all pages as one tree, walked once in a build."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from posixpath import dirname

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging

from .internals import contents_lists, has_headings, title_as_html

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A page with the lists below it; `inner` ones are shown only on this page and those that they name."""

    name: str  # of the document, or the address of another site
    text: str
    html: str
    lists: tuple["Contents", ...] = ()
    pages: frozenset[str] = frozenset()  # this document and all below it
    inner: bool = False


@dataclass(frozen=True)
class Contents:
    """One contents list, under its caption if it has one."""

    caption: str
    entries: tuple[Entry, ...]


@cache
def contents(app: Sphinx) -> tuple[Contents, ...]:
    """The contents lists of the whole book. To be asked when all pages are read."""
    return _lists(app, app.config.root_doc, ())


def forget_contents(app: Sphinx, error: Exception | None = None) -> None:
    """The next build of this process may find others."""
    contents.cache_clear()


def _lists(app: Sphinx, name: str, above: tuple[str, ...]) -> tuple[Contents, ...]:
    found = contents_lists(app.env, name)
    lists = (Contents(node.get("caption") or "", tuple(_entries(app, node, (name, *above)))) for node in found)
    return tuple(each for each in lists if each.entries)


def _entries(app: Sphinx, node: addnodes.toctree, above: tuple[str, ...]) -> Iterator[Entry]:
    for title, name in node["entries"]:
        if name in above:
            logger.warning("the contents list names %r, which it is part of", name, location=node, type="toc")
        elif is_address(name):
            yield Entry(name, title or name, escape(title or name))
        elif name in app.env.found_docs:
            yield _entry(app, name, title, above)


def _entry(app: Sphinx, name: str, title: str | None, above: tuple[str, ...]) -> Entry:
    lists = _lists(app, name, above)
    below = [entry for each in lists for entry in each.entries]
    pages = frozenset({name}.union(*(entry.pages for entry in below)))
    inner = bool(below) and all(_is_inside(entry.name, name) for entry in below)
    return Entry(name, title or app.env.titles[name].astext(), _html(app, name, title), lists, pages, inner)


def _html(app: Sphinx, name: str, title: str | None) -> str:
    node = app.env.titles[name]
    if not has_headings(app.env, name):
        logger.warning("a contents list names this page, which has no title", location=name, type="toc")
    plain = title or all(isinstance(part, nodes.Text) for part in node)
    return escape(title or node.astext()) if plain else title_as_html(app.builder, node)


def _is_inside(name: str, of: str) -> bool:
    """The pages in the folder of the page that lists them, as an example's, matter to no other page."""
    return dirname(name) == dirname(of) != ""


def is_address(name: str) -> bool:
    return "://" in name
