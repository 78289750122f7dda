"""Runs Sphinx in a process of its own, and tells its warnings as sentences that name the file to edit."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gradbook.engine import plugins
from gradbook.engine.errors import BookError

from ..base.files import digest, digest_of, files_in, read, remove, write
from ..base.lock import lock
from ..base.mistakes import told_in
from ..cache import shaping, whole
from ..i18n import language
from ..i18n.words import environment as words
from ..i18n.words import languages, locale_of
from ..project import WHOLE, Edition

ROOT = plugins.PACKAGE
THEME = ROOT / "book" / "site" / "theme"
EXTENSION = "gradbook.book.site.ext"
GENERATED = ("examples", "operations", "reference", "about")  # the parts of a source folder that staging leaves alone
MOST_WARNINGS = 20


@contextmanager
def sphinx(builder: str, source: Path, work: Path, lang: str, *settings: str) -> Iterator[subprocess.Popen | None]:
    """Sphinx at work from `source` into `work/<builder>`; it never outlives an interrupted build. None where it would
    make nothing new."""
    with lock(work.parent / f".lock-{work.name}") as held:
        shape = shaped_by(lang)
        if whole.is_current(work, shape, made_of(builder, source, lang, settings)):
            yield None
            return
        again = whole.begin(work, builder, shape)
        whole.check_compiled(source, locale_of(lang))
        for name in ("log", "warnings"):
            remove(work / name)
        options = ["-q", "-T", "-W", *(["-a"] if again else []), "-b", builder, "-c", THEME]
        overrides = [word for setting in (f"language={locale_of(lang)}", *settings) for word in ("-D", setting)]
        with open(work / "log", "w", encoding="utf-8") as log:
            folders = ["-d", work / "doctrees", "-w", work / "warnings", source, work / builder]
            command = [sys.executable, "-m", "sphinx", *options, *overrides, *folders]
            run = subprocess.Popen(command, stdout=log, stderr=log, env=environment(), pass_fds=held)
        try:
            yield run
        finally:
            if run.poll() is None:
                run.terminate()
                run.wait()


def environment() -> dict[str, str]:
    """The same bytes on every machine: no dates, no time zone, English messages, one order of sets."""
    fixed = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return {"SOURCE_DATE_EPOCH": "0", **os.environ, **fixed, **_way_to_us()}


def _way_to_us() -> dict[str, str]:
    """A checkout need not be installed: another process finds this one's gradbook, and no other edition of it."""
    if not plugins.IS_CHECKOUT:
        return {}
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}


def keep(builder: str, source: Path, work: Path, lang: str, *settings: str) -> None:
    """Mark what a good run with these settings left as whole: the next one goes on from it."""
    whole.keep_compiled(source, locale_of(lang))
    whole.keep(work, builder, shaped_by(lang), made_of(builder, source, lang, settings))


def made_of(builder: str, source: Path, lang: str, settings: Iterable[str]) -> str | None:
    """Stands for all that a run reads; None for a part of a book, whose chapters may quote what is elsewhere."""
    if any(setting.startswith("gradbook_spare=") for setting in settings):
        return None
    folders = (source, source.parent / "locale" / locale_of(lang), source.parent / "static")
    files = [folder / name for folder in folders for name in files_in(folder)]
    read = [f"{path.relative_to(source.parent).as_posix()} {digest_of(path)}" for path in files]
    typefaces = [f"{name} {digest_of(path)}" for name, path in _typefaces(builder)]
    return digest("\n".join([*settings, environment()["SOURCE_DATE_EPOCH"], *typefaces, *read]).encode())


def _typefaces(builder: str) -> list[tuple[str, Path]]:
    """Those that only Typst reads: a site needs none of them."""
    return language.fonts(languages()) if builder == "typst" else []


def shaped_by(lang: str) -> str:
    """Stands for what shapes every page of a language: our extension, settings, styles and words, all versions."""
    files = [name for name in files_in(THEME) if "__pycache__" not in name.parts]
    parts = [f"{name.as_posix()} {digest((THEME / name).read_bytes())}" for name in files]
    parts += [shaping.code(EXTENSION), *language.texts(lang), *_words(lang)]
    return digest("\n".join(parts).encode())


def _words(lang: str) -> list[str]:
    """What the templates say that the extension fills, in a language."""
    templates = [path.relative_to(shaping.TEMPLATES).as_posix() for path in shaping.templates(EXTENSION)]
    said = (vars(words(lang).get_template(name).module) for name in templates)
    return sorted(f"{name}: {text}" for found in said for name, text in found.items() if name[0] != "_")


def outcome(source: Path, work: Path, run: subprocess.Popen | None, edition: Edition = WHOLE) -> list[str]:
    """Waits for Sphinx, if it is at work; the sentences of its warnings.

    What the edition excuses is no mistake. A full disk also swallows warnings; that there were some, Sphinx tells by
    its exit code.
    """
    if run is None:
        return []
    run.wait()
    warned = _sentences(_read(work / "warnings"), source)
    mistakes = [sentence for sentence in warned if not edition.excuses(sentence)]
    if run.returncode and not mistakes:
        write(work / "room", bytes(1 << 16))  # raises OSError if the disk is full
        (work / "room").unlink()
    if run.returncode and not warned:
        log = _read(work / "log")
        raise told_in(log) or RuntimeError(f"Sphinx stopped ({run.returncode}): {log[-2000:]}")
    return mistakes


def refuse(mistakes: list[str]) -> None:
    """Raise BookError with these sentences, if there are any."""
    if mistakes:
        more = [f"… and {len(mistakes) - MOST_WARNINGS} more."] if len(mistakes) > MOST_WARNINGS else []
        raise BookError("\n".join([*mistakes[:MOST_WARNINGS], *more]))


_WARNING = re.compile(
    r"(?:(?P<path>[^\n]*?\.\w+)(?::(?:docstring of [^:]*:)?(?P<line>\d+))?(?::<\w+>)?(?::\d+)?: )?"
    r"(?:WARNING|ERROR|CRITICAL|SEVERE): (?P<text>.*?)(?: \[[\w.]+\])?"
)


def _sentences(warnings: str, source: Path) -> list[str]:
    """Each warning once, as `docs/how-to-read.md:12: what is wrong.`, with the path of the file to edit."""
    found: list[str] = []
    for line in filter(str.strip, warnings.splitlines()):
        match = _WARNING.fullmatch(line)
        if match:
            found.append(_sentence(match, source))
        elif found:
            found[-1] = f"{found[-1].rstrip('.')} {line.strip()}."
    return list(dict.fromkeys(found))


def _sentence(match: re.Match, source: Path) -> str:
    text = match["text"].strip().rstrip(".") + "."
    if not match["path"]:
        return text
    path = Path(match["path"])
    if path.is_relative_to(source):
        path = path.relative_to(source)
        path = path if path.parts[0] in GENERATED else Path("docs") / path
    return f"{path.as_posix()}{':' + match['line'] if match['line'] else ''}: {text}"


def _read(path: Path) -> str:
    return (read(path) or b"").decode("utf-8", "replace")
