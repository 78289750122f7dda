"""What the checker is given, and what the book tells of its last result."""

import hashlib
import json
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from gradbook.engine import BookError, load, work

from .edition import shown_languages
from .files import write
from .page import Worked

RESULT = "check.json"
"""The last result of `build.py check`, in the output folder."""


def traces(paths: list[Path], changes: tuple[str, ...] = ()) -> dict[str, str]:
    """The exact traces of all examples, as JSON text: of the first update, and of the second where it is shown."""
    found = {}
    for path in paths:
        example = load(path, changes)
        worked = Worked.of(example, work(example))
        found |= {w.exact.example: w.exact.to_json() for w in (worked, worked.second) if w}
    return found


def fingerprint(out: Path) -> str:
    """Stands for all exact values of the book: a result belongs to the book that has the same one."""
    scripts = sorted((out / "source" / "static" / "traces").glob("*.js"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in scripts)).hexdigest()[:12]


def built(out: Path) -> dict:
    """What there is to check: the site, its languages, the PDFs that can be read. Raises BookError if nothing is."""
    html = out / "html"
    langs = shown_languages(html)
    if not langs:
        raise BookError(f"{html}: there is no built book; run build.py first.")
    return {"html": html, "langs": langs, "pdfs": _pdfs(out, langs) if _readable() else []}


def skipped(out: Path) -> list[str]:
    """What is not checked, and why: a sentence each."""
    langs = shown_languages(out / "html")
    pdfs = dict(_pdfs(out, langs))
    missing = [lang for lang in langs if lang not in pdfs]
    told = [f"No PDF is built in {', '.join(missing)}: none was checked there."] if missing else []
    if pdfs and not _readable():
        names = " and ".join(path.name for path in pdfs.values())
        told.append(f"Not checked: {names}, because PyMuPDF is not installed (pip install pymupdf).")
    return told


def _pdfs(out: Path, langs: Iterable[str]) -> list[tuple[str, Path]]:
    return [(lang, path) for lang in langs if (path := out / "pdf" / f"gradbook-{lang}.pdf").is_file()]


def _readable() -> bool:
    return find_spec("pymupdf") is not None


def keep(out: Path, report: str) -> None:
    """Keep a report (JSON text) with what it left out and the fingerprint of the book that it speaks of."""
    told = json.loads(report) | {"skipped": skipped(out), "fingerprint": fingerprint(out)}
    write(out / RESULT, json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def last(out: Path) -> dict | None:
    """The last result, with `current` telling whether it speaks of this book; None if there is none."""
    path = out / RESULT
    if not path.is_file():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    return told | {"current": told.get("fingerprint") == fingerprint(out)}
