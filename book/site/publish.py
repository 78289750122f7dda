"""What readers see: one whole edition of the site, replaced in a single step by the next."""

import ctypes
import filecmp
import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gradbook.engine.errors import BookError

from ..base import colours
from ..base.files import files_in, remove
from ..base.lock import lock
from ..cache.whole import is_whole
from ..i18n.words import TEMPLATES, environment, html_code, languages, native_name
from ..project import Project
from .policy import POLICY


def whole_languages(work: Path) -> list[str]:
    """The languages of which `work` holds a complete book."""
    return sorted(folder.name for folder in work.glob("*") if is_whole(folder))


def publish(
    work: Path, html: Path, project: Project | None = None, unedited: Callable[[], None] = lambda: None
) -> bool:
    """Replaces `html` by the whole languages in `work`, in one step; False, nothing written, if it is the same.

    A new edition is made beside it: hard links for the files that are the same, copies for the others. Then
    the two folders change names at once, so that a reader, and a kill at any moment, meets one whole edition.
    Where `html` is a link, all of this is done where it leads to. `unedited` may raise to keep the old edition.
    """
    with lock(work / ".lock-html"):
        html = _place_of(html)
        _recover(html)
        wanted = _edition(work, html, project)
        unedited()
        if _same(wanted, html):
            return False
        following = _beside(html, "next")
        try:
            following.mkdir()
            for name, content in wanted.items():
                _place(content, html / name, following / name)
            settle(following)
            unedited()
            _exchange(following, html)
        except Exception:
            shutil.rmtree(following, ignore_errors=True)  # a full disk gets its room back
            raise
        _clear_away(html)
        return True


def _place_of(html: Path) -> Path:
    """Where the site is: links are followed once. Raises BookError if that folder holds somebody else's files."""
    place = Path(os.path.realpath(html))
    if html.is_symlink() and place.is_dir():
        known = {path.name for path in (TEMPLATES / "site").iterdir()} | {*languages()}
        if foreign := sorted(path.name for path in place.iterdir() if path.name not in known):
            raise BookError(f"{html}: leads to {place}, which holds what is not this book's ({foreign[0]}).")
    return place


def settle(folder: Path) -> None:
    """Waits until what was written is on the disk, so that a name never gets there before its bytes."""
    with suppress(AttributeError, OSError):
        here = os.open(folder, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(here) == 0:
                return
        finally:
            os.close(here)
    if hasattr(os, "sync"):
        os.sync()


def shown_languages(html: Path) -> list[str]:
    """The languages that readers have now."""
    return sorted(page.parent.name for page in html.glob("*/index.html"))


def _edition(work: Path, html: Path, project: Project | None) -> dict[Path, Path | bytes]:
    """Every file of the site, by its name in it: where it is, or what is in it.

    A language that `work` does not hold whole stays as readers have it; one that the book has given up goes.
    """
    folders = {lang: html / lang for lang in shown_languages(html)}
    folders |= {lang: work / lang / "html" for lang in whole_languages(work)}
    if project:
        folders = {lang: folder for lang, folder in folders.items() if lang in project.languages}
    wanted: dict[Path, Path | bytes] = {}
    for lang, folder in sorted(folders.items()):
        wanted |= {Path(lang, name): folder / name for name in files_in(folder) if name.parts[0][0] != "."}
    return wanted | _front_door(sorted(folders), project)


def _front_door(langs: list[str], project: Project | None) -> dict[Path, Path | bytes]:
    """The page at the top, which opens the reader's language."""
    from jinja2 import Environment, FileSystemLoader

    folder = TEMPLATES / "site"
    templates = Environment(loader=FileSystemLoader(folder), autoescape=True, keep_trailing_newline=True)
    page = templates.get_template("index.html").render(
        languages=[_entrance(lang) for lang in langs],
        title=project.title(langs[0]) if project else "gradbook",
        policy=POLICY,
    )
    assets = {name: folder / name for name in files_in(folder) if name.suffix not in (".html", ".j2")}
    look = colours.style().encode() + assets.pop(Path("index.css")).read_bytes()
    return {Path("index.html"): page.encode(), Path("index.css"): look, **assets}


def _entrance(lang: str) -> dict[str, str]:
    """What the front page says of a language, in that language."""
    line = environment(lang).get_template("site/words.j2").module.line
    return {"code": lang, "html": html_code(lang), "name": native_name(lang), "line": line}


def _same(wanted: dict[Path, Path | bytes], html: Path) -> bool:
    equal = (_equal(what, html / name) for name, what in wanted.items())
    return set(files_in(html)) == set(wanted) and all(equal)


def _equal(content: Path | bytes, file: Path) -> bool:
    if not file.is_file():
        return False
    if isinstance(content, bytes):
        return file.read_bytes() == content
    return filecmp.cmp(content, file, shallow=False)


def _place(content: Path | bytes, old: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    if _equal(content, old):
        try:
            os.link(old, new)
        except OSError:  # a file system without hard links
            shutil.copy2(old, new)
    elif isinstance(content, bytes):
        new.write_bytes(content)
    else:
        shutil.copyfile(content, new)


def _beside(html: Path, what: str) -> Path:
    """A new name beside `html`: none that an older edition, which could not be removed, may still have."""
    return html.with_name(f".{html.name}-{what}-{time.time_ns():x}")


def _left(html: Path, what: str = "(next|last)") -> list[Path]:
    """The folders that were made beside `html`, the oldest first."""
    name = re.compile(rf"\.{re.escape(html.name)}-{what}-[0-9a-f]+")
    return sorted(p for p in html.parent.iterdir() if name.fullmatch(p.name)) if html.parent.is_dir() else []


def _recover(html: Path) -> None:
    """Clears away what a killed build left; where the two names could not change at once, completes that."""
    if not html.exists() and (last := _left(html, "last")):
        last[-1].rename(html)
    for folder in _left(html):
        shutil.rmtree(folder, ignore_errors=True)


def _exchange(new: Path, html: Path) -> None:
    """After this `html` is the new edition; the old one, if there was any, has a name beside it."""
    if html.exists() and not _swap(new, html):
        html.rename(last := _beside(html, "last"))
        try:
            new.rename(html)
        except OSError:
            last.rename(html)
            raise
    elif not html.exists():
        new.rename(html)


def _clear_away(html: Path) -> None:
    """Removes old editions; what cannot be removed is said, and does no harm."""
    kept = []
    for folder in _left(html):
        shutil.rmtree(folder, ignore_errors=True)
        try:
            remove(folder)
        except OSError as error:
            kept.append(f"{folder}: an old edition that cannot be removed ({error.strerror})")
    if kept:
        more = f", and {len(kept) - 1} more" if len(kept) > 1 else ""
        print(f"{kept[0]}{more}; the book is the new one.", file=sys.stderr, flush=True)


def _swap(one: Path, other: Path) -> bool:
    """Exchanges two names in one step, where the system can (Linux, macOS)."""
    here, exchange = -100, 2  # AT_FDCWD; RENAME_EXCHANGE on Linux, RENAME_SWAP on macOS
    names = os.fsencode(one.absolute()), os.fsencode(other.absolute())
    try:
        system = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return system.renamex_np(*names, exchange) == 0
        return system.renameat2(here, names[0], here, names[1], exchange) == 0
    except (AttributeError, OSError, TypeError):
        return False
