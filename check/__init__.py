"""The checker: reads the built book as a stranger would, and redoes it.

It shares no code with what writes the book: it reads HTML files and the public JSON form of traces, and has its own
grammar of mathematics, its own arithmetic and its own meaning for every operation.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from .judge.book import Book
from .judge.parts import each
from .judge.pdf import check_pdf
from .judge.report import Failure, Report
from .judge.site import Site
from .plugins import PluginError, adopt, adopted
from .read.html import Page, read_pages

__all__ = ["Checker", "Failure", "Page", "PluginError", "Report", "run"]

ENGINE = Path(__file__).resolve().parent.parent / "engine"


def run(
    html: Path,
    traces: Mapping[str, str],
    langs: Iterable[str],
    engine: Path = ENGINE,
    pdfs: Iterable[tuple[str, Path]] = (),
    quoted: Iterable[str] = (),
    plugins: Iterable[Path] = (),
    jobs: int = 1,
) -> Report:
    """Check the site in the folder `html`, and the PDFs if there are any.

    `traces` maps each example's name to its exact trace, as JSON text; `langs` are the languages that were built;
    `engine` is the folder whose source the listings must match; `pdfs` are (language, file). The examples `quoted`
    have no pages: chapters quote values of them. `plugins` are the folders of plug-ins, beside those that are
    installed; `jobs` processes at most are at work at once. Raises PluginError if one of them is wrong.
    """
    return Checker(html, traces, langs, engine, quoted, plugins).run(jobs, pdfs)


class Checker:
    """A site that was read once. `run` judges it whole; `recheck` judges one page in the place of another."""

    def __init__(
        self,
        html: Path,
        traces: Mapping[str, str],
        langs: Iterable[str],
        engine: Path = ENGINE,
        quoted: Iterable[str] = (),
        plugins: Iterable[Path] = (),
    ):
        adopt(plugins)
        folders = [engine, *(folder / "engine" for folder in adopted())]
        self.pages = read_pages(html)
        self.book = Book(self.pages, dict(traces))
        self.site = Site(html, self.pages, tuple(langs), traces, "\n".join(map(sources, folders)), quoted)

    def run(self, jobs: int = 1, pdfs: Iterable[tuple[str, Path]] = ()) -> Report:
        report = Report()
        papers = [partial(check_pdf, pdf, [p for p in self.pages.values() if p.lang == lang]) for lang, pdf in pdfs]
        for part in each([*papers, self.site.check, *self.book.parts()], jobs):
            report.add(part)
        return report

    def recheck(self, page: Page, twins: bool = True) -> Report:
        """What would be found on `page` if it stood at its path; `twins` compares it with other languages too."""
        report = self.book.recheck(page)
        report.add(self.site.check_page(page))
        if twins and page.lang in self.site.langs:
            report.add(self.site.check_twins(page.name, page))
        return report


def sources(folder: Path) -> str:
    """The whole source of the engine, as text."""
    return "\n".join(f.read_text("utf-8") for f in sorted(folder.rglob("*.py")))
