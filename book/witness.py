"""What the checker is given, and what the book tells of its last result."""

import hashlib
import json
import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from gradbook.engine import BookError, load, plugins, work

from .edition import shown_languages
from .files import seal, sealed, write
from .page import Worked
from .project import Project

RESULT = "check.json"
"""The last result of `build.py check`, in the output folder: for whoever wants to read it."""
OWN = "work/checked"
"""The same for the book itself, under its digest."""


def traces(paths: list[Path], changes: tuple[str, ...] = ()) -> dict[str, str]:
    """The exact traces of all examples, as JSON text: of the first update, and of the second where it is shown."""
    found = {}
    for path in paths:
        example = load(path, changes)
        worked = Worked.of(example, work(example))
        found |= {w.exact.example: w.exact.to_json() for w in (worked, worked.second) if w}
    return found


def quoted(html: Path) -> set[str]:
    """The names of the examples whose values stand on the built pages."""
    addresses = re.compile(r'data-value="([^":@]+)')
    return {name for page in html.rglob("*.html") for name in addresses.findall(page.read_text(encoding="utf-8"))}


def fingerprint(out: Path) -> str:
    """Stands for all exact values of the book: a result belongs to the book that has the same one."""
    scripts = sorted((out / "source" / "static" / "traces").glob("*.js"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in scripts)).hexdigest()[:12]


def built(out: Path, project: Project, langs: Iterable[str] | None = None) -> dict:
    """What there is to check: the site, its languages, the PDFs. Raises BookError if nothing is built."""
    html = out / "html"
    langs = shown_languages(html) if langs is None else list(langs)
    if not langs:
        raise BookError(f"{html}: there is no built book; build it first.")
    readable = find_spec("pymupdf") is not None
    pdfs = [(lang, path) for lang in langs if (path := out / "pdf" / project.pdf_name(lang)).is_file() and readable]
    return {"html": html, "langs": langs, "pdfs": pdfs, "plugins": plugins.roots()[1:]}


def keep(out: Path, report: str) -> None:
    """Keep a report (JSON text) with the fingerprint of the book that it speaks of."""
    told = json.dumps(json.loads(report) | {"fingerprint": fingerprint(out)}, indent=1, ensure_ascii=False)
    seal(out / OWN, told)
    write(out / RESULT, f"{told}\n")


def last(out: Path) -> dict | None:
    """The last result, with `current` telling whether it speaks of this book; None if there is none."""
    if not (text := sealed(out / OWN)):
        return None
    write(out / RESULT, f"{text}\n")
    told = json.loads(text)
    return told | {"current": told.get("fingerprint") == fingerprint(out)}
