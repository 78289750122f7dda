"""The PDF against the site: every number of every formula stands in it, its links and bookmarks lead somewhere."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..read.html import Page
from .report import Report

NUMERAL = re.compile(r"\d+\.\d{2,}")
"""Decimals; whole numbers and short ones are everywhere and tell nothing."""


def check_pdf(pdf: Path, pages: Iterable[Page]) -> Report:
    """Compare one language's PDF with the pages of that language."""
    import pymupdf

    report = Report()
    try:
        with pymupdf.open(pdf) as book:
            printed = Counter(n for page in book for n in NUMERAL.findall(page.get_text()))
            _check_links(pdf.name, book, report)
    except Exception as error:  # whatever MuPDF says of a file that is damaged
        report.fail("pdf", pdf.name, "", pdf.name, "", f"cannot be read ({error})")
        return report
    for page in pages:
        _check_numbers(pdf.name, page, printed, report)
    return report


def _check_numbers(name: str, page: Page, printed: Counter, report: Report) -> None:
    for number in sorted({n for _, text in page.addresses for n in NUMERAL.findall(text)}):
        report.counts["pdf_numbers"] += 1
        if not printed[number]:
            report.fail("pdf", name, page.name, number, "", "is on this page, but nowhere in the PDF")


def _check_links(name: str, book, report: Report) -> None:
    for _, title, place, *_ in book.get_toc():
        if not 1 <= place <= len(book):
            report.fail("pdf", name, "bookmarks", title, "", "leads to no page")
    for page in book:
        for link in page.get_links():
            report.counts["pdf_links"] += 1
            if link["kind"] == 1 and not 0 <= link.get("page", -1) < len(book):
                report.fail(
                    "pdf", name, f"page {page.number + 1}", link.get("nameddest", "link"), "", "leads nowhere"
                )
