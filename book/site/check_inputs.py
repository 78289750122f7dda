"""What the checker is given, and what the book tells of its last result."""

import hashlib
import json
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from gradbook.book.formula.address import examples_on
from gradbook.engine import BookError, plugins

from ..base.files import seal, sealed, write
from ..project import Project
from .publish import shown_languages

RESULT = "check.json"
"""The last result of `build.py check`, in the output folder: for whoever wants to read it."""
OWN = "work/checked"
"""The same for the book itself, under its digest."""


def quoted(html: Path) -> set[str]:
    """The names of the examples whose values stand on the built pages."""
    return {name for page in html.rglob("*.html") for name in examples_on(page.read_text(encoding="utf-8"))}


def fingerprint(out: Path) -> str:
    """Stands for all exact values of the book: a result belongs to the book that has the same one."""
    scripts = sorted((out / "source" / "static" / "traces").glob("*.js"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in scripts)).hexdigest()[:12]


def built(out: Path, project: Project, langs: Iterable[str] | None = None) -> dict:
    """What there is to check: the site, its languages, the PDFs that can be read. Raises BookError if nothing is."""
    html = out / "html"
    langs = shown_languages(html) if langs is None else list(langs)
    if not langs:
        raise BookError(f"{html}: there is no built book; build it first.")
    pdfs = [(lang, path) for lang, path in _pdfs(out, project, langs) if _is_of(out, lang, path)]
    return {"html": html, "langs": langs, "pdfs": pdfs if _readable() else [], "plugins": plugins.roots()[1:]}


def skipped(out: Path, project: Project, langs: Iterable[str] | None = None) -> list[str]:
    """What is not checked, and why: a sentence each."""
    langs = shown_languages(out / "html") if langs is None else list(langs)
    pdfs = dict(_pdfs(out, project, langs))
    missing = [lang for lang in langs if lang not in pdfs]
    told = [f"No PDF is built in {', '.join(missing)}: none was checked there."] if missing else []
    if pdfs and not _readable():
        names = " and ".join(path.name for path in pdfs.values())
        return [*told, f"Not checked: {names}, because PyMuPDF is not installed (pip install pymupdf)."]
    others = [path.name for lang, path in pdfs.items() if not _is_of(out, lang, path)]
    return [*told, *(f"Not checked: {name}, which is of another edition; build it again." for name in others)]


def _pdfs(out: Path, project: Project, langs: Iterable[str]) -> list[tuple[str, Path]]:
    return [(lang, path) for lang in langs if (path := out / "pdf" / project.pdf_name(lang)).is_file()]


def keep_pdf(out: Path, lang: str, pdf: Path) -> None:
    """Remember which edition a PDF is of."""
    seal(out / "work" / "pdf" / f"{pdf.name}.edition", _edition(out, lang))


def _is_of(out: Path, lang: str, pdf: Path) -> bool:
    """Whether a PDF was made of the pages that lie in the source folder now."""
    return sealed(out / "work" / "pdf" / f"{pdf.name}.edition") == _edition(out, lang)


def _edition(out: Path, lang: str) -> str:
    """Stands for the pages in a language, but for the one that tells of the last check."""
    folder = out / "source" / lang
    pages = [page for page in sorted(folder.rglob("*.md")) if page != folder / "about" / "checked.md"]
    return hashlib.sha256(b"\0".join(page.read_bytes() for page in pages)).hexdigest()


def _readable() -> bool:
    return find_spec("pymupdf") is not None


def keep(out: Path, report: str, not_checked: Iterable[str] = ()) -> None:
    """Keep a report (JSON text) with what it left out and the fingerprint of the book that it speaks of."""
    told = json.loads(report) | {"skipped": [*not_checked], "fingerprint": fingerprint(out)}
    text = json.dumps(told, indent=1, ensure_ascii=False)
    seal(out / OWN, text)
    write(out / RESULT, f"{text}\n")


def last(out: Path) -> dict | None:
    """The last result, with `current` telling whether it speaks of this book; None if there is none."""
    if not (text := sealed(out / OWN)):
        return None
    write(out / RESULT, f"{text}\n")
    told = json.loads(text)
    return told | {"current": told.get("fingerprint") == fingerprint(out)}
