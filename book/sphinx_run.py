"""Runs Sphinx in a process of its own, and tells its warnings as sentences that name the file to edit."""

import filecmp
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from engine.errors import BookError

from .edition import files_in, lock
from .words import locale_of

ROOT = Path(__file__).resolve().parent.parent
GENERATED = "examples"  # the one part of a source folder that staging leaves alone
SHAPED_BY = ("sphinx", "furo", "myst-parser", "docutils", "pygments", "math-core", "typst")
CODE = ("ext/*", "inline_svg.py", "mathml.py", "typst*.py", "look.typ", "values.py", "words.py")
MOST_WARNINGS = 20


@contextmanager
def sphinx(builder: str, source: Path, work: Path, lang: str, *settings: str) -> Iterator[subprocess.Popen]:
    """Sphinx at work from `source` into `work/<builder>`; it never outlives an interrupted build."""
    with lock(work.parent / f".lock-{work.name}") as held:
        again = _prepare(work)
        options = ["-q", *(["-a"] if again else []), "-b", builder, "-c", ROOT / "docs", "-d", work / "doctrees"]
        overrides = [word for setting in (f"language={locale_of(lang)}", *settings) for word in ("-D", setting)]
        with open(work / "log", "w", encoding="utf-8") as log:
            words = [*options, *overrides, "-w", work / "warnings", source, work / builder]
            run = subprocess.Popen(
                [sys.executable, "-m", "sphinx", *words], stdout=log, stderr=log, env=environment(), pass_fds=held
            )
        try:
            yield run
        finally:
            if run.poll() is None:
                run.terminate()
                run.wait()


def environment() -> dict[str, str]:
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


def outcome(source: Path, work: Path, run: subprocess.Popen) -> list[str]:
    """Waits for Sphinx; the sentences of its warnings, or none and `work` is marked whole."""
    run.wait()
    mistakes = _sentences(_read(work / "warnings"), source)
    if not mistakes and run.returncode:
        raise RuntimeError(f"Sphinx stopped ({run.returncode}): {_read(work / 'log')[-2000:]}")
    if not mistakes:
        pickle, good = work / "doctrees" / "environment.pickle", work / "environment.good"
        if not good.exists() or not filecmp.cmp(pickle, good):
            shutil.copy2(pickle, good)
        (work / "whole").touch()
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
        path = path if path.parts[0] == GENERATED else Path("docs") / path
    return f"{path.as_posix()}{':' + match['line'] if match['line'] else ''}: {text}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
