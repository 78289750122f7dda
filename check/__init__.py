"""The checker: reads the built book as a stranger would, and redoes it.

It shares no code with what writes the book: it reads HTML files and the public JSON form of traces, and has its own
grammar of mathematics, its own arithmetic and its own meaning for every operation.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from .book import Book
from .read import read_pages
from .report import Failure, Report
from .site import Site

__all__ = ["Book", "Failure", "Report", "Site", "read_pages", "run"]

ENGINE = Path(__file__).resolve().parent.parent / "engine"


def run(html: Path, traces: Mapping[str, str], langs: Iterable[str], engine: Path = ENGINE) -> Report:
    """Check the site in the folder `html`.

    `traces` maps each example's name to its exact trace, as JSON text; `langs` are the languages that were built;
    `engine` is the folder whose source the listings must match.
    """
    pages = read_pages(html)
    book = Book(pages, dict(traces))
    report = book.check()
    report.add(Site(html, pages, tuple(langs), traces, sources(engine)).check())
    return report


def sources(folder: Path) -> str:
    """The whole source of the engine, as text."""
    return "\n".join(f.read_text("utf-8") for f in sorted(folder.rglob("*.py")))
