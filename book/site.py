"""Runs Sphinx, one process per language, and tells its warnings as sentences about the author's own files."""

import filecmp
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

from engine.errors import BookError

from .edition import files_in, lock, publish, shown_languages, whole_languages
from .files import write, write_folder
from .words import locale_of

__all__ = ["build_html", "publish", "stage"]

ROOT = Path(__file__).resolve().parent.parent
GENERATED = "examples"  # the one part of a source folder that staging leaves alone
SHAPED_BY = ("sphinx", "furo", "myst-parser", "docutils", "pygments", "math-core")
CODE = ("ext/*", "inline_svg.py", "mathml.py", "values.py", "words.py")
MOST_WARNINGS = 20


def stage(docs: Path, folder: Path, lang: str) -> None:
    """Copies chapters (and a translation's catalogues) where Sphinx reads them; writes only what changed."""
    apart = ("_templates", "static", "locale", GENERATED)
    chapters = [name for name in files_in(docs) if name.parts[0] not in apart and name.name != "conf.py"]
    generated = [Path(GENERATED, name) for name in files_in(folder / GENERATED)]
    _copy(docs, folder, chapters, kept=generated)
    catalogues = Path("locale", locale_of(lang))
    found = [name for name in files_in(docs / catalogues) if name.suffix == ".po"]
    compiled = [name.with_suffix(".mo") for name in found]
    _copy(docs / catalogues, folder.parent / catalogues, found, kept=compiled)


def _copy(source: Path, target: Path, names: list[Path], kept: list[Path]) -> None:
    write_folder(target, {str(name): (source / name).read_bytes() for name in names}, map(str, kept))


# --- Sphinx -----------------------------------------------------------------------------------------------


def build_html(out: Path, langs: list[str], jobs: int = 1) -> None:
    """Builds `out/source/<lang>` into `out/work/<lang>/html`; a chapter with a mistake raises BookError."""
    _shared_assets(out / "source" / "static")
    present = sorted({*langs, *whole_languages(out / "work"), *shown_languages(out / "html")})
    with ExitStack() as stack:
        runs = []
        for lang in langs:
            runs.append(stack.enter_context(_sphinx(out, lang, present)))
            if jobs == 1:
                runs[-1].wait()
        mistakes = [line for lang, run in zip(langs, runs, strict=True) for line in _outcome(out, lang, run)]
    if mistakes:
        more = [f"… and {len(mistakes) - MOST_WARNINGS} more."] if len(mistakes) > MOST_WARNINGS else []
        raise BookError("\n".join([*mistakes[:MOST_WARNINGS], *more]))


def _shared_assets(static: Path) -> None:
    """The mathematical font and the styles that our MathML asks for."""
    from book import mathml, webfont

    webfont.make(static / "fonts")
    write(static / "math.css", mathml.CSS)


@contextmanager
def _sphinx(out: Path, lang: str, present: list[str]) -> Iterator[subprocess.Popen]:
    """Sphinx at work on one language; it never outlives an interrupted build."""
    work, trees = out / "work" / lang, out / "work" / lang / "doctrees"
    with lock(out / "work" / f".lock-{lang}") as held:
        again = _prepare(work)
        options = ["-q", *(["-a"] if again else []), "-b", "html", "-c", ROOT / "docs", "-d", trees]
        settings = [f"language={locale_of(lang)}", f"gradbook_languages={','.join(present)}"]
        overrides = [word for setting in settings for word in ("-D", setting)]
        places = [out / "source" / lang, work / "html"]
        with open(work / "log", "w", encoding="utf-8") as log:
            run = subprocess.Popen(
                [sys.executable, "-m", "sphinx", *options, *overrides, "-w", work / "warnings", *places],
                stdout=log, stderr=log, env=_environment(), pass_fds=held,
            )  # fmt: skip
        try:
            yield run
        finally:
            if run.poll() is None:
                run.terminate()
                run.wait()


def _environment() -> dict[str, str]:
    """The same bytes on every machine: no dates, no time zone, English messages, one order of sets."""
    fixed = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return {"SOURCE_DATE_EPOCH": "0", **os.environ, **fixed}


def _prepare(work: Path) -> bool:
    """Readies a language's folder; True if the last run did not end well and all pages must be written."""
    if _read(work / "machine") != machine():
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    (work / "machine").write_text(machine())
    again = not (work / "whole").exists()
    if again:
        # What a stopped run has read, it would not warn about again: go back to the last good state.
        trees, good = work / "doctrees", work / "environment.good"
        if good.exists() and trees.is_dir():
            shutil.copyfile(good, trees / "environment.pickle")
        else:
            shutil.rmtree(trees, ignore_errors=True)
    (work / "whole").unlink(missing_ok=True)
    return again


def machine() -> str:
    """Stands for what shapes every page: our code, templates and styles, the versions of what we build on."""
    rooms = ("docs/_templates", "docs/static")
    code = [p for name in CODE for p in sorted((ROOT / "book").glob(name)) if p.is_file()]
    shaping = [ROOT / "docs" / "conf.py", *code] + [
        ROOT / room / name for room in rooms for name in files_in(ROOT / room)
    ]
    parts = [p.relative_to(ROOT).as_posix().encode() + b"\0" + p.read_bytes() for p in shaping]
    versions = [f"{name} {version(name)}".encode() for name in SHAPED_BY]
    return hashlib.sha256(b"\0".join([*parts, *versions, sys.version.encode()])).hexdigest()


def _outcome(out: Path, lang: str, run: subprocess.Popen) -> list[str]:
    """Waits for Sphinx; the sentences of its warnings, or none and the language is marked whole."""
    work = out / "work" / lang
    run.wait()
    mistakes = _sentences(_read(work / "warnings"), out / "source" / lang)
    if not mistakes and run.returncode:
        raise RuntimeError(f"Sphinx stopped ({run.returncode}): {_read(work / 'log')[-2000:]}")
    if not mistakes:
        pickle, good = work / "doctrees" / "environment.pickle", work / "environment.good"
        if not good.exists() or not filecmp.cmp(pickle, good):
            shutil.copy2(pickle, good)
        (work / "whole").touch()
    return mistakes


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
        path = path if path.parts[0] == GENERATED else Path("docs") / path
    return f"{path.as_posix()}{':' + match['line'] if match['line'] else ''}: {text}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
